import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let vera: Browser;
let id: number;
let extra: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
	const { rows } = await pool.query(
		`insert into extra_fields (noun, name, kind, choices, position)
		values ('deal', 'Доставка', 'choice', '["Самовывоз", "Курьер"]', 1) returning id`,
	);
	extra = rows[0].id;
});
beforeEach(async () => {
	const deal = { title: 'Печь', amount: '5.00', source: 'Сайт', client: { name: 'ООО «Лён»' } };
	id = (await makeDeal(db, cast, 'anna', deal)).id;
});

const deal = async () => (await pool.query('select * from deals where id = $1', [id])).rows[0];
const save = (person: Browser, field: string, fields: Record<string, string | number>) =>
	person.htmx(`/deals/${id}`, `/deals/${id}/edit?field=${field}`, fields);

test('one field that is sent alone is the only one that changes', async () => {
	const answer = await save(anna, 'campaign', { version: 1, campaign: 'Осень 2026' });
	expect(answer.statusCode).toBe(200);
	expect(await deal()).toMatchObject({
		...{ title: 'Печь', amount: '5.00', source: 'Сайт', campaign: 'Осень 2026', version: 2 },
	});
	expect(textOf(read(answer.body).byId('fact-campaign') as never)).toContain('Осень 2026');
	await save(anna, 'campaign', { version: 2, campaign: '' });
	expect(await deal()).toMatchObject({ campaign: null, source: 'Сайт', version: 3 });
});

test('tags and the company’s own fields are edited like any other, and told in the history', async () => {
	await save(anna, 'tags', { version: 1, tags: 'срочно, Тендер' });
	const chosen = { version: 2, [`extra_${extra}`]: 'Курьер' };
	const answer = await save(anna, `extra_${extra}`, chosen);
	const page = read(answer.body);
	const said = (name: string) => textOf(page.byId(name) as never).replace(/\s+/g, ' ');
	expect(said('fact-tags')).toMatch(/срочно.*Тендер/);
	expect(said(`fact-extra_${extra}`)).toContain('Курьер');
	expect(said('timeline')).toContain('Доставка: Курьер');
	expect(said('timeline')).toContain('Метки: срочно, Тендер');
	const before = await ledgerOf(database);
	const odd = await anna.json(`/deals/${id}/edit`, { version: 3, [`extra_${extra}`]: 'Голуби' });
	expect(odd.statusCode).toBe(422);
	expect((await anna.json(`/deals/${id}/edit`, { version: 3, extra_999: 'x' })).statusCode).toBe(
		400,
	);
	expect(await ledgerOf(database)).toEqual(before);
});

test('a fact becomes a form of one field in its place, and a wrong one stays there with what was typed', async () => {
	const page = read((await anna.htmx(`/deals/${id}`, `/deals/${id}/edit?field=amount`)).body);
	const form = page.byTag('form', page.byId('fact-amount') ?? undefined)[0];
	expect(fieldsOf(page, form as never)).toEqual({
		...{ version: '1', amount: '5', was: '{"amount":"5"}' },
	});
	const wrong = await save(anna, 'amount', { version: 1, amount: 'сто' });
	expect(wrong.statusCode).toBe(422);
	const again = read(wrong.body);
	expect(attribute(again.byId('in-f-amount') as never, 'value')).toBe('сто');
	expect(again.byTag('hx-partial').map((one) => attribute(one, 'hx-target'))).toEqual([
		'#fact-amount',
	]);
	const empty = await save(anna, 'title', { version: 1, title: '' });
	expect(empty.statusCode).toBe(422);
});

test('from a stale version it shows both values, and the other fields stay as they were made', async () => {
	await save(vera, 'amount', { version: 1, amount: '7' });
	const before = await ledgerOf(database);
	const answer = await save(anna, 'amount', { version: 1, amount: '9' });
	expect(answer.statusCode).toBe(409);
	const told = textOf(read(answer.body).byId('fact-amount') as never);
	expect(told).toContain('Вера Павлова');
	expect(told).toContain('7');
	expect(await ledgerOf(database)).toEqual(before);
	await save(anna, 'amount', { version: 2, amount: '9' });
	expect(await deal()).toMatchObject({ amount: '9.00', title: 'Печь', version: 3 });
});

test('an amount that follows the products has no pencil, and no form', async () => {
	await anna.json(`/deals/${id}/products`, {
		...{ version: 1, product1: 'Печь', price1: '11', amountFromProducts: '1' },
	});
	const page = read((await anna.get(`/deals/${id}`)).body);
	const fact = page.byId('fact-amount') ?? undefined;
	expect(textOf(fact as never)).toContain('по товарам');
	expect(page.byClass('edit', fact)).toEqual([]);
	const form = await anna.htmx(`/deals/${id}`, `/deals/${id}/edit?field=amount`);
	expect(form.statusCode).toBe(404);
});
