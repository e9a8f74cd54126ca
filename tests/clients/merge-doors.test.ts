import { beforeAll, expect, test } from 'vitest';
import { createClient, editClient, type NewClient } from '#src/features/clients/actions.ts';
import { FOLLOWER_NAMES } from '#src/features/clients/merge/merge.ts';
import { createDeal } from '#src/features/deals/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Company, LOGINS, type Login, makeCompany, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const { db, pool } = database;
const served = await testApp(database);
const browsers = {} as Record<Login, Browser>;
let company: Company;

beforeAll(async () => {
	company = await makeCompany(db);
	for (const login of LOGINS) browsers[login] = await signIn(served, login);
});

const make = (login: Login, client: NewClient) =>
	createClient(db, by(company.people[login]), client);
const twins = async (login: Login = 'anna') =>
	[
		await make(login, { name: 'ООО «Ромашка»', inn: '7707083893', region: 'Тула' }),
		await make(login, {
			name: 'Ромашка',
			region: 'Омск',
			website: 'romashka.ru',
			contacts: [{ name: 'Ольга', phone: '123' }],
		}),
	] as [number, number];
const order = (ids: number[], more: Record<string, string | number> = {}) => ({
	version: ids.map((id) => `${id}:1`).join(','),
	survivorId: ids[0] as number,
	...more,
});
const clientOf = async (id: number) =>
	(await pool.query('select * from clients where id = $1', [id])).rows[0];

// What goes with its client (on delete cascade) is kept by triggers: nothing of it could be lost.
test('every table that names a client or a contact is known to merging and to removal', async () => {
	const { rows } = await pool.query(`
		select conrelid::regclass::text as "from", confrelid::regclass::text as "to" from pg_constraint
		where contype = 'f' and confdeltype <> 'c' and confrelid in ('clients'::regclass, 'contacts'::regclass)`);
	const naming = (table: string) =>
		[...new Set(rows.filter(({ to }) => to === table).map(({ from }) => from))].sort();
	const belongings = ['addresses', 'client_tags', 'contact_points', 'contacts'];
	expect(naming('clients')).toEqual([...belongings, ...FOLLOWER_NAMES, 'clients'].sort());
	expect(naming('contacts')).toEqual(['contact_points', 'interactions']);
});

test('the form shows what differs side by side, and what is chosen is what becomes', async () => {
	const [one, other] = await twins();
	const dealId = await createDeal(db, by(company.people.anna), {
		stageId: company.open[0].id,
		title: 'Печь',
		clientId: other,
		amount: null,
	});
	const page = read((await browsers.anna.get(`/clients/merge?ids=${other},${one}`)).body);
	const form = page.byTag('form').find((found) => attribute(found, 'action') === '/clients/merge');
	const checked = page.byTag('input', form).filter((input) => attribute(input, 'checked') !== null);
	const chosen = Object.fromEntries(
		checked.map((input) => [attribute(input, 'name'), attribute(input, 'value')]),
	);
	// Who has the deal stays by default; a value that only one has is no question.
	expect(chosen).toEqual({ survivorId: String(other), name: String(other), region: String(other) });
	const sent = { ...fieldsOf(page, form as never), survivorId: other, name: one, region: other };
	const answer = await browsers.anna.post('/clients/merge', sent);
	expect([answer.statusCode, answer.headers.location]).toEqual([303, `/clients/${other}`]);
	expect(await clientOf(other)).toMatchObject({
		...{ name: 'ООО «Ромашка»', inn: '7707083893', region: 'Омск', website: 'romashka.ru' },
		version: 2,
	});
	expect(await clientOf(one)).toMatchObject({ merged_into: other, version: 2 });
	const old = await browsers.anna.get(`/clients/${one}`);
	expect([old.statusCode, old.headers.location]).toEqual([303, `/clients/${other}`]);
	const { rows } = await pool.query(
		`select type, data from events where client_id = $1 and type = 'client.merged'`,
		[other],
	);
	expect(rows[0].data).toMatchObject({ names: ['ООО «Ромашка»'], moved: { deals: 0 } });
	expect((await browsers.anna.get(`/deals/${dealId}`)).body).toContain('ООО «Ромашка»');
});

test('any two can be merged, alike or not: the menu leads to a search, and what it finds to the form', async () => {
	const one = await make('anna', { name: 'ООО «Полюс»' });
	const other = await make('anna', { name: 'Ледовый двор', contacts: [{ name: 'Зимин Олег' }] });
	const hidden = await make('gleb', { name: 'Ледовый дворец' });
	const hrefs = async (path: string) => {
		const page = read((await browsers.anna.get(path)).body);
		return page.byTag('a').map((link) => attribute(link, 'href') ?? '');
	};
	const choosing = `/clients/candidates?ids=${one}`;
	expect(await hrefs(`/clients/${one}/menu`)).toContain(choosing);
	for (const q of ['лидовый', 'Зимин']) {
		const found = await hrefs(`${choosing}&q=${encodeURIComponent(q)}`);
		const forms = found.filter((href) => href.startsWith('/clients/merge?'));
		expect(forms.map((href) => href.split('&')[0])).toEqual([`/clients/merge?ids=${one},${other}`]);
		expect(found).not.toContain(`/clients/${hidden}`);
	}
	// The one itself is no candidate, and the form leads on to a third.
	const itself = await hrefs(`${choosing}&q=${encodeURIComponent('полюс')}`);
	expect(itself.filter((href) => href.startsWith('/clients/merge'))).toEqual([]);
	expect(await hrefs(`/clients/merge?ids=${one},${other}`)).toContain(
		`/clients/candidates?ids=${one},${other}`,
	);
	const status = async (query: string) =>
		(await browsers.anna.get(`/clients/candidates${query}`)).statusCode;
	expect(await status(`?ids=${hidden}&q=x`)).toBe(404);
	expect(await status(`?ids=${one},${hidden}`)).toBe(404);
	for (const query of ['', '?ids=', '?ids=x', `?ids=1,2,3,4,5,6,7,8,9,10&q=x`])
		expect(await status(query), query).toBe(400);
	const hostile = await make('anna', { name: '<img src=x onerror=alert(1)> Ледокол' });
	for (const path of [`${choosing}&q=<img`, `/clients/candidates?ids=${hostile}&q=ледовый`]) {
		const page = read((await browsers.anna.get(encodeURI(path))).body);
		expect(page.byTag('img'), path).toEqual([]);
	}
});

test('who types the old name means the client that remained', async () => {
	const [one, other] = [
		await make('anna', { name: 'Старое имя' }),
		await make('anna', { name: 'Новое имя' }),
	];
	await browsers.anna.json('/clients/merge', order([other, one]));
	const answer = await browsers.anna.json('/deals', {
		...{ stageId: company.open[0].id, title: 'Печь', clientName: 'старое имя' },
	});
	const { rows } = await pool.query('select client_id from deals order by id desc limit 1');
	expect([answer.statusCode, rows[0].client_id]).toEqual([200, other]);
});

test('a deal that moves says so in its history, and an open form of it notices', async () => {
	const [one, other] = await twins();
	const dealId = await createDeal(db, by(company.people.anna), {
		stageId: company.open[0].id,
		title: 'Печь',
		clientId: other,
		amount: null,
	});
	expect((await browsers.anna.json('/clients/merge', order([one, other]))).statusCode).toBe(200);
	const stale = await browsers.anna.json(`/deals/${dealId}/moves`, {
		version: 1,
		stageId: company.open[1].id,
	});
	expect(stale.statusCode).toBe(409);
	const { rows } = await pool.query(
		`select data from events where deal_id = $1 and type = 'deal.edited'`,
		[dealId],
	);
	expect(rows[0].data.changes).toEqual({ clientId: [other, one] });
});

test('a stale version of any of them is 409 with the choices kept; none is 428; nothing is written', async () => {
	const [one, other] = await twins();
	await editClient(db, by(company.people.anna), other, 1, { region: 'Тверь' });
	const before = await ledgerOf(database);
	const typed = order([one, other], { name: other });
	const answer = await browsers.anna.post('/clients/merge', typed);
	expect(answer.statusCode).toBe(409);
	const page = read(answer.body);
	expect(textOf(page.byId('form-problem') as never)).toContain('Анна Соколова');
	const kept = page
		.byTag('input')
		.filter((input) => attribute(input, 'name') === 'name' && attribute(input, 'checked') !== null);
	expect(kept.map((input) => attribute(input, 'value'))).toEqual([String(other)]);
	expect(answer.body).toContain(`${other}:2`);
	expect((await browsers.anna.json('/clients/merge', typed)).statusCode).toBe(409);
	expect((await browsers.anna.json('/clients/merge', { survivorId: one })).statusCode).toBe(428);
	for (const version of ['x', `${one}:1`, `${one}:1,${one}:1`, `${one}:0,${other}:1`])
		expect(
			(await browsers.anna.json('/clients/merge', { ...typed, version })).statusCode,
			version,
		).toBe(422);
	expect((await browsers.anna.json('/clients/merge', { ...typed, password: 1 })).statusCode).toBe(
		400,
	);
	expect(await ledgerOf(database)).toEqual(before);
});

test('one merges what one sees and answers for: a deal with somebody’s client is not enough', async () => {
	const [one] = await twins();
	const foreign = await make('gleb', { name: 'Глеба' });
	const shared = await make('boris', { name: 'Бориса' });
	await makeDeal(db, company, 'anna', { clientId: shared });
	const before = await ledgerOf(database);
	const tried = async (login: Login, ids: number[]) => [
		(await browsers[login].get(`/clients/merge?ids=${ids}`)).statusCode,
		(await browsers[login].json('/clients/merge', order(ids))).statusCode,
	];
	expect(await tried('anna', [one, foreign])).toEqual([404, 404]);
	expect(await tried('vera', [one, foreign])).toEqual([404, 404]);
	expect(await tried('anna', [one, shared])).toEqual([403, 403]);
	expect(await ledgerOf(database)).toEqual(before);
	expect(await tried('vera', [one, shared])).toEqual([200, 200]);
	expect((await browsers.vera.get(`/clients/merge?ids=${[one, shared]}`)).statusCode).toBe(422);
});

test('an administrator undoes a merge; what changed since stays and is told', async () => {
	const [one, other] = await twins();
	const { mergeId } = (
		await browsers.anna.json('/clients/merge', order([one, other], { name: other }))
	).json();
	await editClient(db, by(company.people.anna), one, 2, { region: 'Тверь', name: 'Ромашка-2' });
	await pool.query(`delete from contact_points where client_id = $1`, [one]);
	const url = `/merges/${mergeId}`;
	for (const login of ['anna', 'vera', 'ada'] as const) {
		const page = read((await browsers[login].get(url)).body);
		const forms = page.byTag('form').map((form) => attribute(form, 'action'));
		expect(forms.includes(`${url}/undoing`), login).toBe(login === 'ada');
	}
	expect((await browsers.gleb.get(url)).statusCode).toBe(404);
	expect((await browsers.vera.json(`${url}/undoing`, { version: 1 })).statusCode).toBe(403);
	expect((await browsers.ada.json(`${url}/undoing`, {})).statusCode).toBe(428);
	expect((await browsers.ada.json(`${url}/undoing`, { version: 2 })).statusCode).toBe(409);
	const undone = await browsers.ada.json(`${url}/undoing`, { version: 1 });
	expect(undone.json()).toMatchObject({ kept: ['name'], stayed: 1, names: ['Ромашка'] });
	expect(await clientOf(one)).toMatchObject({ name: 'Ромашка-2', region: 'Тверь', website: null });
	expect(await clientOf(other)).toMatchObject({ merged_into: null, archived_at: null });
	expect((await browsers.ada.post(`${url}/undoing`, { version: 2 })).statusCode).toBe(422);
});

test('merges are undone backwards, and a chain of them leads to the last', async () => {
	const [one, other] = await twins();
	const [third, fourth] = await twins();
	const merge = async (ids: number[], version: string) =>
		(await browsers.ada.json('/clients/merge', { ...order(ids), version })).json().mergeId;
	const first = await merge([one, other], `${one}:1,${other}:1`);
	const second = await merge([third, one], `${third}:1,${one}:2`);
	expect((await browsers.anna.get(`/clients/${other}`)).headers.location).toBe(`/clients/${third}`);
	const early = await browsers.ada.post(`/merges/${first}/undoing`, { version: 1 });
	expect([early.statusCode, early.body.includes('более позднее')]).toEqual([422, true]);
	expect((await browsers.ada.json(`/merges/${second}/undoing`, { version: 1 })).statusCode).toBe(
		200,
	);
	expect((await browsers.ada.json(`/merges/${first}/undoing`, { version: 1 })).statusCode).toBe(
		200,
	);
	expect(await clientOf(other)).toMatchObject({ merged_into: null });
	expect((await browsers.anna.get(`/clients/merge?ids=${[fourth, fourth]}`)).statusCode).toBe(400);
});

test('two merges of the same clients at once: one is done, the other is told', async () => {
	const [one, other] = await twins();
	const answers = await Promise.all([
		browsers.anna.json('/clients/merge', order([one, other])),
		browsers.vera.json('/clients/merge', order([other, one])),
	]);
	expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
});

test('hostile names are text on the form, in the toast and on the page of a merge', async () => {
	const name = '<img src=x onerror=alert(1)>"\'';
	const ids = [
		await make('anna', { name, note: name }),
		await make('anna', { name: `${name}2`, note: '=cmd' }),
	];
	const form = await browsers.anna.get(`/clients/merge?ids=${ids}`);
	const { mergeId } = (await browsers.anna.json('/clients/merge', order(ids))).json();
	for (const answer of [
		form,
		await browsers.anna.get(`/merges/${mergeId}`),
		await browsers.anna.get(`/clients/${ids[0]}/menu`),
	]) {
		expect(answer.statusCode).toBe(200);
		expect(read(answer.body).byTag('img')).toEqual([]);
		expect(answer.body).toContain('&lt;img');
	}
});
