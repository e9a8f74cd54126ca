import { beforeAll, beforeEach, expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { listKinds } from '#src/features/interactions/queries.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
const HOSTILE = '<img src=x onerror=alert(1)>';

let cast: Cast;
let ada: Browser;
let anna: Browser;
let dealId: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[ada, anna] = [await signIn(served, 'ada'), await signIn(served, 'anna')];
});
beforeEach(async () => {
	dealId = (await makeDeal(db, cast, 'anna', { title: 'Печь' })).id;
});

const kinds = async () => await listKinds(db, 'all');
const named = async (name: string) => {
	const found = (await kinds()).find((kind) => kind.name === name);
	if (found === undefined) throw new Error(`no kind ${name}`);
	return found;
};
const made = async (name: string, more: Record<string, unknown> = {}): Promise<number> => {
	const fields = { name, icon: 'flag', nextInDays: 3, ...more };
	const answer = await ada.json('/admin/kinds', fields);
	expect(answer.statusCode, answer.body).toBe(200);
	return answer.json().kindId;
};
const stepOf = (kindId: number) =>
	planInteraction(db, by(cast.people.anna), dealId, {
		...{ kindId, summary: 'Шаг', plan: { plannedOn: '2026-11-24' } },
	});

test('every kind of the beginning suggests a call after it, in its days, and «Сделано» is drawn with it', async () => {
	const { rows } = await pool.query(
		`select k.code, n.code as next, k.next_in_days as days from interaction_kinds k
		left join interaction_kinds n on n.id = k.next_kind_id
		where k.code in ('call', 'meeting', 'email', 'proposal', 'task', 'other') order by k.position`,
	);
	expect(rows.map(({ code, next, days }) => [code, next, days])).toEqual([
		['call', 'call', 5],
		['meeting', 'call', 2],
		['email', 'call', 2],
		['proposal', 'call', 3],
		['task', 'call', 1],
		['other', 'call', 1],
	]);
	const meeting = await stepOf((await named('Встреча')).id);
	const form = read((await anna.get(`/interactions/${meeting}/completion/new`)).body);
	const chosen = form.byTag('option').filter((one) => attribute(one, 'selected') !== null);
	expect(chosen.map((one) => textOf(one).trim())).toContain('Звонок');
	expect(attribute(form.byId('f-plannedDay') as never, 'value')).toBe('2026-11-26');
});

test('a new kind is offered at once, with its symbol; one of the same name is refused', async () => {
	await made('Осмотр', { icon: 'flag', lengthMinutes: 90 });
	const form = await anna.get(`/deals/${dealId}/interactions/new`);
	expect(form.body).toContain('Осмотр');
	const before = await ledgerOf(database);
	const again = await ada.post('/admin/kinds', { name: 'осмотр', icon: 'flag', nextInDays: '1' });
	expect(again.statusCode).toBe(422);
	expect(again.body).toContain('Такое название уже есть.');
	expect(again.body).toContain('value="осмотр"');
	for (const wrong of [
		{ icon: 'skull' },
		{ nextInDays: 'x' },
		{ nextKindId: 999_999 },
		{ name: '' },
	])
		expect(
			(await ada.json('/admin/kinds', { name: 'Иной', icon: 'flag', nextInDays: 1, ...wrong }))
				.statusCode,
			JSON.stringify(wrong),
		).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
});

test('what usually comes next is what finishing suggests: its kind, in so many working days', async () => {
	const meeting = await named('Встреча');
	const kindId = await made('Выезд', { nextKindId: meeting.id, nextInDays: 3 });
	const step = await stepOf(kindId);
	const form = read((await anna.get(`/interactions/${step}/completion/new`)).body);
	const chosen = form
		.byTag('option')
		.filter((one) => one.attrs.some(({ name }) => name === 'selected'))
		.map((one) => textOf(one).trim());
	expect(chosen).toContain('Встреча');
	// Tuesday the 24th of November, and three working days.
	expect(JSON.stringify(form.byTag('input').map(({ attrs }) => attrs))).toContain('2026-11-27');
	const done = await anna.json(`/interactions/${step}/completion`, { version: 1 });
	expect(done.json().needsNext).toEqual({ kindId: meeting.id, day: '2026-11-27' });
});

test('a kind that is out of use is offered no more and suggested no more; what is of it stays and can be edited', async () => {
	const gone = await made('Факс');
	const kindId = await made('Телеграмма', { nextKindId: gone });
	const [step, faxed] = [await stepOf(kindId), await stepOf(gone)];
	const off = await ada.json(`/admin/kinds/${gone}/activity`, { version: 1 });
	expect(off.statusCode, off.body).toBe(200);
	expect((await anna.get(`/deals/${dealId}/interactions/new`)).body).not.toContain('Факс');
	expect((await anna.get(`/interactions/${faxed}/edit`)).body).toContain('Факс');
	const edit = { version: 1, place: 'Тут' };
	expect((await anna.json(`/interactions/${faxed}`, edit)).statusCode).toBe(200);
	// The form of the other one keeps what it said.
	const form = await ada.get(`/admin/kinds/${kindId}/edit`);
	expect(form.body).toMatch(/<option value="\d+" selected>Факс/);
	await anna.json(`/interactions/${faxed}/cancellation`, { version: 2 });
	const done = await anna.json(`/interactions/${step}/completion`, { version: 1 });
	expect(done.json().needsNext.kindId).toBe(kindId);
	const back = await ada.json(`/admin/kinds/${gone}/activity`, { version: 2, active: '1' });
	expect(back.statusCode).toBe(200);
});

test('the order is that of every form; up and down, and at its ends nothing', async () => {
	const order = async () => (await kinds()).map(({ name }) => name);
	const before = await order();
	const meeting = await named('Встреча');
	await ada.post(`/admin/kinds/${meeting.id}/position`, { version: meeting.version, way: 'up' });
	const [first, second, ...rest] = before;
	expect(await order()).toEqual([second, first, ...rest]);
	const { version } = await named('Встреча');
	await ada.post(`/admin/kinds/${meeting.id}/position`, { version, way: 'up' });
	expect(await order()).toEqual([second, first, ...rest]);
	await ada.post(`/admin/kinds/${meeting.id}/position`, { version, way: 'down' });
	expect(await order()).toEqual(before);
});

test('one that is used is not taken away: it is told by how many; nor one that the program knows, nor the last', async () => {
	const kindId = await made('Замер');
	await stepOf(kindId);
	await stepOf(kindId);
	const used = await ada.post(`/admin/kinds/${kindId}/removal`, { version: '1' });
	expect(used.statusCode).toBe(422);
	expect(used.body).toContain('с ним 2 взаимодействия');
	const call = await named('Звонок');
	const own = await ada.json(`/admin/kinds/${call.id}/removal`, { version: call.version });
	expect(own.statusCode).toBe(422);
	expect(own.json().error.message).toContain('нужен самой программе');
	const spare = await made('Лишний');
	const next = await made('После лишнего', { nextKindId: spare });
	expect((await ada.json(`/admin/kinds/${spare}/removal`, { version: 1 })).statusCode).toBe(200);
	expect((await kinds()).find(({ id }) => id === next)).toMatchObject({
		...{ nextKindId: null, version: 2 },
	});
	await pool.query('update interaction_kinds set active = (id = $1)', [call.id]);
	const last = await ada.json(`/admin/kinds/${call.id}/activity`, { version: call.version });
	expect(last.statusCode).toBe(422);
	await pool.query('update interaction_kinds set active = true');
});

test('a stale version is refused and nothing typed is lost; each change stands in the history once', async () => {
	const kindId = await made('Опрос');
	const fields = { icon: 'mail', nextInDays: '2' };
	const save = (version: string, name: string) =>
		ada.post(`/admin/kinds/${kindId}`, { ...fields, version, name });
	expect((await save('1', 'Опрос по почте')).statusCode).toBe(303);
	const before = await ledgerOf(database);
	const stale = await save('1', 'Опрос по телефону');
	expect(stale.statusCode).toBe(409);
	expect(stale.body).toContain('Опрос по телефону');
	for (const path of ['/position', '/activity', '/removal']) {
		const body = path === '/position' ? { way: 'up' } : {};
		const old = await ada.json(`/admin/kinds/${kindId}${path}`, { ...body, version: 1 });
		expect(old.statusCode, path).toBe(409);
		const bare = await ada.json(`/admin/kinds/${kindId}${path}`, body);
		expect(bare.statusCode, path).toBe(428);
	}
	expect(await ledgerOf(database)).toEqual(before);
	await save('2', 'Опрос по почте');
	const { rows } = await pool.query(
		`select type from events where (data->>'kindId')::bigint = $1 order by id`,
		[kindId],
	);
	expect(rows.map(({ type }) => type)).toEqual(['kind.created', 'kind.edited']);
});

test('a name that is a tag stays text wherever it shows; the page has it for administrators alone', async () => {
	const kindId = await made(HOSTILE);
	await stepOf(kindId);
	for (const [person, url] of [
		[ada, '/admin/kinds'],
		[ada, `/admin/kinds/${kindId}/edit`],
		[anna, '/agenda'],
		[anna, '/agenda/print?day=2026-11-24'],
		[anna, '/calendar'],
		[anna, `/deals/${dealId}`],
		[anna, '/board'],
	] as const) {
		const { body, statusCode } = await person.get(url);
		expect([url, statusCode, body.includes('<img src=x')]).toEqual([url, 200, false]);
	}
	expect((await anna.get('/admin/kinds')).statusCode).toBe(403);
	expect((await anna.get('/board')).body).not.toContain('href="/admin"');
	expect((await ada.get('/admin')).body).toContain('href="/admin/kinds"');
});
