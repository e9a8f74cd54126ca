import fc from 'fast-check';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type Element, fieldsOf, read, textOf } from '../html.ts';

/* The table of a deal's products: different lines merge, the same line asks. */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let vera: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
});
beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', amount: '100.00' })).id;
	await send(anna, {
		...{ version: '1', product1: 'Сервер', quantity1: '2', price1: '500' },
		...{ product2: 'Кабель', quantity2: '12,5', price2: '33,33' },
		...{ product3: 'Стойка', quantity3: '1', price3: '' },
	});
});

type Form = Record<string, string>;
const send = (person: Browser, form: Form) =>
	person.htmx(`/deals/${id}`, `/deals/${id}/products`, form);
const formIn = (html: string): Form => {
	const page = read(html);
	return fieldsOf(
		page,
		page.byTag('form', page.byId(`deal-${id}-products`) as Element)[0] as Element,
	);
};
const open = async (person: Browser) => formIn((await person.get(`/deals/${id}/products`)).body);
const lines = async (): Promise<Record<string, string>> => {
	const { rows } = await pool.query(
		`select p.name, dp.quantity, dp.price from deal_products dp
		join products p on p.id = dp.product_id where deal_id = $1 order by position`,
		[id],
	);
	return Object.fromEntries(rows.map((row) => [row.name, `${row.quantity} ${row.price}`]));
};

test('each their own line: changed, added, taken out, and the table follows', async () => {
	const [one, other] = [await open(anna), await open(vera)];
	await send(vera, { ...other, quantity2: '20', product4: 'Монтаж', amountFromProducts: '1' });
	const { product3: _, quantity3: _q, price3: _p, ...mine } = one;
	const answer = await send(anna, { ...mine, price1: '600', product4: 'Доставка', price4: '10' });
	expect(answer.statusCode).toBe(200);
	expect(await lines()).toEqual({
		...{ Сервер: '2.000 600.00', Кабель: '20.000 33.33', Доставка: '1.000 10.00' },
		Монтаж: '1.000 null',
	});
	const { rows } = await pool.query('select amount_from_products as f from deals where id = $1', [
		id,
	]);
	expect(rows[0].f).toBe(true);
});

test('the same line asks: mine in its fields, theirs beside it, and either can be had', async () => {
	const [one, other] = [await open(anna), await open(vera)];
	await send(vera, { ...other, quantity1: '3', quantity2: '20' });
	const asked = await send(anna, { ...one, quantity1: '5', quantity3: '7' });
	expect(asked.statusCode).toBe(409);
	expect(textOf(read(asked.body).byId(`deal-${id}-products`) as Element)).toContain('Сервер × 3');
	const form = formIn(asked.body);
	expect(form).toMatchObject({ quantity1: '5', quantity2: '20', quantity3: '7' });
	expect((await send(anna, { ...form, take1: '1' })).statusCode).toBe(200);
	expect(await lines()).toEqual({
		...{ Сервер: '3.000 500.00', Кабель: '20.000 33.33', Стойка: '7.000 null' },
	});
});

test('a line that one has taken out and the other changed asks too', async () => {
	const [one, other] = [await open(anna), await open(vera)];
	await send(vera, { ...other, quantity1: '3' });
	const { product1: _, quantity1: _q, price1: _p, ...mine } = one;
	const asked = await send(anna, mine);
	expect(asked.statusCode).toBe(409);
	const form = formIn(asked.body);
	const row = Object.keys(form)
		.find((name) => form[name] === 'Сервер')
		?.slice('product'.length);
	expect(form[`remove${row}`]).toBe('1');
	await send(anna, form);
	expect(Object.keys(await lines())).toEqual(['Кабель', 'Стойка']);
});

test('of two tabs with arbitrary changes nothing is lost and nothing comes back', async () => {
	const change = fc.constantFrom<'leave' | 'change' | 'remove'>('leave', 'change', 'remove');
	const table = fc.tuple(change, change, change);
	await fc.assert(
		fc.asyncProperty(table, table, async (first, second) => {
			await send(anna, { ...(await fresh()), version: String(await version()) });
			const form = await open(anna);
			const before = await lines();
			await send(vera, changed(form, first, '8'));
			const answer = await send(anna, changed(form, second, '9'));
			const clash = first.some(
				(way, n) =>
					way !== 'leave' && second[n] !== 'leave' && !(way === 'remove' && second[n] === 'remove'),
			);
			expect(answer.statusCode).toBe(clash ? 409 : 200);
			const wanted = Object.entries(before).flatMap(([name, value], n) => {
				const ways = clash ? [first[n]] : [first[n], second[n]];
				if (ways.includes('remove')) return [];
				const quantity = ways[1] === 'change' ? '9' : ways[0] === 'change' ? '8' : null;
				return [[name, quantity ? value.replace(/^\S+/, `${quantity}.000`) : value]];
			});
			expect(await lines()).toEqual(Object.fromEntries(wanted));
		}),
		{ numRuns: 15 },
	);
});

const version = async () =>
	(await pool.query('select version from deals where id = $1', [id])).rows[0].version;
const fresh = async (): Promise<Form> => ({
	...{ product1: 'Сервер', quantity1: '2', price1: '500' },
	...{ product2: 'Кабель', quantity2: '12,5', price2: '33,33' },
	...{ product3: 'Стойка', quantity3: '1', price3: '' },
});

function changed(form: Form, ways: readonly string[], quantity: string): Form {
	const sent = { ...form };
	ways.forEach((way, n) => {
		if (way === 'change') sent[`quantity${n + 1}`] = quantity;
		if (way === 'remove') sent[`remove${n + 1}`] = '1';
	});
	return sent;
}
