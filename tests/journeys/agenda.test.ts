import { beforeAll, beforeEach, expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { addDays, dayOf } from '#src/platform/i18n/dates.ts';
import { seeAccessible, seeLook } from './axe.ts';
import { dialog, seeToast } from './board.ts';
import { by, makeDeal, makePeople } from './company.ts';
import { NOON, openOffice } from './desk.ts';

const office = await openOffice();
const { db, pool } = office.database;
const TODAY = dayOf(NOON, 'Europe/Moscow');
let deal: number;

const plan = async (summary: string, day: string) =>
	await planInteraction(db, await by(db, 'anna'), deal, {
		...{ kindId: 1, summary, plan: { plannedOn: day } },
	});
const row = async (id: number) =>
	(await pool.query('select * from interactions where id = $1', [id])).rows[0];

beforeAll(async () => {
	await makePeople(db);
	deal = await makeDeal(db, 'anna', { title: 'Касса', client: 'ООО «Ромашка»' });
});
beforeEach(async () => {
	await pool.query(`update interactions set status = 'cancelled' where status = 'planned'`);
});

test('with the keyboard alone: arrows walk, D finishes, P puts off, the focus stays in the list', async () => {
	const first = await plan('Первое', TODAY);
	const second = await plan('Второе', TODAY);
	const page = await office.sit('anna');
	await page.goto('/agenda');
	const line = async () => {
		const [held] = await page.locator('.todo:has(:focus)').all();
		return await held?.getAttribute('id');
	};
	await expect
		.poll(async () => {
			// From nowhere it leads to the first line, and from there nowhere: pressed until the script listens.
			await page.keyboard.press('ArrowUp');
			return await line();
		})
		.toBe(`step-${first}`);
	await page.keyboard.press('ArrowDown');
	await expect.poll(line).toBe(`step-${second}`);
	await page.keyboard.press('ArrowUp');
	await page.keyboard.press('d');
	await dialog(page).getByLabel('Результат').fill('Договорились');
	await dialog(page).getByRole('button', { name: 'Сделано' }).press('Enter');
	await seeToast(page, 'Сделано: Первое');
	await expect.poll(async () => (await row(first)).status).toBe('done');
	await expect.poll(() => page.locator(`#step-${first}`).count()).toBe(0);
	await page.locator(`#step-${second} h3 a`).focus();
	await page.keyboard.press('p');
	await dialog(page)
		.getByRole('button', { name: /Завтра/i })
		.press('Enter');
	await seeToast(page, ': Второе');
	await expect.poll(async () => (await row(second)).planned_on).toBe(addDays(TODAY, 1));
	await page.locator(`.tomorrow #step-${second}`).waitFor();
});

test('without JavaScript: narrowed, finished with the next step, back in the list', async () => {
	const id = await plan('Без скриптов', TODAY);
	await plan('Другое', TODAY);
	const page = await office.sit('anna', { javaScriptEnabled: false });
	await page.goto('/agenda?q=скриптов');
	await expect.poll(() => page.locator('.todo').count()).toBe(1);
	await page.getByRole('link', { name: 'Сделано: Без скриптов' }).click();
	await page.getByLabel('Результат').fill('Готово');
	await page.getByRole('button', { name: 'Сделано' }).click();
	await expect.poll(async () => (await row(id)).outcome).toBe('Готово');
	await expect.poll(() => page.getByRole('status').textContent()).toContain('Сделано');
});

test('the list, the team and the sheet are free of faults for axe, light and dark, wide and narrow', async () => {
	await plan('Сегодняшнее', TODAY);
	await plan('Просроченное', addDays(TODAY, -3));
	const page = await office.sit('vera');
	const owner = (await pool.query(`select id from people where login = 'anna'`)).rows[0].id;
	for (const colorScheme of ['light', 'dark'] as const) {
		await page.emulateMedia({ colorScheme });
		for (const url of [
			`/agenda?owner=${owner}`,
			'/agenda?owner=team',
			`/agenda/print?owner=${owner}`,
		]) {
			await page.goto(url);
			await (colorScheme === 'light' ? seeAccessible : seeLook)(page, `${url}, ${colorScheme}`);
		}
	}
	await page.setViewportSize({ width: 390, height: 844 });
	await page.goto(`/agenda?owner=${owner}`);
	await seeAccessible(page, 'narrow');
	const admin = await office.sit('ada');
	for (const url of ['/admin/kinds', '/admin/kinds/new']) {
		await admin.goto(url);
		await seeAccessible(admin, url);
	}
});
