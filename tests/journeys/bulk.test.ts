import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { addDays, dayOf } from '#src/platform/i18n/dates.ts';
import { seeAccessible } from './axe.ts';
import { dialog, seeToast } from './board.ts';
import { by, makeDeal, makePeople } from './company.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

/* Many steps of «Мои дела» and many clients at once; many deals: merging, messages, refusals. */
const office = await openOffice();
const { db, pool } = office.database;
const TODAY = dayOf(NOON, 'Europe/Moscow');
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
let steps: number[];
let clients: number[];

beforeAll(async () => await makePeople(db));
beforeEach(async () => {
	await office.empty();
	const deal = await makeDeal(db, 'anna', { title: 'Касса', client: 'ООО «Ромашка»', plan: null });
	const plan = async (n: number) =>
		await planInteraction(db, await by(db, 'anna'), deal, {
			...{ kindId: 1, summary: `Дело ${n}`, plan: { plannedOn: addDays(TODAY, n - 4) } },
		});
	steps = [await plan(1), await plan(2), await plan(3)];
	const make = async (name: string) => await createClient(db, await by(db, 'anna'), { name });
	clients = [await make('Астра'), await make('Берёза'), await make('Василёк')];
});

const row = async (id: number) =>
	(await pool.query('select * from interactions where id = $1', [id])).rows[0];
const plannedOn = async () =>
	await Promise.all(steps.map(async (id) => (await row(id)).planned_on));
const statusOf = async () =>
	(
		await pool.query('select status from clients where id = any($1) order by id', [clients])
	).rows.map(({ status }) => status);
const box = (page: Desk, id: string) => page.locator(`#${id} .pick input`);
const count = (page: Desk) => page.locator('#bulk .count');

describe('«Мои дела»', () => {
	test('by keys alone: X chooses, Shift all up to it, Esc lets go; the same undone in one go', async () => {
		const page = await office.sit('anna');
		await page.goto('/agenda');
		await page.locator(`#step-${steps[0]} h3 a`).focus();
		// Pressed until the script listens: chosen and let go again it is as it was.
		await expect
			.poll(async () => {
				if (!(await count(page).isVisible())) await page.keyboard.press('x');
				return await count(page).textContent();
			})
			.toBe('Выбрано: 1');
		await page.keyboard.press('Escape');
		await expect.poll(() => box(page, `step-${steps[0]}`).isChecked()).toBe(false);
		await page.keyboard.press('x');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Shift+X');
		await expect.poll(() => count(page).textContent()).toBe('Выбрано: 3');
		const before = await plannedOn();
		await page.locator('#bulk').getByRole('button', { name: 'Перенести' }).press('Enter');
		await dialog(page).getByLabel('День').fill(addDays(TODAY, 5));
		await dialog(page).getByRole('button', { name: 'Перенести' }).press('Enter');
		await seeToast(page, '3 из 3 дел');
		await expect.poll(plannedOn).toEqual(steps.map(() => addDays(TODAY, 5)));
		await expect.poll(() => count(page).isVisible()).toBe(false);
		await page.getByRole('status').getByRole('button', { name: 'Отменить' }).click();
		await seeToast(page, 'Возвращено – 3 из 3 дел');
		await expect.poll(plannedOn).toEqual(before);
	});

	test('C gives one of them up, as X did before it chose', async () => {
		const page = await office.sit('anna');
		await page.goto('/agenda');
		await page.locator(`#step-${steps[0]} h3 a`).focus();
		await page.keyboard.press('c');
		await dialog(page).getByText('Отменить взаимодействие').first().waitFor();
	});

	test('on the phone: what was refused stays chosen, and the dialog says why', async () => {
		const page = await office.sit('anna', PHONE);
		await page.goto('/agenda');
		await box(page, `step-${steps[0]}`).tap();
		await expect.poll(async () => await count(page).textContent()).toBe('Выбрано: 1');
		await box(page, `step-${steps[1]}`).tap();
		// Most of the screen is for what is chosen from.
		expect((await page.locator('#bulk').boundingBox())?.height).toBeLessThan(844 / 5);
		await page.locator('#bulk').getByRole('button', { name: 'Сделано' }).tap();
		await dialog(page).getByLabel('Результат').fill('Дозвонились');
		await pool.query('update interactions set version = version + 1 where id = $1', [steps[1]]);
		await dialog(page).getByRole('button', { name: 'Сделано' }).tap();
		await dialog(page).getByText('Изменили раньше вас.').waitFor();
		await expect
			.poll(() => row(steps[0] as number))
			.toMatchObject({
				...{ status: 'done', outcome: 'Дозвонились' },
			});
		await seeAccessible(page, 'verdicts');
		await dialog(page).getByRole('link', { name: 'Закрыть' }).tap();
		await expect.poll(() => count(page).textContent()).toBe('Выбрано: 1');
		await expect.poll(() => box(page, `step-${steps[1]}`).isChecked()).toBe(true);
		await seeAccessible(page, 'chosen');
	});

	test('all that is found is chosen, and another отбор lets go', async () => {
		const page = await office.sit('anna');
		await page.goto('/agenda?q=дело');
		await expect
			.poll(async () => {
				await box(page, `step-${steps[2]}`).check();
				return await count(page).isVisible();
			})
			.toBe(true);
		await page.locator('[data-pick-all]').click();
		await expect.poll(async () => await count(page).textContent()).toBe('Выбрано: 3');
		await page.locator('#agenda-page a.chip.late').click();
		await page.waitForURL(/period=late/);
		await expect.poll(async () => await count(page).isVisible()).toBe(false);
	});

	test('without JavaScript: boxes, a button, a form, a page with all verdicts and the way back', async () => {
		const page = await office.sit('anna', { javaScriptEnabled: false });
		await page.goto('/agenda');
		for (const id of steps.slice(0, 2)) await box(page, `step-${id}`).check();
		await page.locator('#bulk').getByRole('button', { name: 'Отменить' }).click();
		await page.getByLabel('Причина').fill('Уехали');
		await page.getByRole('button', { name: 'Отменить дела' }).click();
		await page.getByText('Сделано 2 из 2').waitFor();
		await expect.poll(async () => (await row(steps[0] as number)).status).toBe('cancelled');
		await page.getByRole('button', { name: 'Отменить' }).click();
		await page.getByText('Сделано 2 из 2').waitFor();
		await expect.poll(async () => (await row(steps[0] as number)).status).toBe('planned');
	});
});

describe('clients', () => {
	test('by mouse with Shift: a status, its message leads to them, and takes it back', async () => {
		const page = await office.sit('anna');
		await page.goto('/clients?q=');
		await expect
			.poll(async () => {
				await box(page, `client-${clients[0]}`).check();
				return await count(page).isVisible();
			})
			.toBe(true);
		await box(page, `client-${clients[2]}`).click({ modifiers: ['Shift'] });
		await expect.poll(() => count(page).textContent()).toBe('Выбрано: 3');
		await seeAccessible(page, 'chosen');
		await page.locator('#bulk').getByRole('button', { name: 'Статус' }).click();
		await dialog(page).getByLabel('Статус').selectOption('Действующий');
		await dialog(page).getByRole('button', { name: 'Изменить статус' }).click();
		await seeToast(page, 'Статус «Действующий» – 3 из 3 клиентов');
		await expect.poll(statusOf).toEqual(['active', 'active', 'active']);
		await expect
			.poll(() =>
				page.getByRole('status').getByRole('link', { name: 'Открыть' }).getAttribute('href'),
			)
			.toBe('/clients?status=active');
		await page.getByRole('status').getByRole('button', { name: 'Отменить' }).click();
		await seeToast(page, 'Возвращено – 3 из 3 клиентов');
		await expect.poll(statusOf).toEqual(['prospect', 'prospect', 'prospect']);
	});

	test('a head gives many to another; a tag without JavaScript', async () => {
		const page = await office.sit('vera');
		await page.goto('/clients');
		await page.locator(`#client-${clients[1]} th a`).focus();
		await expect
			.poll(async () => {
				if (!(await count(page).isVisible())) await page.keyboard.press('x');
				return await count(page).isVisible();
			})
			.toBe(true);
		await page.locator('#bulk').getByRole('button', { name: 'Ответственный' }).click();
		await dialog(page).getByLabel('Ответственный').selectOption('Борис Лунин');
		await dialog(page).getByRole('button', { name: 'Передать' }).click();
		await seeToast(page, 'Ответственный теперь Борис Лунин – 1 из 1 клиента');
		const plain = await office.sit('vera', { javaScriptEnabled: false });
		await plain.goto('/clients');
		for (const id of clients) await box(plain, `client-${id}`).check();
		await plain.locator('#bulk').getByRole('button', { name: 'Метка' }).click();
		await plain.getByLabel('Метка', { exact: true }).fill('Опт');
		await plain.getByRole('button', { name: 'Применить' }).click();
		await plain.getByText('Сделано 3 из 3').waitFor();
		const { rows } = await pool.query('select count(*)::int as n from client_tags');
		expect(rows).toEqual([{ n: 3 }]);
	});
});
