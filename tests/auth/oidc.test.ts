import { beforeAll, beforeEach, expect, test } from 'vitest';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { makeKey, openCompany } from './directory.ts';
import { web } from './web.ts';

/* Sign-in by OpenID Connect against a real provider over real HTTP. */
const database = await testDatabase();
const company = await openCompany(database);
const { accounts, url } = company;

const query = async <T extends object>(text: string, values: unknown[] = []) =>
	(await database.pool.query<T>(text, values)).rows;
const person = async (login: string) =>
	(
		await query<Record<string, unknown>>(
			`select p.*, t.name as team from people p left join teams t on t.id = p.team_id where login = $1`,
			[login],
		)
	)[0];

beforeAll(async () => {
	await makeCast(database.db);
	await query(`
		insert into group_mappings (pattern, role, team_id, position)
		select '/sales/north*', 'manager', id, 1 from teams where name = 'Отдел продаж'
		union all select '/heads', 'head', id, 2 from teams where name = 'Отдел продаж'
		union all select '*-администраторы', 'administrator', null, 3`);
});

beforeEach(() => {
	company.tamper.tokens = null;
	company.userinfo.change = null;
	Object.assign(accounts, {
		'sub-1': {
			...{ preferred_username: 'Nina', name: 'Нина Орлова', email: 'nina@example.ru' },
			groups: ['/sales/north/key'],
		},
	});
});

test('the first sign-in makes the person that the directory tells of, with role and team of the groups', async () => {
	const page = await company.signIn('sub-1');
	expect([page.status, page.location]).toEqual([303, `${url}/board`]);
	expect((await page.browser.get(`${url}/board`)).body).toContain('Нина Орлова');
	expect(await person('nina')).toMatchObject({
		...{ name: 'Нина Орлова', email: 'nina@example.ru', role: 'manager', team: 'Отдел продаж' },
		...{ active: true, waiting: false, rights_mapped: true },
	});
	const told = await query(`select type, data->>'login' as login, data->>'way' as way from events
		where type like 'person.%' or type = 'session.started' order by id desc limit 2`);
	expect(told).toEqual([
		{ type: 'session.started', login: null, way: 'oidc' },
		{ type: 'person.created', login: 'nina', way: null },
	]);
});

test('a sign-in goes back to the page that was asked for, and only to pages of ours', async () => {
	const browser = web();
	const asked = await browser.get(`${url}/deals?q=печь`);
	expect(asked.location).toBe(
		`${url}/sign-in?returnTo=${encodeURIComponent(encodeURI('/deals?q=печь'))}`,
	);
	const path = asked.location?.slice(url.length);
	expect((await company.signIn('sub-1', browser, path)).location).toBe(
		`${url}/deals?q=${encodeURIComponent('печь')}`,
	);
	for (const evil of [
		'//evil.example',
		'/\\evil.example',
		'https:evil.example',
		'/%2f%2fevil',
		'javascript:alert(1)',
		'https://evil.example/',
	]) {
		const to = `/sign-in/oidc?returnTo=${encodeURIComponent(evil)}`;
		const { location } = await company.signIn('sub-1', web(), to);
		expect(new URL(location as string).origin, evil).toBe(url);
	}
});

test('the directory is asked with state, nonce and a PKCE challenge, none of them twice', async () => {
	const seen = new Set<string>();
	for (const browser of [web(), web()]) {
		const { location, headers } = await browser.get(`${url}/sign-in/oidc`);
		const asked = new URL(location as string);
		expect(asked.origin).toBe(company.issuer);
		expect(Object.fromEntries(asked.searchParams)).toMatchObject({
			...{ response_type: 'code', code_challenge_method: 'S256', client_id: 'moi-prodazhi' },
			redirect_uri: `${url}/sign-in/callback`,
		});
		for (const name of ['state', 'nonce', 'code_challenge']) {
			const value = asked.searchParams.get(name) ?? '';
			expect(value.length, name).toBeGreaterThanOrEqual(43);
			seen.add(value);
		}
		const cookie = headers.getSetCookie()[0] ?? '';
		expect(cookie).toMatch(/HttpOnly/);
		// Sealed: neither the verifier nor the state can be read out of it.
		expect(cookie).not.toContain(asked.searchParams.get('state'));
	}
	expect(seen.size).toBe(6);
});

test('name, address, role and team follow the directory at every sign-in; a lost group takes its role along', async () => {
	await company.signIn('sub-1');
	Object.assign(accounts['sub-1'] as object, { name: 'Нина Белова', groups: ['/HEADS'] });
	await company.signIn('sub-1');
	expect(await person('nina')).toMatchObject({ name: 'Нина Белова', role: 'head' });
	Object.assign(accounts['sub-1'] as object, { groups: ['Продажи-администраторы'] });
	await company.signIn('sub-1');
	expect(await person('nina')).toMatchObject({ role: 'administrator' });
	Object.assign(accounts['sub-1'] as object, { groups: [] });
	const out = await company.signIn('sub-1');
	expect([out.status, out.body.includes('Ждём подтверждения')]).toEqual([403, true]);
	expect(await person('nina')).toMatchObject({ role: 'manager', active: false, waiting: true });
	const [event] = await query<{ data: { changes: object } }>(
		`select data from events where type = 'person.mapped' order by id desc limit 1`,
	);
	expect(event?.data.changes).toEqual({
		...{ role: ['administrator', 'manager'], active: [true, false], waiting: [false, true] },
	});
	Object.assign(accounts['sub-1'] as object, { groups: ['/sales/north'] });
	expect((await company.signIn('sub-1')).status).toBe(303);
});

test('who is in no group that counts waits for an administrator and is told so', async () => {
	accounts['sub-2'] = { preferred_username: 'oleg', name: 'Олег', groups: ['/strangers'] };
	const page = await company.signIn('sub-2');
	expect(page.status).toBe(403);
	expect(page.body).toContain('Вы вошли как oleg');
	expect((await page.browser.get(`${url}/board`)).status).toBe(303);
	expect(await person('oleg')).toMatchObject({ active: false, waiting: true, role: 'manager' });
	await query(`update people set active = true, waiting = false where login = 'oleg'`);
	expect((await company.signIn('sub-2')).status).toBe(303);
});

test('groups that are told as one string are one group; what is no text is none; no claim raises rights', async () => {
	accounts['sub-3'] = { preferred_username: 'petr', groups: '/sales/northern' };
	expect((await company.signIn('sub-3')).status).toBe(303);
	const none = ['x,/heads', '/heads,x', [['/heads']], { 0: '/heads' }, true, [7, null]];
	for (const groups of none) {
		accounts['sub-3'] = {
			preferred_username: 'petr',
			groups,
			role: 'administrator',
			admin: 'true',
		};
		expect((await company.signIn('sub-3')).status, JSON.stringify(groups)).toBe(403);
		expect(await person('petr')).toMatchObject({ role: 'manager' });
	}
});

test('the same address or the same login under another sub is somebody else', async () => {
	await company.signIn('sub-1');
	const before = await person('nina');
	accounts['sub-4'] = {
		...{ preferred_username: 'nina2', email: 'nina@example.ru', email_verified: false },
		groups: ['/sales/north'],
	};
	expect((await company.signIn('sub-4')).status).toBe(303);
	expect(await person('nina2')).toMatchObject({ name: 'nina2', email: null });
	accounts['sub-5'] = { preferred_username: 'NINA', name: 'Самозванка', groups: ['/heads'] };
	const taken = await company.signIn('sub-5');
	expect([taken.status, taken.body.includes('Логин nina здесь уже есть')]).toEqual([403, true]);
	expect(await person('nina')).toEqual(before);
});

test('a person who was brought in before by an import is theirs who first signs in by that login', async () => {
	accounts['sub-gleb'] = { preferred_username: 'gleb', groups: [] };
	expect((await company.signIn('sub-gleb')).status).toBe(303);
	accounts['sub-gleb-2'] = { preferred_username: 'gleb', groups: [] };
	expect((await company.signIn('sub-gleb-2')).status).toBe(403);
	const linked = await query(
		`select data->>'subject' as subject from events where type = 'person.linked'`,
	);
	expect(linked).toEqual([{ subject: 'sub-gleb' }]);
});

test('what the token does not say, userinfo does; a directory without a login is told to set it up', async () => {
	company.tamper.tokens = null;
	accounts['sub-6'] = { name: 'Без логина', groups: ['/sales/north'] };
	const page = await company.signIn('sub-6');
	expect([page.status, page.body.includes('не сообщил ваш логин')]).toEqual([403, true]);
	company.userinfo.change = (claims) => ({ ...claims, preferred_username: 'roman' });
	expect((await company.signIn('sub-6')).status).toBe(303);
	expect(await person('roman')).toMatchObject({ name: 'Без логина', role: 'manager' });
});

test('a person who was disabled is out with the next request and cannot come back', async () => {
	const { browser } = await company.signIn('sub-1');
	await query(`update people set active = false where login = 'nina'`);
	expect((await browser.get(`${url}/board`)).status).toBe(303);
	const page = await company.signIn('sub-1');
	expect([page.status, page.body.includes('Доступ закрыт')]).toEqual([403, true]);
	await query(`update people set active = true where login = 'nina'`);
});

test('keys may change at any moment without a restart, and old ones end', async () => {
	const [before] = company.keys;
	await company.signIn('sub-1');
	company.restart([await makeKey('RS256')]);
	expect((await company.signIn('sub-1')).status).toBe(303);
	company.restart([await makeKey('RS256'), before as never]);
	expect((await company.signIn('sub-1')).status).toBe(303);
});

test('while the directory is away, who is in works on, and who comes is told so', async () => {
	const { browser } = await company.signIn('sub-1');
	company.away(true);
	try {
		expect((await browser.get(`${url}/board`)).status).toBe(200);
		const fresh = web();
		const answer = await fresh.get(`${url}/sign-in/callback?code=x&state=y`);
		expect(answer.status).toBe(400);
	} finally {
		company.away(false);
	}
	const fresh = web();
	const back = await company.answerFor('sub-1', fresh);
	company.away(true);
	const page = await fresh.get(back);
	company.away(false);
	expect([page.status, page.body.includes('сейчас не отвечает')]).toEqual([503, true]);
});

test('the demo sign-in is impossible, and its sessions with it', async () => {
	expect((await web().post(`${url}/sign-in`, { login: 'ada' })).status).toBe(404);
	expect((await web().get(`${url}/sign-in`)).body).not.toContain('Ада');
	expect((await web().post(`${url}/sign-in/local`, { login: 'ada', password: 'x' })).status).toBe(
		404,
	);
	const secret = 'a session of the demo';
	await query(
		`insert into sessions (id, person_id, way, seen_at, expires_at, ends_at)
		select encode(sha256($1::bytea), 'hex'), id, 'demo', now(), now() + '1 day', now() + '1 day'
		from people where login = 'ada'`,
		[secret],
	);
	const browser = web({ cookie: `session=${encodeURIComponent(secret)}` });
	expect((await browser.get(`${url}/board`)).status).toBe(303);
});

test('many sign in at once, for the first time and again, and nobody becomes anybody else', async () => {
	const subs = Array.from({ length: 12 }, (_, n) => `crowd-${n % 6}`);
	for (const sub of subs)
		accounts[sub] = { preferred_username: sub, name: sub, groups: ['/sales/north'] };
	const pages = await Promise.all(
		subs.map(async (sub) => {
			const { browser } = await company.signIn(sub);
			return (await browser.get(`${url}/settings`)).body;
		}),
	);
	for (const [at, body] of pages.entries()) expect(body).toContain(`<b>${subs[at]}</b>`);
	const [made] = await query<{ n: number }>(
		`select count(*)::int as n from people where login like 'crowd-%'`,
	);
	expect(made?.n).toBe(6);
});
