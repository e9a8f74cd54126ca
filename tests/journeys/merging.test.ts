import { beforeEach, describe, expect, test } from 'vitest';
import { editDeal } from '#src/features/deals/deal/editing.ts';
import { setDealProducts } from '#src/features/deals/products/products.ts';
import { cardOf, dialog, seeToast } from './board.ts';
import { by, dealNow, inHours, makeDeal, makePeople, moveBehind, STAGES } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const office = await openOffice();
const { db } = office.database;
await makePeople(db);
const PLAIN = { javaScriptEnabled: false };

let deal: number;

beforeEach(async () => {
	await office.empty();
	deal = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(1) });
});

/** Vera changes a field meanwhile. */
async function veraEdits(edit: Parameters<typeof editDeal>[4]): Promise<void> {
	await editDeal(db, await by(db, 'vera'), deal, (await dealNow(db, deal)).version, edit);
}

/** Somebody sets the two lines of the deal. */
async function setLines(login: 'anna' | 'vera', quantity: string, price: string): Promise<void> {
	const { version } = await dealNow(db, deal);
	const lines = [
		{ row: 1, name: 'Весы', quantity, price: '100.00' },
		{ row: 2, name: 'Касса', quantity: '1', price },
	];
	const table = { version, lines, amountFromProducts: false };
	await setDealProducts(db, await by(db, login), deal, table);
}
const linesNow = async () =>
	(
		await office.database.pool.query(
			`select p.name, quantity::float, l.price from deal_products l join products p on p.id = l.product_id
			where deal_id = $1 order by p.name`,
			[deal],
		)
	).rows;

describe('a fact in its place', () => {
	const fact = (page: Desk) => page.locator('#fact-source');
	const input = (page: Desk) => fact(page).locator('input[name=source]');
	const open = async () => {
		const page = await office.sit('anna');
		page.watch.allow(409);
		await page.goto(`/deals/${deal}`);
		await fact(page).locator('a[data-inline]').click();
		await input(page).fill('Выставка');
		return page;
	};

	test('is kept beside another one that a colleague has changed', async () => {
		const page = await open();
		await veraEdits({ title: 'Касса и весы' });
		await page.keyboard.press('Enter');
		await fact(page).locator('form').waitFor({ state: 'detached' });
		await expect
			.poll(() => dealNow(db, deal))
			.toMatchObject({ title: 'Касса и весы', source: 'Выставка' });
	});

	test('that a colleague has changed asks: whose it is, mine stays typed, theirs can be taken', async () => {
		const page = await open();
		await veraEdits({ source: 'Сайт' });
		await input(page).press('Enter');
		await fact(page).getByRole('alert').getByText('Вера Павлова').waitFor();
		await expect.poll(() => input(page).inputValue()).toBe('Выставка');
		await expect.poll(async () => (await dealNow(db, deal)).source).toBe('Сайт');
		await fact(page).getByLabel('Взять это').check();
		await expect.poll(() => input(page).inputValue()).toBe('Сайт');
		await fact(page).getByLabel('Взять это').uncheck();
		await fact(page).getByRole('button', { name: 'Сохранить моё' }).click();
		await fact(page).locator('form').waitFor({ state: 'detached' });
		await expect.poll(async () => (await dealNow(db, deal)).source).toBe('Выставка');
	});

	test('asks without scripts too, and takes theirs', async () => {
		const page = await office.sit('anna', PLAIN);
		page.watch.allow(409);
		await page.goto(`/deals/${deal}`);
		await fact(page).locator('a[data-inline]').click();
		const main = page.getByRole('main');
		await main.getByLabel('Источник').fill('Выставка');
		await veraEdits({ source: 'Сайт' });
		await main.getByRole('button', { name: 'Сохранить', exact: true }).click();
		await main.getByText('Вера Павлова').waitFor();
		await expect.poll(() => main.getByLabel('Источник').inputValue()).toBe('Выставка');
		await main.getByLabel('Взять это').check();
		await main.getByRole('button', { name: 'Сохранить моё' }).click();
		await page.waitForURL(`**/deals/${deal}`);
		await expect.poll(async () => (await dealNow(db, deal)).source).toBe('Сайт');
	});
});

for (const scripts of [true, false])
	describe(`lines of products, ${scripts ? 'in a dialog' : 'without scripts'}`, () => {
		const open = async () => {
			const page = await office.sit('anna', scripts ? {} : PLAIN);
			page.watch.allow(409);
			await setLines('anna', '1', '500.00');
			await page.goto(`/deals/${deal}`);
			await page.getByRole('link', { name: 'Изменить товары' }).click();
			const box = scripts ? dialog(page) : page.getByRole('main');
			const quantity = box.getByLabel('Строка 1, Количество');
			await quantity.fill('5');
			const press = async (name: string) =>
				await box.getByRole('button', { name, exact: true }).click();
			return { box, quantity, press };
		};

		test('that two people change are both kept', async () => {
			const { press } = await open();
			await setLines('vera', '1', '777.00');
			await press('Сохранить');
			await expect
				.poll(linesNow)
				.toEqual([
					...[{ name: 'Весы', quantity: 5, price: '100.00' }],
					...[{ name: 'Касса', quantity: 1, price: '777.00' }],
				]);
		});

		test('the same one asks; theirs can be taken', async () => {
			const { box, quantity, press } = await open();
			await setLines('vera', '9', '500.00');
			await press('Сохранить');
			await box.getByRole('alert').getByText('Вера Павлова').waitFor();
			await expect.poll(() => quantity.inputValue()).toBe('5');
			await box.getByText('Весы × 9').waitFor();
			await expect.poll(async () => (await linesNow())[0].quantity).toBe(9);
			await box.getByLabel('Взять это').check();
			await press('Сохранить моё');
			await expect.poll(async () => await box.getByRole('alert').count()).toBe(0);
			await expect.poll(async () => (await linesNow())[0].quantity).toBe(9);
		});
	});

test('of several at once without scripts, the one that a colleague has moved meanwhile stays, and it is said by whom', async () => {
	const other = await makeDeal(db, 'anna', { title: 'Весы' });
	const page = await office.sit('anna', PLAIN);
	await page.goto('/board');
	for (const id of [deal, other])
		await cardOf(page, id).locator('.pick input').check({ force: true });
	await page.locator('#bulk').getByRole('button', { name: 'Состояние' }).click();
	await moveBehind(db, 'vera', { dealId: deal, stageId: STAGES.proposal });
	await page.getByRole('button', { name: 'Выявление потребностей' }).click();
	await page.getByText('Изменили раньше вас.').waitFor();
	await page.getByText('Вера Павлова').waitFor();
	await expect.poll(async () => (await dealNow(db, deal)).stageId).toBe(STAGES.proposal);
	await expect.poll(async () => (await dealNow(db, other)).stageId).toBe(STAGES.needs);
	// What was done is taken back by the page itself.
	await page.getByRole('button', { name: 'Отменить' }).click();
	await page.getByText('Сделано 1 из 1').waitFor();
	await expect.poll(async () => (await dealNow(db, other)).stageId).toBe(STAGES.interest);
});

test('two tabs of one person: what one saves the other merges, in its place and in the form', async () => {
	const first = await office.sit('anna');
	const second = await office.sit('anna');
	await first.goto(`/deals/${deal}/edit`);
	await second.goto(`/deals/${deal}`);
	await first.getByRole('main').getByLabel('Интерес').fill('Касса и весы');
	await second.locator('#fact-source a[data-inline]').click();
	await second.locator('#fact-source input[name=source]').fill('Выставка');
	await second.keyboard.press('Enter');
	await second.locator('#fact-source form').waitFor({ state: 'detached' });
	await first.getByRole('main').getByRole('button', { name: 'Сохранить', exact: true }).click();
	await seeToast(first, 'изменения сохранены');
	await expect
		.poll(() => dealNow(db, deal))
		.toMatchObject({ title: 'Касса и весы', source: 'Выставка' });
});
