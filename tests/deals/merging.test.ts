import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, type Element, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

/* Two people, or one in two tabs, in the same form: different fields merge, the same one asks. */
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
	const client = { name: 'ООО «Василёк»' };
	const facts = { title: 'Печь', amount: '1234567.50', client, source: 'Сайт' };
	id = (await makeDeal(db, cast, 'anna', facts)).id;
});

type Form = Record<string, string>;
const deal = async () => (await pool.query('select * from deals where id = $1', [id])).rows[0];
const formIn = (html: string): Form => {
	const page = read(html);
	return fieldsOf(page, page.byTag('form', page.byId(`deal-${id}-edit`) as Element)[0] as Element);
};
const open = async (person: Browser) => formIn((await person.get(`/deals/${id}/edit`)).body);
const save = (person: Browser, form: Form) =>
	person.htmx(`/deals/${id}`, `/deals/${id}/edit`, form);

test('what different people changed in different fields is all there', async () => {
	const [one, other] = [await open(anna), await open(vera)];
	expect((await save(vera, { ...other, amount: '500', note: 'Звонить\r\nутром' })).statusCode).toBe(
		200,
	);
	const answer = await save(anna, { ...one, title: 'Печь подовая', source: '' });
	expect(answer.statusCode).toBe(200);
	expect(await deal()).toMatchObject({
		...{ title: 'Печь подовая', source: null, amount: '500.00', note: 'Звонить\nутром' },
		version: 3,
	});
	const { rows } = await pool.query(
		`select data->'changes' as changes from events where deal_id = $1 and type = 'deal.edited' order by id`,
		[id],
	);
	expect(Object.keys(rows[1].changes).sort()).toEqual(['source', 'title']);
});

test('a move, a new owner or a step in between is no reason to ask', async () => {
	const form = await open(anna);
	await vera.json(`/deals/${id}/moves`, { stageId: cast.open[2].id, version: 1 });
	expect((await save(anna, { ...form, title: 'Другая' })).statusCode).toBe(200);
	expect(await deal()).toMatchObject({ stage_id: cast.open[2].id, title: 'Другая', version: 3 });
});

test('the same field asks: mine in the field, theirs beside it, the rest as it stands now', async () => {
	const [one, other] = [await open(anna), await open(vera)];
	await save(vera, { ...other, title: 'Печь Веры', amount: '500' });
	const before = await ledgerOf(database);
	const answer = await save(anna, { ...one, title: 'Печь Анны', source: 'Выставка' });
	expect(answer.statusCode).toBe(409);
	expect(await ledgerOf(database)).toEqual(before);
	const page = read(answer.body);
	expect(textOf(page.byId('c-title') as Element)).toContain('Печь Веры');
	expect(textOf(page.byId('c-title') as Element)).toContain('Взять это');
	expect(page.byId('c-source'), 'only what both have changed').toBeNull();
	const form = formIn(answer.body);
	expect(form).toMatchObject({
		title: 'Печь Анны',
		source: 'Выставка',
		amount: '500',
		version: '2',
	});
	expect(form.take_title).toBeUndefined();
	expect((await save(anna, form)).statusCode).toBe(200);
	expect(await deal()).toMatchObject({ title: 'Печь Анны', source: 'Выставка', amount: '500.00' });
});

test('«Взять это» keeps theirs, and mine of everything else, without a script', async () => {
	const [one, other] = [await open(anna), await open(vera)];
	await save(vera, { ...other, title: 'Печь Веры' });
	const answer = await save(anna, { ...one, title: 'Печь Анны', source: 'Выставка' });
	const taken = await anna.post(`/deals/${id}/edit`, { ...formIn(answer.body), take_title: '1' });
	expect(taken.statusCode).toBe(303);
	expect(await deal()).toMatchObject({ title: 'Печь Веры', source: 'Выставка', version: 3 });
});

test('a colleague who changes it a third time meanwhile is asked about again', async () => {
	const [one, other] = [await open(anna), await open(vera)];
	await save(vera, { ...other, title: 'Печь Веры' });
	const answer = await save(anna, { ...one, title: 'Печь Анны' });
	await save(vera, { ...(await open(vera)), title: 'Печь Веры, вторая' });
	expect((await save(anna, formIn(answer.body))).statusCode).toBe(409);
	expect((await deal()).title).toBe('Печь Веры, вторая');
});

test('a mistake in a form that has become stale does not make it fresh', async () => {
	const [one, other] = [await open(anna), await open(vera)];
	await save(vera, { ...other, title: 'Печь Веры' });
	const wrong = await save(anna, { ...one, amount: 'сто' });
	expect(wrong.statusCode).toBe(422);
	const form = formIn(wrong.body);
	expect(form).toMatchObject({ version: '1', was: one.was, amount: 'сто' });
	expect((await save(anna, { ...form, amount: '100' })).statusCode).toBe(200);
	expect(await deal()).toMatchObject({ title: 'Печь Веры', amount: '100.00' });
});

test('one field in its place merges with another, and asks about its own', async () => {
	const inPlace = async (person: Browser, name: string) => {
		const page = read((await person.htmx(`/deals/${id}`, `/deals/${id}/edit?field=${name}`)).body);
		return fieldsOf(page, page.byTag('form')[0] as Element);
	};
	const send = (person: Browser, name: string, form: Form) =>
		person.htmx(`/deals/${id}`, `/deals/${id}/edit?field=${name}`, form);
	const [one, other] = [await inPlace(anna, 'title'), await inPlace(vera, 'amount')];
	await send(vera, 'amount', { ...other, amount: '500' });
	expect((await send(anna, 'title', { ...one, title: 'Печь Анны' })).statusCode).toBe(200);
	expect(await deal()).toMatchObject({ title: 'Печь Анны', amount: '500.00' });
	const asked = await send(vera, 'title', { ...one, title: 'Печь Веры' });
	expect(asked.statusCode).toBe(409);
	const page = read(asked.body);
	expect(attribute(page.byId('in-f-title') as Element, 'value')).toBe('Печь Веры');
	expect(textOf(page.byId('in-c-title') as Element)).toContain('Печь Анны');
	const form = fieldsOf(page, page.byTag('form')[0] as Element);
	expect((await send(vera, 'title', { ...form, take_title: '1' })).statusCode).toBe(200);
	expect((await deal()).title).toBe('Печь Анны');
});

test('of nine people at once, each in a field of their own, nobody loses a thing', async () => {
	const form = await open(anna);
	const said = {
		...{
			title: 'Печь подовая',
			clientName: 'ООО «Ландыш»',
			amount: '77',
			expectedCloseOn: '2026-12-24',
		},
		...{ probability: '55', source: 'Выставка', campaign: 'Осень', note: 'Ждут', tags: 'срочно' },
	};
	const answers = await Promise.all(
		Object.entries(said).map(([name, value], nr) =>
			save(nr % 2 ? anna : vera, { ...form, [name]: value }),
		),
	);
	expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
	expect(await open(anna)).toMatchObject(said);
	expect((await deal()).version).toBe(10);
});

test('what is no form of ours is refused as ever', async () => {
	const form = await open(anna);
	await save(vera, { ...form, title: 'Печь Веры' });
	for (const was of ['не JSON', '[]', '1', 'null', '{"title":5}', '{"__proto__":"x"}']) {
		const { statusCode } = await save(anna, { ...form, was, title: 'Печь Анны' });
		expect(statusCode, was).toBe(409);
	}
	expect((await anna.json(`/deals/${id}`, { title: 'Программа', version: 1 })).statusCode).toBe(
		409,
	);
	expect((await save(anna, { ...form, take_owner: '1' })).statusCode).toBe(400);
});
