import { beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { editDeal } from '#src/features/deals/deal/editing.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { type Answer, type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

/* The doors of merging deals: from the menu over a search to both side by side, and back by the message or the menu. */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
let cast: Cast;
const person = {} as Record<Login, Browser>;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) person[login] = await signIn(served, login);
});

const rowOf = async (id: number) =>
	(await pool.query('select * from deals where id = $1', [id])).rows[0];
const hrefs = async (login: Login, path: string) => {
	const page = read((await person[login].get(path)).body);
	return page.byTag('a').map((link) => attribute(link, 'href') ?? '');
};

let made = 0;
/** Two deals of Anna's with one client, a step on the second. */
async function twins() {
	made += 1;
	const anna = by(cast.people.anna);
	const clientId = await createClient(db, anna, { name: `ООО «Двойня ${made}»` });
	const make = async (title: string, amount: string) =>
		(await makeDeal(db, cast, 'anna', { title, clientId, amount })).id;
	const [one, other] = [
		await make(`Гравёр ${made}`, '100.00'),
		await make(`Станок ${made}`, '70.00'),
	];
	const plan = { plannedOn: '2026-12-01' };
	const step = await planInteraction(db, anna, other, { kindId: 1, summary: 'Замер', plan });
	return { one, other, step, clientId };
}
const order = (survivorId: number, mergedId: number, more: Record<string, unknown> = {}) => ({
	...{ version: `${survivorId}:1,${mergedId}:1`, survivorId, ...more },
});

async function undo(login: Login, from: string, answer: Answer): Promise<Answer> {
	const page = read(answer.body);
	const [form] = page.byTag('form', page.byId('toast') ?? undefined);
	const to = attribute(form as never, 'hx-post') ?? '';
	return await person[login].htmx(from, to, fieldsOf(page, form as never));
}

test('the menu leads to the other deals of the client and to a search, and those to both side by side', async () => {
	const { one, other } = await twins();
	const hidden = await makeDeal(db, cast, 'gleb', { title: 'Гравёр Глеба' });
	const [far] = [(await makeDeal(db, cast, 'boris', { title: 'Полотно' })).id];
	const choosing = `/deals/${one}/candidates`;
	expect(await hrefs('anna', `/deals/${one}/menu`)).toContain(choosing);
	const forms = async (login: Login, path: string) =>
		(await hrefs(login, path)).flatMap(
			(href) => /^\/deals\/merge\?ids=[\d,]+/.exec(href)?.[0] ?? [],
		);
	expect(await forms('anna', choosing)).toEqual([`/deals/merge?ids=${one},${other}`]);
	// One that may not be changed is no candidate, nor the deal itself.
	expect(await forms('anna', encodeURI(`${choosing}?q=гравёр`))).not.toContain(
		`/deals/merge?ids=${one},${hidden.id}`,
	);
	expect(await forms('vera', encodeURI(`${choosing}?q=полотно`))).toEqual([
		`/deals/merge?ids=${one},${far}`,
	]);
	expect(await forms('anna', `${choosing}?q=${one}`)).toEqual([]);
	const page = read((await person.anna.get(`/deals/merge?ids=${one},${other}`)).body);
	const form = page.byTag('form').find((one) => attribute(one, 'action') === '/deals/merge');
	const checked = page.byTag('input', form).filter((input) => attribute(input, 'checked') !== null);
	const chosen = checked.map((input) => [attribute(input, 'name'), attribute(input, 'value')]);
	// The one with a step stays by default; what both say alike is no question.
	expect(Object.fromEntries(chosen)).toEqual({
		...{ survivorId: String(other), title: String(other), amount: String(other) },
	});
	expect((await person.gleb.get(`/deals/merge?ids=${one},${other}`)).statusCode).toBe(404);
	for (const ids of ['', `${one}`, `${one},${one}`, `${one},x`, `${one},${other},${far}`])
		expect((await person.anna.get(`/deals/merge?ids=${ids}`)).statusCode, ids).toBe(400);
});

test('one press merges: the other one is shown nowhere, its address leads to the kept one, whose history tells it', async () => {
	const { one, other, step, clientId } = await twins();
	const path = `/deals/merge?ids=${one},${other}`;
	const page = read((await person.anna.get(path)).body);
	const form = page.byTag('form').find((found) => attribute(found, 'action') === '/deals/merge');
	const fields = { ...fieldsOf(page, form as never), survivorId: one, title: other, amount: one };
	const answer = await person.anna.post('/deals/merge', fields);
	expect([answer.statusCode, answer.headers.location]).toEqual([303, `/deals/${one}`]);
	const title = (await rowOf(other)).title;
	expect(await rowOf(one)).toMatchObject({ title, amount: '100.00', version: 2 });
	const old = await person.anna.get(`/deals/${other}`);
	expect([old.statusCode, old.headers.location]).toEqual([303, `/deals/${one}`]);
	const mark = `id="deal-${other}"`;
	for (const url of [
		...['/board', '/board?view=dates', `/board?q=${other}`, '/deals', `/deals?q=${other}&kind=all`],
		...['/deals?archived=only', '/deals?archived=with', `/deals?archived=with&q=${other}&kind=all`],
	])
		expect((await person.anna.get(url)).body.includes(mark), url).toBe(false);
	const table = (await person.anna.get(`/clients/${clientId}`)).body;
	expect(/id="client-deals".*?<\/section>/s.exec(table)?.[0]).not.toContain(
		`href="/deals/${other}"`,
	);
	const file = (await person.ada.get('/deals/export?format=csv&archived=with&kind=all')).body;
	const numbers = file.split('\n').map((line) => line.split(';')[0]?.replaceAll('"', ''));
	expect(numbers).toContain(String(one));
	expect(numbers).not.toContain(String(other));
	// Its step is the kept one's.
	const agenda = read((await person.anna.get('/agenda')).body);
	const links = agenda.byTag('a', agenda.byId(`step-${step}`) ?? undefined);
	expect(links.map((link) => attribute(link, 'href'))).toContain(`/deals/${one}`);
	const history = textOf(read((await person.anna.get(`/deals/${one}`)).body).byId('work') as never);
	expect(history).toContain(`Объединён с интересом «${title}»`);
	expect(history).toContain('перенесён 1 шаг');
	expect(history).toContain('Замер');
	const audit = (await person.ada.get(`/admin/audit?record=deal:${one}`)).body;
	expect(audit).toContain('Интерес объединён с другим');
});

test('the message takes it back, and so does the menu of the kept one', async () => {
	const { one, other } = await twins();
	const answer = await person.anna.htmx(
		`/deals/merge?ids=${one},${other}`,
		'/deals/merge',
		order(one, other),
	);
	expect(answer.headers['hx-redirect']).toBe(`/deals/${one}`);
	const cookie = [answer.headers['set-cookie']].flat().find((one) => one?.includes('flash')) ?? '';
	const told = await person.anna.get(`/deals/${one}`, {
		cookie: `${person.anna.cookie}; ${cookie.split(';')[0]}`,
	});
	const back = await undo('anna', `/deals/${one}`, told);
	expect(back.statusCode, back.body).toBe(200);
	expect(back.body).toContain('Объединение отменено');
	expect(await rowOf(other)).toMatchObject({ merged_into: null, archived_at: null, version: 3 });
	const again = await person.anna.json('/deals/merge', {
		...order(one, other),
		version: `${one}:3,${other}:3`,
	});
	expect(again.json()).toMatchObject({ survivorId: one, mergedId: other, mergedVersion: 4 });
	const menu = read((await person.anna.get(`/deals/${one}/menu`)).body);
	const form = menu
		.byTag('form')
		.find((found) => attribute(found, 'action') === `/deals/${other}/separation`);
	const undone = await person.anna.post(
		`/deals/${other}/separation`,
		fieldsOf(menu, form as never),
	);
	expect([undone.statusCode, (await rowOf(other)).merged_into]).toEqual([303, null]);
});

test('two at once: one is done, the other is told; what was looked at in another version is 409 with the choices kept', async () => {
	const { one, other } = await twins();
	const answers = await Promise.all([
		person.anna.json('/deals/merge', order(one, other)),
		person.vera.json('/deals/merge', order(other, one)),
	]);
	const statuses = answers.map(({ statusCode }) => statusCode).sort();
	// Who comes second finds a deal of another version, or none that could still be merged.
	expect([
		[200, 409],
		[200, 422],
	]).toContainEqual(statuses);
	const pair = await twins();
	await editDeal(db, by(cast.people.vera), pair.other, 1, { source: 'Сайт' });
	const before = await ledgerOf(database);
	const typed = order(pair.one, pair.other, { title: pair.other });
	const stale = await person.anna.post('/deals/merge', typed);
	expect(stale.statusCode).toBe(409);
	const page = read(stale.body);
	expect(textOf(page.byId('form-problem') as never)).toContain('Вера Павлова');
	const kept = page
		.byTag('input')
		.filter(
			(input) => attribute(input, 'name') === 'title' && attribute(input, 'checked') !== null,
		);
	expect(kept.map((input) => attribute(input, 'value'))).toEqual([String(pair.other)]);
	expect(stale.body).toContain(`${pair.other}:2`);
	expect((await person.anna.json('/deals/merge', { survivorId: pair.one })).statusCode).toBe(428);
	for (const version of ['x', `${pair.one}:1`, `${pair.one}:1,${pair.one}:1`])
		expect(
			(await person.anna.json('/deals/merge', { ...typed, version })).statusCode,
			version,
		).toBe(422);
	expect((await person.anna.json('/deals/merge', { ...typed, archivedAt: 1 })).statusCode).toBe(
		400,
	);
	expect(await ledgerOf(database)).toEqual(before);
});

test('who may not change both merges nothing, and takes nothing apart', async () => {
	const { one, other } = await twins();
	const foreign = (await makeDeal(db, cast, 'gleb', { title: 'Не ваш' })).id;
	const before = await ledgerOf(database);
	expect((await person.gleb.json('/deals/merge', order(one, other))).statusCode).toBe(404);
	expect((await person.anna.json('/deals/merge', order(one, foreign))).statusCode).toBe(404);
	expect((await person.gleb.get(`/deals/${one}/candidates`)).statusCode).toBe(404);
	expect(await ledgerOf(database)).toEqual(before);
	await person.anna.json('/deals/merge', order(one, other));
	const url = `/deals/${other}/separation`;
	expect((await person.gleb.json(url, { version: 2 })).statusCode).toBe(404);
	expect((await person.anna.json(url, { version: 9 })).statusCode).toBe(409);
	expect((await person.anna.json(url, {})).statusCode).toBe(428);
	expect((await person.anna.json(`/deals/${one}/separation`, { version: 2 })).statusCode).toBe(422);
	// A colleague whose page of it is open is led on, and changes nothing there.
	const seen = await person.anna.htmx(`/deals/${other}`, `/deals/${other}`, {
		version: 2,
		title: 'Ещё',
	});
	expect(seen.statusCode).toBe(422);
	const live = await person.anna.get('/live/page', {
		...{ 'hx-request': 'true', 'hx-current-url': `http://localhost/deals/${other}` },
	});
	expect(live.body).toContain(`href="/deals/${one}"`);
	expect(live.body).toContain('Объединён с интересом');
});

test('titles are text on the search, on the form, in the message and in the history', async () => {
	const { one, other, clientId } = await twins();
	const title = '<img src=x onerror=alert(1)>"\'';
	await editDeal(db, by(cast.people.anna), other, 1, { title });
	const pages = [
		await person.anna.get(`/deals/${one}/candidates`),
		await person.anna.get(`/deals/merge?ids=${one},${other}`),
	];
	await person.anna.json('/deals/merge', { ...order(one, other), version: `${one}:1,${other}:2` });
	pages.push(await person.anna.get(`/deals/${one}`), await person.anna.get(`/deals/${one}/menu`));
	pages.push(await person.anna.get(`/clients/${clientId}`));
	for (const answer of pages) {
		expect(answer.statusCode).toBe(200);
		expect(read(answer.body).byTag('img')).toEqual([]);
		expect(answer.body).toContain('&lt;img');
	}
});

// What a deal has besides moves to the kept one or stays with a row that stays: a new table has to be thought of.
test('every table that names a deal is known to merging', async () => {
	const { rows } = await pool.query(`
		select conrelid::regclass::text as name from pg_constraint
		where contype = 'f' and confdeltype <> 'c' and confrelid = 'deals'::regclass order by 1`);
	const moved = ['interactions'];
	const added = ['deal_collaborators', 'deal_products', 'deal_tags'];
	const history = ['stage_changes'];
	expect(rows.map(({ name }) => name)).toEqual([...moved, ...added, ...history, 'deals'].sort());
});
