import fc from 'fast-check';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { moveDeal } from '#src/features/deals/actions.ts';
import { editDeal } from '#src/features/deals/deal/editing.ts';
import { setDealProducts } from '#src/features/deals/products/products.ts';
import { isTooMuch, lineSum, linesSum } from '#src/features/products/lines.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
});
beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', amount: '100.00' })).id;
});

const deal = async () => (await pool.query('select * from deals where id = $1', [id])).rows[0];
const lines = async () =>
	(
		await pool.query(
			`select p.name, dp.quantity, dp.price from deal_products dp
			join products p on p.id = dp.product_id where deal_id = $1 order by position`,
			[id],
		)
	).rows;
const save = (fields: Record<string, string | number>, version = 1) =>
	anna.htmx(`/deals/${id}`, `/deals/${id}/products`, { version, ...fields });
const TWO = {
	...{ product1: 'Сервер', quantity1: '2', price1: '500 000,50' },
	...{ product2: 'Кабель', quantity2: '12,345', price2: '33,33' },
};

test('lines are saved as typed, unknown products join the directory, the page shows sums and a total', async () => {
	const answer = await save({ ...TWO, product3: '', quantity3: '', price3: '' });
	expect(answer.statusCode).toBe(200);
	expect(await lines()).toEqual([
		{ name: 'Сервер', quantity: '2.000', price: '500000.50' },
		{ name: 'Кабель', quantity: '12.345', price: '33.33' },
	]);
	const shown = textOf(read(answer.body).byId('products') as never).replace(/[\u00a0\u202f]/g, ' ');
	expect(shown).toContain('1 000 001 ₽');
	expect(shown).toContain('411,46 ₽');
	expect(shown).toContain('1 000 412,46 ₽');
	expect(await deal()).toMatchObject({ amount: '100.00', version: 2 });
	const known = await pool.query(`select price, currency from products where name = 'Сервер'`);
	expect(known.rows).toEqual([{ price: '500000.50', currency: 'RUB' }]);
});

test('the history says which line changed, from what to what', async () => {
	await save(TWO);
	const answer = await save(
		{ ...TWO, quantity1: '3', product2: 'Монтаж', amountFromProducts: '1' },
		2,
	);
	const told = textOf(read(answer.body).byId('timeline') as never).replace(
		/[\s\u00a0\u202f]+/g,
		' ',
	);
	expect(told).toContain('Сервер: 2 × 500 000,50 ₽ → 3 × 500 000,50 ₽');
	expect(told).toContain('Кабель: 12,345 × 33,33 ₽ → пусто');
	expect(told).toContain('Монтаж: 12,345 × 33,33 ₽');
	expect(told).toContain('Сумма по товарам: Нет → Да');
	expect(told).toContain('Сумма: 100 ₽ → 1 500 412,96 ₽');
});

test('a known product is found whatever the case; the same one twice is refused with both lines', async () => {
	await save(TWO);
	await save({ product1: 'СЕРВЕР', quantity1: '1' }, 2);
	const { rows } = await pool.query(
		`select count(*)::int as n from products where name ilike 'сервер'`,
	);
	expect(rows).toEqual([{ n: 1 }]);
	const before = await ledgerOf(database);
	const answer = await save({ product1: 'Сервер', product4: 'сервер ', price4: '7' }, 3);
	expect(answer.statusCode).toBe(422);
	const page = read(answer.body);
	expect(textOf(page.byId('e-product4') as never)).toContain('строке 1');
	expect(attribute(page.byId('f-product4') as never, 'value')).toBe('сервер ');
	expect(await ledgerOf(database)).toEqual(before);
});

test('the amount follows the products while the switch is on, and cannot be set by hand', async () => {
	await save({ ...TWO, amountFromProducts: '1' });
	expect((await deal()).amount).toBe('1000412.46');
	const before = await ledgerOf(database);
	const edit = await anna.json(`/deals/${id}`, { version: 2, amount: '5' });
	expect(edit.statusCode).toBe(422);
	expect(edit.json().error.fields.amount).toContain('Сумма считается по товарам');
	const win = { stageId: cast.won.id, version: 2, amount: '5', closedOn: TODAY };
	expect((await anna.json(`/deals/${id}/moves`, win)).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
	const form = read((await anna.get(`/deals/${id}/edit`)).body);
	expect(form.byId('f-amount')).toBeNull();
	await save({ product1: 'Кабель', quantity1: '1', price1: '33.33', amountFromProducts: '1' }, 2);
	expect(await deal()).toMatchObject({ amount: '33.33', version: 3 });
	await save({ product1: 'Кабель', quantity1: '1', price1: '33.33' }, 3);
	await editDeal(db, by(cast.people.anna), id, 4, { amount: '5.00' });
	expect(await deal()).toMatchObject({ amount: '5.00', amount_from_products: false });
});

test('a won deal that goes back to work keeps the amount of its products', async () => {
	await save({ ...TWO, amountFromProducts: '1' });
	const acting = by(cast.people.anna);
	const won = { stageId: cast.won.id, amount: '1000412.46', closedOn: TODAY };
	await moveDeal(db, acting, { dealId: id, version: 2, ...won });
	await save({ product1: 'Кабель', price1: '10', amountFromProducts: '1' }, 3);
	await moveDeal(db, acting, { dealId: id, version: 4, stageId: cast.open[0].id });
	expect((await deal()).amount).toBe('10.00');
});

test('rows can be taken away, more rows asked for, and wrong ones come back as they were typed', async () => {
	await save(TWO);
	const more = await save({ ...TWO, product3: 'Начал пис', more: '1' }, 2);
	expect(more.statusCode).toBe(200);
	const page = read(more.body);
	expect(attribute(page.byId('f-product3') as never, 'value')).toBe('Начал пис');
	expect(page.byId('f-product6')).not.toBeNull();
	expect(page.byId('form-problem') && attribute(page.byId('form-problem') as never, 'hidden')).toBe(
		'',
	);
	expect(await deal()).toMatchObject({ version: 2 });
	const wrong = {
		product1: 'Сервер',
		quantity1: '0',
		product2: '',
		price2: '12',
		quantity3: 'два',
	};
	const before = await ledgerOf(database);
	const answer = await save({ ...wrong, price1: '1,234' }, 2);
	expect(answer.statusCode).toBe(422);
	const again = read(answer.body);
	for (const row of [1, 2, 3]) expect(again.byId(`e-product${row}`), String(row)).not.toBeNull();
	const values = again.byTag('input').map((one) => attribute(one, 'value'));
	expect(values).toEqual(expect.arrayContaining(['0', '1,234', '12', 'два']));
	expect(await ledgerOf(database)).toEqual(before);
	await save({ ...TWO, remove1: '1' }, 2);
	expect(await lines()).toEqual([{ name: 'Кабель', quantity: '12.345', price: '33.33' }]);
});

test('from a stale version the table comes back as typed beside what stands there now', async () => {
	await save(TWO);
	const before = await ledgerOf(database);
	const answer = await save({ product1: 'Другое', quantity1: '7' }, 1);
	expect(answer.statusCode).toBe(409);
	const page = read(answer.body);
	expect(attribute(page.byId('f-product1') as never, 'value')).toBe('Другое');
	expect(textOf(page.byClass('theirs')[0] as never)).toContain('Сервер');
	expect(await ledgerOf(database)).toEqual(before);
});

test('a sum that no deal can hold, a field that is none of the table’s: refused, nothing written', async () => {
	const before = await ledgerOf(database);
	const huge = { product1: 'Всё', quantity1: '999999999999', price1: '9999999999999' };
	expect((await save(huge)).statusCode).toBe(422);
	for (const name of ['product0', 'product101', 'productX', 'ownerId'])
		expect((await save({ ...TWO, [name]: 'x' })).statusCode, name).toBe(400);
	expect(await ledgerOf(database)).toEqual(before);
});

test('products are suggested while one types, with a price in the deal’s currency only', async () => {
	await save(TWO);
	await pool.query(
		`insert into products (name, price, currency) values ('Сервер дорогой', 9, 'USD')`,
	);
	const url = `/products/suggestions?product=${encodeURIComponent('СЕРВ')}&currency=RUB`;
	const options = read((await anna.htmx(`/deals/${id}`, url)).body).byTag('option');
	expect(options.map((one) => attribute(one, 'value'))).toEqual(['Сервер', 'Сервер дорогой']);
	expect(options.map((one) => attribute(one, 'data-price'))).toEqual(['500\u00a0000,50', null]);
});

test('a product is proposed at the price it was last sold for, of the sales that the person sees', async () => {
	await pool.query(`insert into products (name, price, currency) values ('Насос', 100, 'RUB')`);
	const proposed = async (who: typeof anna) => {
		const url = `/products/suggestions?product=${encodeURIComponent('насос')}&currency=RUB`;
		const answer = await who.htmx(`/deals/${id}`, url);
		return read(answer.body)
			.byTag('option')
			.map((one) => attribute(one, 'data-price'));
	};
	expect(await proposed(anna)).toEqual(['100']);
	const sold = async (login: 'anna' | 'gleb', price: number, on: string | null) => {
		const { id: dealId } = await makeDeal(db, cast, login, { title: `Насос ${price}` });
		await pool.query(
			`insert into deal_products (deal_id, product_id, quantity, price)
			select $1, id, 1, $2 from products where name = 'Насос'`,
			[dealId, price],
		);
		const won = { dealId, version: 1, stageId: cast.won.id, amount: '1.00' };
		if (on !== null) await moveDeal(db, by(cast.people[login]), { ...won, closedOn: on });
	};
	await sold('anna', 130, '2026-11-20');
	await sold('anna', 120, '2026-11-10');
	await sold('anna', 777, null);
	await sold('gleb', 90, '2026-11-23');
	expect(await proposed(anna)).toEqual(['130']);
	expect(await proposed(await signIn(served, 'gleb'))).toEqual(['90']);
});

test('of a deal without an amount the form proposes the sum of its products, of another one it does not', async () => {
	const ticked = async () => {
		const page = read((await anna.get(`/deals/${id}/products`)).body);
		const [box] = page
			.byTag('input')
			.filter((one) => attribute(one, 'name') === 'amountFromProducts');
		return attribute(box as never, 'checked') !== null;
	};
	await pool.query('update deals set amount = null, amount_from_products = false where id = $1', [
		id,
	]);
	expect(await ticked()).toBe(true);
	await pool.query('update deals set amount = 5 where id = $1', [id]);
	expect(await ticked()).toBe(false);
});

test('sums are exact: the page, the database and the deal’s amount agree for any lines', async () => {
	const quantity = fc
		.integer({ min: 1, max: 999_999_999 })
		.map((n) => `${Math.floor(n / 1000)}.${String(n % 1000).padStart(3, '0')}`);
	const price = fc
		.integer({ min: 0, max: 999_999_99 })
		.map((n) => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`);
	const table = fc.array(fc.record({ quantity, price: fc.option(price) }), { maxLength: 6 });
	await fc.assert(
		fc.asyncProperty(table, async (typed) => {
			const { version } = await deal();
			const rows = typed.map((line, n) => ({ ...line, row: n + 1, name: `Товар ${n}` }));
			await setDealProducts(db, by(cast.people.anna), id, {
				...{ version, lines: rows, amountFromProducts: true },
			});
			const { rows: sums } = await pool.query<{ sum: string }>(
				`select round(quantity * price, 2)::text as sum from deal_products
				where deal_id = $1 order by position`,
				[id],
			);
			expect(typed.map(lineSum)).toEqual(sums.map(({ sum }) => sum));
			expect((await deal()).amount).toBe(linesSum(typed));
		}),
		{ numRuns: 30 },
	);
	expect(isTooMuch([{ quantity: '1', price: '9999999999999.99' }])).toBe(false);
	expect(isTooMuch([{ quantity: '2', price: '5000000000000.00' }])).toBe(true);
});
