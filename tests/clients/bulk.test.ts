import { beforeAll, beforeEach, expect, test } from 'vitest';
import { createClient, editClient } from '#src/features/clients/actions.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
const ABSENT = 999_999;

let cast: Cast;
const person = {} as Record<Login, Browser>;
let first: number;
let second: number;
let foreign: number;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) person[login] = await signIn(served, login);
});
beforeEach(async () => {
	const make = async (login: Login, name: string) =>
		await createClient(db, by(cast.people[login]), { name, tags: ['сети'] });
	first = await make('anna', 'ООО «Астра»');
	second = await make('anna', 'ООО «Василёк»');
	foreign = await make('gleb', 'ООО «Тайна»');
});

const clientOf = async (id: number) =>
	(await pool.query('select * from clients where id = $1', [id])).rows[0];
const tagsOn = async (id: number) =>
	(
		await pool.query(
			'select t.name from client_tags l join tags t on t.id = l.tag_id where client_id = $1 order by 1',
			[id],
		)
	).rows.map(({ name }) => name);
const tokens = async (...ids: number[]) =>
	(await Promise.all(ids.map(async (id) => `${id}.${(await clientOf(id))?.version ?? 1}`))).join(
		',',
	);

type Told = {
	done: number;
	verdicts: {
		id: number;
		title: string;
		href: string | null;
		status: string;
		why: string | null;
	}[];
};
async function bulk(login: Login, fields: Fields): Promise<Told> {
	const answer = await person[login].json('/clients/bulk', fields);
	expect(answer.statusCode, answer.body).toBe(200);
	return answer.json() as Told;
}
const statuses = ({ verdicts }: Told) => verdicts.map(({ status }) => status);

/** Does it on the list, and takes it back by what the message offers. */
async function andUndo(login: Login, fields: Fields): Promise<Told> {
	const answer = read((await person[login].htmx('/clients', '/clients/bulk', fields)).body);
	const undo = answer.byId('toast');
	if (undo === null) throw new Error('the toast offers no way back');
	return await bulk(login, fieldsOf(answer, undo as never));
}

test('a status: each client by the edit’s own verb, with history; each refusal is of its own row', async () => {
	const chosen = await tokens(first, second, foreign, ABSENT);
	await editClient(db, by(cast.people.vera), second, 1, { note: 'Тем временем' });
	const told = await bulk('anna', { verb: 'status', status: 'former', client: chosen });
	expect(statuses(told)).toEqual(['done', 'changed', 'absent', 'absent']);
	expect(told.verdicts[0]).toMatchObject({ title: 'ООО «Астра»', href: `/clients/${first}` });
	expect(told.verdicts[1]?.why).toContain('Вера Павлова');
	expect(told.verdicts[2]).toMatchObject({
		...{ title: `№ ${foreign}`, href: null, why: 'Клиента нет, или он вам больше не виден' },
	});
	expect(JSON.stringify(told)).not.toContain('Тайна');
	expect(await clientOf(first)).toMatchObject({ status: 'former', version: 2 });
	expect(await clientOf(second)).toMatchObject({ status: 'prospect' });
	const { rows } = await pool.query(
		`select type, data from events where client_id = $1 order by id desc limit 1`,
		[first],
	);
	expect(rows[0]).toEqual({
		...{ type: 'client.edited', data: { changes: { status: ['prospect', 'former'] } } },
	});
	const again = { verb: 'status', status: 'former', client: await tokens(first) };
	expect(statuses(await bulk('anna', again))).toEqual(['same']);
});

test('an owner: within the team by its head, and by nobody who may not give clients away', async () => {
	const fields = { verb: 'owner', ownerId: cast.people.boris.id };
	const client = await tokens(first, second, foreign);
	expect(statuses(await bulk('anna', { ...fields, client }))).toEqual([
		...['refused', 'refused', 'absent'],
	]);
	expect(statuses(await bulk('vera', { ...fields, client }))).toEqual(['done', 'done', 'absent']);
	for (const id of [first, second])
		expect(await clientOf(id)).toMatchObject({ owner_id: cast.people.boris.id, version: 2 });
	const out = { verb: 'owner', ownerId: cast.people.gleb.id, client: await tokens(first) };
	expect(statuses(await bulk('vera', out))).toEqual(['refused']);
	const bar = read((await person.anna.get('/clients')).body);
	const verbs = bar.byTag('button', bar.byId('bulk-bar') as never);
	expect(verbs.map((one) => attribute(one, 'value'))).toEqual(['tag', 'status', null]);
	const form = read((await person.vera.get('/clients/bulk/new?verb=owner&n=2')).body);
	const offered = form.byTag('option').map((one) => attribute(one, 'value'));
	expect(offered).toContain(String(cast.people.boris.id));
	expect(offered).not.toContain(String(cast.people.gleb.id));
});

test('a tag is added and taken off, whatever its case; others stay', async () => {
	const add = { verb: 'tag', tag: 'Опт', tagAction: 'add' };
	const told = await bulk('anna', { ...add, client: await tokens(first, second) });
	expect(statuses(told)).toEqual(['done', 'done']);
	expect(await tagsOn(first)).toEqual(['Опт', 'сети']);
	const same = await bulk('anna', { ...add, tag: 'опт', client: await tokens(first) });
	expect(statuses(same)).toEqual(['same']);
	const off = { ...add, tag: 'ОПТ', tagAction: 'remove', client: await tokens(first) };
	expect(statuses(await bulk('anna', off))).toEqual(['done']);
	expect([await tagsOn(first), await tagsOn(second)]).toEqual([['сети'], ['Опт', 'сети']]);
});

test('the message takes all of it back, each where nobody has changed it since', async () => {
	await pool.query(`update clients set status = 'active' where id = $1`, [first]);
	const status = { verb: 'status', status: 'former', client: await tokens(first, second) };
	expect(statuses(await andUndo('anna', status))).toEqual(['done', 'done']);
	expect(await clientOf(first)).toMatchObject({ status: 'active' });
	expect(await clientOf(second)).toMatchObject({ status: 'prospect' });
	const tag = { verb: 'tag', tag: 'Выставка', client: await tokens(first, second) };
	expect(statuses(await andUndo('anna', tag))).toEqual(['done', 'done']);
	expect(await tagsOn(first)).toEqual(['сети']);
	await pool.query('update clients set owner_id = null where id = $1', [second]);
	const owner = { verb: 'owner', ownerId: cast.people.boris.id };
	const told = await andUndo('ada', { ...owner, client: await tokens(first, second) });
	expect(statuses(told)).toEqual(['done', 'refused']);
	expect(told.verdicts[1]?.why).toBe('Ответственного не было, вернуть некому');
	expect(await clientOf(first)).toMatchObject({ owner_id: cast.people.anna.id });
	const stale = { verb: 'back', client: `${first}.1.former,${foreign}.1.former` };
	expect(statuses(await bulk('anna', stale))).toEqual(['changed', 'absent']);
});

test('without scripts: what, then the form, then a page with all verdicts', async () => {
	const query = new URLSearchParams({ verb: 'status' });
	for (const one of (await tokens(first, foreign)).split(',')) query.append('client', one);
	const page = read((await person.anna.get(`/clients/bulk/new?${query}`)).body);
	const form = page.byTag('form').find((one) => attribute(one, 'action') === '/clients/bulk');
	const fields = { ...fieldsOf(page, form as never), status: 'active' };
	const result = read((await person.anna.post('/clients/bulk', fields)).body);
	const lines = result
		.byTag('li', result.byId('bulk-verdicts') as never)
		.map((one) => textOf(one).replace(/\s+/g, ' ').trim());
	expect(lines).toEqual([expect.stringContaining(`№ ${foreign}Не найдено.`), 'ООО «Астра»']);
	expect((await person.anna.get('/clients/bulk/new?verb=tag')).statusCode).toBe(422);
});

test('what a verb lacks is asked for; nonsense and more than five hundred are refused; nothing is written', async () => {
	const client = await tokens(first);
	const before = await ledgerOf(database);
	for (const fields of [{ verb: 'status' }, { verb: 'owner' }, { verb: 'tag' }, tagged('а, б')]) {
		const answer = await person.vera.post('/clients/bulk', { ...fields, client });
		expect(answer.statusCode, fields.verb).toBe(422);
		const page = read(answer.body);
		const form = page.byTag('form').find((one) => attribute(one, 'action') === '/clients/bulk');
		expect(fieldsOf(page, form as never)).toMatchObject({ client, verb: fields.verb });
	}
	const many = Array.from({ length: 501 }, (_, n) => `${n + 1}.1`).join(',');
	for (const client of [many, '', 'x', '1', '1.1.1', '1.0', '1.1,2', '-1.1', '1e3.1'])
		expect([400, 422], client).toContain(
			(await person.anna.json('/clients/bulk', { ...tagged('Опт'), client })).statusCode,
		);
	for (const client of ['1.1', '1.1.x', '1.1.former.1', '1.1.-1'])
		expect(
			(await person.anna.json('/clients/bulk', { verb: 'back', client })).statusCode,
			client,
		).toBe(400);
	expect(await ledgerOf(database)).toEqual(before);
});
const tagged = (tag: string) => ({ verb: 'tag', tag });

test('all that is found can be chosen, as a page and as data; of what отбор leaves', async () => {
	const found = await person.anna.get('/clients/selection?q=астра', { accept: 'application/json' });
	const told = found.json() as { chosen: string[]; count: number };
	expect(told.chosen).toHaveLength(told.count);
	expect(told.chosen).toContain(await tokens(first));
	const page = read((await person.anna.get('/clients/selection')).body);
	const checked = page.byTag('input').filter((one) => attribute(one, 'name') === 'client');
	expect(checked.map((one) => attribute(one, 'value'))).toContain(await tokens(second));
	expect(checked.every((one) => attribute(one, 'checked') !== null)).toBe(true);
});

test('the answer draws the list anew, leads to them, and tells in a dialog what was refused', async () => {
	const all = { verb: 'status', status: 'active', client: await tokens(first, second) };
	const answer = read((await person.anna.htmx('/clients', '/clients/bulk', all)).body);
	expect(textOf(answer.byId('toast') as never)).toContain('Статус «Действующий» – 2 из 2 клиентов');
	const open = answer.byTag('a', answer.byId('toast') as never);
	expect(open.map((one) => attribute(one, 'href'))).toEqual(['/clients?status=active']);
	expect(textOf(answer.byId(`client-${first}`) as never)).toContain('Действующий');
	const mixed = { verb: 'tag', tag: 'Опт', client: `${await tokens(first)},${ABSENT}.1` };
	const told = read((await person.anna.htmx('/clients', '/clients/bulk', mixed)).body);
	expect(attribute(told.byId('bulk-verdicts') as never, 'data-keep')).toBe(String(ABSENT));
});
