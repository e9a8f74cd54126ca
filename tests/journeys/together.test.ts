import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import { completeInteraction } from '#src/features/interactions/actions.ts';
import { dialog, openBoard, seeFocus, seeHead, seeToast } from './board.ts';
import { by, dealNow, inHours, makeDeal, makePeople } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const office = await openOffice();
const { db } = office.database;
await makePeople(db);

let deal: number;
let anna: Desk;
let vera: Desk;

beforeEach(async () => {
	await office.empty();
	deal = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(1), amount: '100000.00' });
	[anna, vera] = await Promise.all([office.sit('anna'), office.sit('vera')]);
});

const field = (page: Desk, label: string | RegExp) => dialog(page).getByLabel(label);
const press = async (page: Desk, name: string) =>
	await dialog(page).getByRole('button', { name, exact: true }).click();

async function openEdit(page: Desk): Promise<void> {
	await page.goto(`/deals/${deal}`);
	await page.getByRole('link', { name: 'Изменить', exact: true }).click();
	await field(page, 'Интерес').waitFor();
}

describe('two people in the same form', () => {
	test('the second sees both values and who was first, keeps what was typed, and can save it', async () => {
		vera.watch.allow(409);
		await openEdit(anna);
		await openEdit(vera);
		await field(anna, 'Интерес').fill('Касса и весы');
		await field(anna, /Сумма/).fill('120 000');
		await press(anna, 'Сохранить');
		await seeToast(anna, 'изменения сохранены');
		await field(vera, 'Интерес').fill('Две кассы');
		await field(vera, 'Источник').fill('Выставка');
		await press(vera, 'Сохранить');
		await dialog(vera).getByRole('alert').getByText('Анна Соколова').waitFor();
		await expect.poll(() => field(vera, 'Интерес').inputValue()).toBe('Две кассы');
		await expect.poll(() => field(vera, 'Источник').inputValue()).toBe('Выставка');
		await dialog(vera).getByText('Сейчас: Касса и весы').waitFor();
		await expect.poll(() => vera.evaluate('document.activeElement.id')).toBe('form-problem');
		await expect
			.poll(() => dealNow(db, deal))
			.toMatchObject({ title: 'Касса и весы', amount: '120000.00' });
		await press(vera, 'Сохранить моё');
		await seeToast(vera, '«Две кассы»: изменения сохранены');
		await expect.poll(async () => (await dealNow(db, deal)).title).toBe('Две кассы');
	});

	test('who changes another field than the first is not asked: both stay', async () => {
		await openEdit(anna);
		await openEdit(vera);
		await field(anna, /Сумма/).fill('120 000');
		await press(anna, 'Сохранить');
		await seeToast(anna, 'изменения сохранены');
		await field(vera, 'Источник').fill('Выставка');
		await press(vera, 'Сохранить');
		await seeToast(vera, 'изменения сохранены');
		await expect
			.poll(() => dealNow(db, deal))
			.toMatchObject({ amount: '120000.00', source: 'Выставка' });
	});

	test('«Взять это» puts theirs into the field, and mine back when it is taken off', async () => {
		vera.watch.allow(409);
		await openEdit(anna);
		await openEdit(vera);
		await field(anna, 'Интерес').fill('Касса и весы');
		await press(anna, 'Сохранить');
		await seeToast(anna, 'изменения сохранены');
		await field(vera, 'Интерес').fill('Две кассы');
		await field(vera, 'Источник').fill('Выставка');
		await press(vera, 'Сохранить');
		const take = dialog(vera).getByLabel('Взять это');
		await take.check();
		await expect.poll(() => field(vera, 'Интерес').inputValue()).toBe('Касса и весы');
		await take.uncheck();
		await expect.poll(() => field(vera, 'Интерес').inputValue()).toBe('Две кассы');
		await take.check();
		await press(vera, 'Сохранить моё');
		await seeToast(vera, '«Касса и весы»: изменения сохранены');
		await expect
			.poll(() => dealNow(db, deal))
			.toMatchObject({ title: 'Касса и весы', source: 'Выставка' });
	});

	test('two tabs of one person merge as two people do', async () => {
		const other = await office.sit('anna');
		await openEdit(anna);
		await openEdit(other);
		await field(anna, /Сумма/).fill('120 000');
		await press(anna, 'Сохранить');
		await seeToast(anna, 'изменения сохранены');
		await field(other, 'Источник').fill('Выставка');
		await press(other, 'Сохранить');
		await seeToast(other, 'изменения сохранены');
		await expect
			.poll(() => dealNow(db, deal))
			.toMatchObject({ amount: '120000.00', source: 'Выставка' });
	});

	test('a step that somebody has finished meanwhile does not swallow the result', async () => {
		anna.watch.allow(409, 422);
		await openBoard(anna);
		await anna.keyboard.press('ArrowDown');
		await seeFocus(anna, deal);
		await anna.keyboard.press('d');
		await field(anna, 'Результат').fill('Согласны на встречу');
		await field(anna, 'Что сделать').fill('Встретиться');
		const { rows } = await db.execute<{ id: number }>(sql`select id::int from interactions`);
		await completeInteraction(db, await by(db, 'vera'), rows[0]?.id ?? 0, {
			version: 1,
			outcome: 'Дозвонилась я',
			next: null,
		});
		await press(anna, 'Сделано');
		await dialog(anna).getByRole('alert').waitFor();
		await expect.poll(() => field(anna, 'Результат').inputValue()).toBe('Согласны на встречу');
		await expect.poll(() => field(anna, 'Что сделать').inputValue()).toBe('Встретиться');
	});

	test('a double click on the button makes one deal', async () => {
		await openBoard(anna);
		await anna.keyboard.press('n');
		await field(anna, 'Клиент').fill('ООО «Клик»');
		await field(anna, 'Интерес').fill('Двойной');
		await dialog(anna).getByRole('button', { name: 'Создать' }).dblclick();
		await seeToast(anna, 'интерес создан');
		await seeHead(anna, 1, '2 · 100 000 ₽');
		const { rows } = await db.execute(sql`select id from deals where title = 'Двойной'`);
		expect(rows).toHaveLength(1);
	});

	test('without a network a form stays as it was typed, says so, and is saved later', async () => {
		anna.watch.allow('offline');
		await openEdit(anna);
		await field(anna, 'Интерес').fill('Через туннель');
		await anna.context().setOffline(true);
		await press(anna, 'Сохранить');
		await dialog(anna).getByRole('alert').getByText('Сервер не ответил').waitFor();
		await expect.poll(() => field(anna, 'Интерес').inputValue()).toBe('Через туннель');
		await anna.context().setOffline(false);
		await press(anna, 'Сохранить');
		await seeToast(anna, 'изменения сохранены');
		await expect.poll(async () => (await dealNow(db, deal)).title).toBe('Через туннель');
	});

	test('a form that was sent and then gone back to does not overwrite', async () => {
		const plain = await office.sit('anna', { javaScriptEnabled: false });
		plain.watch.allow(409);
		await plain.goto(`/deals/${deal}/edit`);
		await plain.getByRole('textbox', { name: 'Интерес' }).fill('Первое');
		await plain.getByRole('button', { name: 'Сохранить' }).click();
		await plain.goBack();
		await plain.getByRole('textbox', { name: 'Интерес' }).fill('Второе');
		await plain.getByRole('button', { name: 'Сохранить' }).click();
		await seeConflictOrSaved(plain);
	});
});

// The browser may have kept the old form or fetched the new one: either way nothing is lost unseen.
async function seeConflictOrSaved(page: Desk): Promise<void> {
	const conflict = page.getByText('Сейчас: Первое');
	await conflict.or(page.locator('#toasts').getByText('сохранены')).first().waitFor();
	if (await conflict.isVisible())
		await expect.poll(async () => (await dealNow(db, deal)).title).toBe('Первое');
	else await expect.poll(async () => (await dealNow(db, deal)).title).toBe('Второе');
}
