import { beforeAll, beforeEach, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
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

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
});
beforeEach(async () => {
	const client = { name: 'ООО «Василёк»' };
	id = (
		await makeDeal(db, cast, 'anna', {
			title: 'Печь',
			amount: '1234567.50',
			client,
			source: 'Сайт',
		})
	).id;
});

const deal = async () => (await pool.query('select * from deals where id = $1', [id])).rows[0];
const FACTS = { title: 'Печь', clientName: 'ООО «Василёк»', amount: '1234567.50', source: 'Сайт' };
const save = (person: Browser, version: number, fields: Fields) =>
	person.htmx(`/deals/${id}`, `/deals/${id}`, { ...FACTS, ...fields, version });

/** The edit form as it stands, filled in as the server drew it. */
async function form(person: Browser): Promise<Record<string, string>> {
	const page = read((await person.get(`/deals/${id}/edit`)).body);
	const inside = page.byTag('form', page.byId(`deal-${id}-edit`) ?? undefined)[0];
	return fieldsOf(page, inside as never);
}

test('the form that is sent back untouched changes nothing', async () => {
	const before = await ledgerOf(database);
	const fields = await form(anna);
	expect(fields).toMatchObject({
		title: 'Печь',
		clientName: 'ООО «Василёк»',
		amount: '1\u00a0234\u00a0567,50',
		version: '1',
	});
	const answer = await anna.post(`/deals/${id}`, fields);
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/board']);
	expect(await ledgerOf(database)).toEqual(before);
});

test('an untouched form keeps its client also where another one has the same name', async () => {
	const { client_id: own } = await deal();
	await pool.query(`update clients set name = 'ООО «Одно имя»' where id = $1`, [own]);
	await pool.query(
		`insert into clients (name, owner_id) select 'ООО «Одно имя»', owner_id from deals where id = $1`,
		[id],
	);
	await anna.post(`/deals/${id}`, { ...(await form(anna)), title: 'Печь большая' });
	expect(await deal()).toMatchObject({ client_id: own, title: 'Печь большая' });
});

test('an edit writes the new facts and one event with what changed, from and to', async () => {
	const answer = await save(anna, 1, {
		title: 'Печь подовая',
		amount: '2 000',
		probability: '55',
		expectedCloseOn: '24.12.2026',
		source: '',
	});
	expect(answer.statusCode).toBe(200);
	expect(await deal()).toMatchObject({
		title: 'Печь подовая',
		amount: '2000.00',
		probability: 55,
		expected_close_on: '2026-12-24',
		source: null,
		version: 2,
	});
	const { rows } = await pool.query(
		`select type, actor_id, data from events where deal_id = $1 order by id desc limit 1`,
		[id],
	);
	expect(rows[0]).toEqual({
		type: 'deal.edited',
		actor_id: cast.people.anna.id,
		data: {
			changes: {
				title: ['Печь', 'Печь подовая'],
				amount: ['1234567.50', '2000.00'],
				expectedCloseOn: [null, '2026-12-24'],
				probability: [null, 55],
				source: ['Сайт', null],
			},
		},
	});
	expect(textOf(read(answer.body).byId('timeline') as never)).toContain('Печь подовая');
});

test('a client is found by name whatever the case, or made new; a foreign one is neither shown nor taken', async () => {
	const foreign = await createClient(db, by(cast.people.gleb), { name: 'ООО «Тёмный лес»' });
	await save(anna, 1, { clientName: 'ооо «василек»' });
	expect(await deal()).toMatchObject({ version: 1 });
	await save(anna, 1, { clientName: 'ООО «Тёмный лес»' });
	const { client_id: made } = await deal();
	expect(made).not.toBe(foreign);
	const { rows } = await pool.query('select owner_id from clients where id = $1', [made]);
	expect(rows[0].owner_id).toBe(cast.people.anna.id);
});

test('who saves second gets both values, and nothing typed is lost', async () => {
	await save(vera, 1, { title: 'Печь Веры', amount: '5' });
	const before = await ledgerOf(database);
	const answer = await save(anna, 1, { title: 'Печь Анны', source: 'Выставка' });
	expect(answer.statusCode).toBe(409);
	expect(await ledgerOf(database)).toEqual(before);
	const page = read(answer.body);
	expect(attribute(page.byId('f-title') as never, 'value')).toBe('Печь Анны');
	expect(attribute(page.byId('f-source') as never, 'value')).toBe('Выставка');
	expect(textOf(page.byId('c-title') as never)).toContain('Печь Веры');
	const problem = page.byId('form-problem');
	expect(problem && attribute(problem, 'role')).toBe('alert');
	expect(textOf(problem as never)).toContain('Вера Павлова');
	const again = page.byTag('form', page.byId(`deal-${id}-edit`) ?? undefined)[0];
	const fields = fieldsOf(page, again as never);
	expect(fields).toMatchObject({ version: '2', title: 'Печь Анны' });
	expect((await anna.htmx('/board', `/deals/${id}`, fields)).statusCode).toBe(200);
	expect(await deal()).toMatchObject({ title: 'Печь Анны', source: 'Выставка', version: 3 });
});

test('of thirty edits from one version one is kept', async () => {
	const answers = await Promise.all(
		Array.from({ length: 30 }, (_, n) => save(n % 2 ? anna : vera, 1, { title: `Печь ${n}` })),
	);
	const statuses = answers.map(({ statusCode }) => statusCode);
	expect(statuses.filter((status) => status === 200)).toHaveLength(1);
	expect(statuses.filter((status) => status === 409)).toHaveLength(29);
	expect(await deal()).toMatchObject({ version: 2, title: `Печь ${statuses.indexOf(200)}` });
});

test('a drag while the form is open makes the save a conflict, not a silent overwrite', async () => {
	await anna.json(`/deals/${id}/moves`, { stageId: cast.open[2].id, version: 1 });
	expect((await save(vera, 1, { title: 'Другая' })).statusCode).toBe(409);
	expect(await deal()).toMatchObject({ stage_id: cast.open[2].id, title: 'Печь' });
});

test('wrong fields come back marked, with everything that was typed', async () => {
	const before = await ledgerOf(database);
	const wrong = {
		title: '',
		amount: 'сто',
		probability: '101',
		expectedCloseOn: '31.02.2026',
		source: 'ы'.repeat(201),
	};
	const answer = await save(anna, 1, wrong);
	expect(answer.statusCode).toBe(422);
	const page = read(answer.body);
	for (const [name, value] of Object.entries(wrong)) {
		const field = page.byId(`f-${name}`);
		expect(field && attribute(field, 'aria-invalid'), name).toBe('true');
		expect(field && attribute(field, 'value'), name).toBe(value);
		expect(page.byId(`e-${name}`), name).not.toBeNull();
	}
	expect(await ledgerOf(database)).toEqual(before);
});

test('no field of the deal can be set but those of the form', async () => {
	const before = await ledgerOf(database);
	for (const extra of [
		{ ownerId: 4 },
		{ stageId: 7 },
		{ currency: 'USD' },
		{ closedOn: '2026-11-24' },
		{ externalRef: 'x' },
		{ id: 9 },
	])
		expect((await anna.json(`/deals/${id}`, { ...FACTS, version: 1, ...extra })).statusCode).toBe(
			400,
		);
	expect(await ledgerOf(database)).toEqual(before);
});

test('history names people who are out of the reader’s sight', async () => {
	const gleb = cast.people.gleb.id;
	const ada = await signIn(served, 'ada');
	await ada.post(`/deals/${id}/owner`, { version: 1, ownerId: gleb });
	const seen = await (await signIn(served, 'gleb')).get(`/deals/${id}`);
	expect(seen.body).toContain('Анна Соколова → Глеб Астахов');
});
