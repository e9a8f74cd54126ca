import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, LOGINS, type Login, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { pool } = database;

let cast: Cast;
const person = {} as Record<Login | 'dina', Browser>;

beforeAll(async () => {
	cast = await makeCast(database.db);
	// Dina is in a team below Vera's.
	await pool.query(`
		with sub as (insert into teams (name, parent_id) select 'Стажёры', team_id from people where login = 'vera'
			returning id)
		insert into people (login, name, role, team_id) select 'dina', 'Дина Орлова', 'manager', id from sub`);
	for (const login of [...LOGINS, 'dina'] as const)
		person[login] = await signIn(served, login as Login);
});
beforeEach(async () => {
	await pool.query('truncate saved_filters restart identity cascade');
});

const save = async (login: Login | 'dina', fields: Fields) => {
	const answer = await person[login].json('/filters', {
		screen: 'deals',
		query: 'idle=1',
		...fields,
	});
	return { status: answer.statusCode, id: (answer.json() as { id?: number }).id as number };
};
const one = async (id: number) =>
	(await pool.query('select * from saved_filters where id = $1', [id])).rows[0];

/** The names in the menu of a screen, and where they lead. */
async function menu(login: Login | 'dina', url = '/deals'): Promise<Record<string, string>> {
	const page = read((await person[login].get(url)).body);
	const links = page.byTag('a', page.byId('saved-filters') ?? undefined);
	return Object.fromEntries(
		links
			.filter((link) => page.byTag('b', link).length > 0)
			.map((link) => [
				textOf(page.byTag('b', link)[0] as never).trim(),
				attribute(link, 'href') ?? '',
			]),
	);
}

test('keeps what the screen knows of an address, each key once, and leaves out the rest', async () => {
	const query =
		'stage=2&stage=3&q=печь&after=x&shown=100&evil=1&__proto__=1&sort=-amount&period=&owner=me&returnTo=/x';
	const { id } = await save('anna', { name: 'Большие', query });
	expect((await one(id)).query).toBe(
		'owner=me&q=%D0%BF%D0%B5%D1%87%D1%8C&stage=2%2C3&sort=-amount',
	);
	const links = await menu('anna');
	expect(Object.keys(links)).toEqual(['Большие']);
	expect((await person.anna.get(links.Большие as string)).statusCode).toBe(200);
	expect(await menu('anna', '/board')).toEqual({});
});

test('the menu tells which one is in force, on board and list', async () => {
	for (const [screen, url] of [
		['board', '/board?period=today&view=dates'],
		['deals', '/deals?period=today'],
	] as const) {
		await save('anna', { screen, name: `Сегодня ${screen}`, query: url.split('?')[1] });
		const page = read((await person.anna.get(url)).body);
		const summary = page.byTag('summary', page.byId('saved-filters') ?? undefined)[0];
		expect(textOf(summary as never).trim()).toBe(`Сегодня ${screen}`);
	}
});

test('a name is taken once a person and screen, whatever its case; blank and endless ones are refused', async () => {
	expect((await save('anna', { name: 'Мои' })).status).toBe(200);
	expect((await save('anna', { name: 'мОИ' })).status).toBe(422);
	expect((await save('anna', { name: 'Мои', screen: 'board' })).status).toBe(200);
	expect((await save('boris', { name: 'Мои' })).status).toBe(200);
	for (const name of ['', '   ', 'ы'.repeat(101), 'a\0b'])
		expect((await save('anna', { name })).status, name).toBe(422);
	const { id } = await save('anna', { name: 'Другой' });
	const answer = await person.anna.json(`/filters/${id}`, { version: 1, name: 'МОИ' });
	expect(answer.statusCode).toBe(422);
	const twice = await Promise.all([1, 2, 3].map(() => save('vera', { name: 'Разом' })));
	expect(twice.map(({ status }) => status).sort()).toEqual([200, 422, 422]);
});

test('what is shared is seen by the team, its sub-teams and its head; nobody else', async () => {
	await save('anna', { name: 'Своё' });
	await save('anna', { name: 'Общее', visibleTo: 'team' });
	await save('dina', { name: 'Стажёрское', visibleTo: 'team' });
	await save('ada', { name: 'Для всех', visibleTo: 'team' });
	expect(Object.keys(await menu('anna')).sort()).toEqual(['Для всех', 'Общее', 'Своё']);
	expect(Object.keys(await menu('boris')).sort()).toEqual(['Для всех', 'Общее']);
	expect(Object.keys(await menu('dina')).sort()).toEqual(['Для всех', 'Общее', 'Стажёрское']);
	expect(Object.keys(await menu('vera')).sort()).toEqual(['Для всех', 'Общее', 'Стажёрское']);
	expect(Object.keys(await menu('gleb'))).toEqual(['Для всех']);
});

test('a team-mate’s filter shows one’s own deals, not the team-mate’s', async () => {
	await save('anna', { name: 'Тесто', query: 'q=тестомес&kind=all', visibleTo: 'team' });
	const url = (await menu('boris')).Тесто as string;
	expect((await person.anna.get(url)).body).toContain('>Тестомес</a>');
	expect((await person.boris.get(url)).body).not.toContain('>Тестомес</a>');
});

test('its owner and the head change it, with its version; a team-mate sees it, others do not', async () => {
	const { id } = await save('anna', { name: 'Общее', visibleTo: 'team' });
	const before = await ledgerOf(database);
	for (const [login, status] of [
		['boris', 403],
		['dina', 403],
		['gleb', 404],
	] as const) {
		for (const call of ['', '/removal'])
			expect(
				(await person[login].json(`/filters/${id}${call}`, { version: 1 })).statusCode,
				login + call,
			).toBe(status);
		expect((await person[login].get(`/filters/${id}/edit`)).statusCode, login).toBe(status);
	}
	expect(await ledgerOf(database)).toEqual(before);
	const unshared = await person.vera.json(`/filters/${id}`, { version: 1, visibleTo: 'me' });
	expect(unshared.statusCode).toBe(200);
	expect(await one(id)).toMatchObject({ shared: false, version: 2, owner_id: cast.people.anna.id });
	// Not shared any more: the head sees it no more.
	expect((await person.vera.json(`/filters/${id}`, { version: 2, name: 'x' })).statusCode).toBe(
		404,
	);
	const renamed = { version: 2, name: 'Новое', take: '1', query: 'period=today&page=2' };
	expect((await person.anna.json(`/filters/${id}`, renamed)).statusCode).toBe(200);
	expect(await one(id)).toMatchObject({ name: 'Новое', query: 'period=today', version: 3 });
	expect((await person.anna.json(`/filters/${id}/removal`, { version: 3 })).statusCode).toBe(200);
	expect(await one(id)).toBeUndefined();
	const events = await pool.query(`select type from events where type like 'filter.%' order by id`);
	expect(events.rows.slice(-4).map(({ type }) => type)).toEqual([
		...['filter.saved', 'filter.changed', 'filter.changed', 'filter.removed'],
	]);
});

test('a stale version is a conflict that shows both names and loses nothing typed', async () => {
	const { id } = await save('anna', { name: 'Первое' });
	await person.anna.json(`/filters/${id}`, { version: 1, name: 'Второе' });
	const before = await ledgerOf(database);
	for (const call of ['', '/removal']) {
		expect((await person.anna.json(`/filters/${id}${call}`, {})).statusCode).toBe(428);
		for (const version of [1, 3])
			expect((await person.anna.json(`/filters/${id}${call}`, { version })).statusCode).toBe(409);
	}
	const answer = await person.anna.post(`/filters/${id}`, { version: 1, name: 'Третье' });
	expect(answer.statusCode).toBe(409);
	const page = read(answer.body);
	const form = page.byTag('form').find((one) => attribute(one, 'action') === `/filters/${id}`);
	expect(fieldsOf(page, form as never)).toMatchObject({ version: '2', name: 'Третье' });
	expect(textOf(page.byId('c-name') as never)).toContain('Второе');
	expect(await ledgerOf(database)).toEqual(before);
});

test('without scripts: a form as a page, then back where one was, with a word', async () => {
	const page = read((await person.anna.get('/filters/new?screen=board&query=idle%3D1')).body);
	const form = page.byTag('form').find((one) => attribute(one, 'action') === '/filters');
	const fields = fieldsOf(page, form as never);
	const answer = await person.anna.post('/filters', {
		...{ ...fields, name: 'Забытые', returnTo: '/board?idle=1' },
	});
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/board?idle=1']);
	expect(await menu('anna', '/board')).toEqual({ Забытые: '/board?idle=1' });
	const evil = await person.anna.post('/filters', {
		...{ ...fields, key: undefined, name: 'Чужой сайт', returnTo: '//evil.example' },
	});
	expect(evil.headers.location).toBe('/board');
});

test('the answer to scripts is the menu anew, on whichever screen one is', async () => {
	const fields = { screen: 'deals', name: 'Сегодня', query: 'period=today' };
	const answer = await person.anna.htmx('/deals?period=today', '/filters', fields);
	expect(answer.statusCode).toBe(200);
	const summary = read(answer.body).byTag('summary')[0];
	expect(textOf(summary as never).trim()).toBe('Сегодня');
});

test('hostile names stay text, hostile addresses stay on this site', async () => {
	const hostile = [
		'<img src=x onerror=alert(1)>',
		'"><script>alert(1)</script>',
		"'; drop table saved_filters; --",
		'\u202Eтекст наоборот',
		'=HYPERLINK("http://evil")',
		'{{7*7}}<%= 7*7 %>',
	];
	for (const [n, name] of hostile.entries())
		await save('anna', {
			name,
			query: `q=${encodeURIComponent(name)}&evil=${n}`,
			visibleTo: 'team',
		});
	await save('anna', { name: 'Адрес', query: 'https://evil.example/?q=1' });
	const links = await menu('boris');
	expect(Object.keys(links).sort()).toEqual([...hostile].sort());
	for (const [name, url] of Object.entries({ ...links, ...(await menu('anna')) })) {
		expect(url.startsWith('/deals'), name).toBe(true);
		const answer = await person.boris.get(url);
		expect(answer.statusCode, name).toBe(200);
		const page = read(answer.body);
		expect(page.byTag('img')).toEqual([]);
		expect(page.byTag('script').filter((one) => textOf(one).includes('alert'))).toEqual([]);
	}
	const edit = read((await person.anna.get('/filters/1/edit')).body);
	expect(edit.byTag('img')).toEqual([]);
});
