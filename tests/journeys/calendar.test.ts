import { beforeAll, describe, expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { addDays, dayOf } from '#src/platform/i18n/dates.ts';
import { seeAccessible, seeLook } from './axe.ts';
import { dialog, seeToast } from './board.ts';
import { by, makeDeal, makePeople } from './company.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

const office = await openOffice();
const { db, pool } = office.database;
const TODAY = dayOf(NOON, 'Europe/Moscow');
let deal: number;

const make = async (summary: string) =>
	await planInteraction(db, await by(db, 'anna'), deal, {
		...{ kindId: 2, summary, lengthMinutes: 60, plan: { plannedAt: NOON } },
	});
const row = async (id: number) =>
	(await pool.query('select * from interactions where id = $1', [id])).rows[0];
const entry = (page: Desk, id: number) => page.locator(`#entry-${id}`);

beforeAll(async () => {
	await makePeople(db);
	deal = await makeDeal(db, 'anna', { title: 'Касса', client: 'ООО «Ромашка»' });
});

describe('the calendar of a day', () => {
	test('an entry is dragged to another hour and stretched, and the toast takes it back', async () => {
		const id = await make('Показ');
		const page = await office.sit('anna');
		await page.goto(`/calendar?view=day&on=${TODAY}`);
		const box = async () =>
			(await entry(page, id).boundingBox()) as {
				x: number;
				y: number;
				width: number;
				height: number;
			};
		const from = await box();
		const hour = from.height;
		await page.mouse.move(from.x + 40, from.y + 5);
		await page.mouse.down();
		await page.mouse.move(from.x + 40, from.y + 20, { steps: 3 });
		await page.mouse.move(from.x + 40, from.y + 5 + 2 * hour, { steps: 5 });
		await page.mouse.up();
		await seeToast(page, 'Перенесено');
		await expect
			.poll(async () => (await row(id)).planned_at)
			.toEqual(new Date(NOON.getTime() + 2 * 3_600_000));
		await page.locator(`#entry-${id}[data-version="2"]`).waitFor();
		const now = await box();
		await page.mouse.move(now.x + 40, now.y + now.height - 3);
		await page.mouse.down();
		await page.mouse.move(now.x + 40, now.y + now.height + 10, { steps: 3 });
		await page.mouse.move(now.x + 40, now.y + now.height + hour / 2 - 5, { steps: 5 });
		await page.mouse.up();
		await expect.poll(async () => (await row(id)).length_minutes).toBe(90);
		await seeToast(page, 'Длительность изменена: Показ, 90 минут');
		await page.getByRole('status').getByRole('button', { name: 'Отменить' }).click();
		await expect.poll(async () => (await row(id)).length_minutes).toBe(60);
	});

	test('a slot that is taken already says so in the form, and no more once another hour is typed', async () => {
		await make('Переговоры');
		const page = await office.sit('anna');
		await page.goto(`/calendar?view=day&on=${TODAY}`);
		await page.getByRole('link', { name: 'Запланировать', exact: true }).click();
		await dialog(page).getByLabel('Время').fill('12:30');
		const asked: URLSearchParams[] = [];
		page.on('request', (request) => {
			const { pathname, searchParams } = new URL(request.url());
			if (pathname === '/interactions/clashes') asked.push(searchParams);
		});
		// What is half typed is not asked about, however long it stands there.
		const stand = () => page.evaluate(() => new Promise((stood) => setTimeout(stood, 300)));
		await dialog(page).getByLabel('Длительность').fill('0');
		await stand();
		await dialog(page).getByLabel('Длительность').fill('30');
		await dialog(page).getByLabel('День', { exact: true }).fill(TODAY.replace(/^../, '02'));
		await stand();
		await dialog(page).getByLabel('День', { exact: true }).fill(TODAY);
		const told = dialog(page).locator('#clash');
		await told.getByText('В это же время у вас: Переговоры, сегодня, 12:00.').waitFor();
		await dialog(page).getByLabel('Время').fill('21:30');
		await expect.poll(async () => (await told.textContent())?.trim()).toBe('');
		const of = (name: string) => [...new Set(asked.map((query) => query.get(name)))];
		expect(of('plannedDay')).toEqual([TODAY]);
		expect(of('lengthMinutes')).toContain('30');
		expect(of('lengthMinutes')).not.toContain('0');
		await pool.query(`delete from interactions where summary = 'Переговоры'`);
	});

	test('Esc puts it back, and nothing has changed', async () => {
		const id = await make('Не трогали');
		const page = await office.sit('anna');
		await page.goto(`/calendar?view=day&on=${TODAY}`);
		const from = (await entry(page, id).boundingBox()) as { x: number; y: number };
		await page.mouse.move(from.x + 20, from.y + 5);
		await page.mouse.down();
		await page.mouse.move(from.x + 20, from.y + 120, { steps: 5 });
		await page.keyboard.press('Escape');
		await page.mouse.up();
		await expect.poll(async () => (await row(id)).version).toBe(1);
		await expect.poll(() => page.locator('.ghost').count()).toBe(0);
	});

	test('a click on a slot plans in it; by keys alone an entry is opened and moved by its form', async () => {
		const page = await office.sit('anna');
		const tomorrow = addDays(TODAY, 1);
		await page.goto(`/calendar?view=day&on=${tomorrow}`);
		await page.locator('a.slot').nth(4).click();
		await dialog(page).getByLabel('Клиент').fill('ООО «Ромашка»');
		await dialog(page).getByLabel('Что сделать').fill('В слот');
		await dialog(page)
			.getByLabel('Интерес')
			.selectOption({ label: `Касса · № ${deal}` });
		await dialog(page).getByRole('button', { name: 'Запланировать' }).click();
		await seeToast(page, 'В слот');
		const { rows } = await pool.query(
			"select id, planned_at from interactions where summary = 'В слот'",
		);
		expect(dayOf(rows[0].planned_at, 'Europe/Moscow')).toBe(tomorrow);
		await entry(page, rows[0].id).focus();
		await page.keyboard.press('Enter');
		await dialog(page).getByRole('link', { name: 'Изменить' }).press('Enter');
		await dialog(page).getByLabel('Время').fill('16:30');
		await page.keyboard.press('Enter');
		await expect
			.poll(async () => (await row(rows[0].id)).planned_at.toISOString())
			.toBe(`${tomorrow}T13:30:00.000Z`);
		await expect.poll(() => entry(page, rows[0].id).textContent()).toContain('16:30');
	});
});

test('every view is free of faults for axe, light and dark, and Back comes back to the one before', async () => {
	const page = await office.sit('anna', { colorScheme: 'dark' });
	for (const view of ['month', 'day', 'week']) {
		await page.goto(`/calendar?view=${view}`);
		await seeAccessible(page, view);
	}
	await page.emulateMedia({ colorScheme: 'light' });
	await seeLook(page, 'week, light');
	await page.getByRole('link', { name: 'Следующая неделя' }).click();
	await page.goBack();
	await page.locator('.calendar-heads .today').waitFor();
});

test('without JavaScript a step is planned, seen and moved', async () => {
	const page = await office.sit('anna', { javaScriptEnabled: false });
	await page.goto(`/calendar?view=day&on=${addDays(TODAY, 2)}`);
	await page.getByRole('link', { name: 'Запланировать', exact: true }).click();
	await page.getByLabel('Клиент').fill('ООО «Ромашка»');
	await page.getByLabel('Что сделать').fill('Без скриптов');
	await page.getByLabel('Время').fill('10:00');
	// Of which of the client's interests it is has to be asked.
	page.watch.allow(422);
	const asked = page.waitForResponse((answer) => answer.status() === 422);
	await page.getByRole('button', { name: 'Запланировать' }).click();
	await (await asked).finished();
	await page.getByLabel('Интерес').selectOption({ label: `Касса · № ${deal}` });
	await page.getByRole('button', { name: 'Запланировать' }).click();
	await page.getByRole('link', { name: /Без скриптов/ }).click();
	await page.getByRole('link', { name: 'Изменить' }).click();
	await page.getByLabel('Время').fill('17:00');
	await page.getByRole('button', { name: 'Сохранить' }).click();
	const moment = async () =>
		(await pool.query("select planned_at from interactions where summary = 'Без скриптов'")).rows[0]
			.planned_at;
	await expect.poll(moment).toEqual(new Date(`${addDays(TODAY, 2)}T14:00:00.000Z`));
});
