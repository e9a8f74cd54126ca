import { beforeAll, expect, test } from 'vitest';
import { browser, signIn, type TestApp, testApp } from '../app.ts';
import { makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
let clock = NOW;
const served = await testApp(database, { now: () => clock });
const behindTls = await testApp(database, {
	env: { PUBLIC_URL: 'https://crm.example', DEMO_SIGN_IN: 'on' },
});
const DAY = 86_400_000;

beforeAll(async () => {
	await makeCast(database.db);
});

const sessionCookie = async ({ app }: TestApp, login = 'anna') => {
	const answer = await browser(app).post('/sign-in', { login });
	return answer.cookies.find(({ name }) => name.endsWith('session'));
};

test('the sign-in page lists everybody who works here and says that it is a demonstration', async () => {
	const page = read((await browser(served.app).get('/sign-in')).body);
	const logins = page.byTag('button').map((button) => attribute(button, 'value'));
	expect(logins.sort()).toEqual(['ada', 'anna', 'boris', 'gleb', 'vera']);
	expect(textOf(page.byClass('note')[0] as never)).toContain('Демонстрационный вход');
});

test('the session cookie is out of the reach of scripts and other sites, and bound to the host behind TLS', async () => {
	expect(await sessionCookie(served)).toMatchObject({
		name: 'session',
		httpOnly: true,
		sameSite: 'Lax',
		path: '/',
	});
	expect(await sessionCookie(behindTls)).toMatchObject({
		name: '__Host-session',
		httpOnly: true,
		sameSite: 'Lax',
		path: '/',
		secure: true,
	});
	const bound = await sessionCookie(behindTls);
	expect(bound).not.toHaveProperty('domain');
});

test('the secret of a session is long, new at every sign-in, and not in the database', async () => {
	const cookies = await Promise.all([1, 2, 3].map(() => sessionCookie(served)));
	const secrets = cookies.map((cookie) => cookie?.value ?? '');
	expect(new Set(secrets).size).toBe(3);
	for (const secret of secrets) expect(secret.length).toBeGreaterThanOrEqual(43);
	const { rows } = await database.pool.query('select id from sessions where id = any($1)', [
		secrets,
	]);
	expect(rows).toEqual([]);
});

test('a session id brought along before the sign-in is not taken over', async () => {
	const fixed = browser(served.app, 'session=chosen-by-an-attacker');
	const answer = await fixed.post('/sign-in', { login: 'anna' });
	expect(answer.cookies.find(({ name }) => name === 'session')?.value).not.toBe(
		'chosen-by-an-attacker',
	);
	expect((await fixed.get('/board')).statusCode).toBe(303);
});

test('after signing out the old cookie opens nothing', async () => {
	const anna = await signIn(served, 'anna');
	const elsewhere = await signIn(served, 'anna');
	expect((await anna.get('/board')).statusCode).toBe(200);
	const answer = await anna.post('/sign-out', {});
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/sign-in']);
	expect(answer.cookies[0]).toMatchObject({ name: 'session', value: '' });
	expect((await anna.get('/board')).statusCode).toBe(303);
	expect((await elsewhere.get('/board')).statusCode).toBe(200);
});

test('a session that nobody used for three days has run out', async () => {
	const [used, left] = [await signIn(served, 'anna'), await signIn(served, 'anna')];
	clock = new Date(NOW.getTime() + 3 * DAY - 1000);
	expect((await used.get('/board')).statusCode).toBe(200);
	clock = new Date(NOW.getTime() + 3 * DAY + 1000);
	expect((await left.get('/board')).statusCode).toBe(303);
	clock = NOW;
});

test('a person who leaves the company is out with the next request, and cannot come back', async () => {
	const boris = await signIn(served, 'boris');
	await database.pool.query(`update people set active = false where login = 'boris'`);
	expect((await boris.get('/board')).statusCode).toBe(303);
	const answer = await browser(served.app).post('/sign-in', { login: 'boris' });
	expect(answer.statusCode).toBe(422);
	expect((await browser(served.app).get('/sign-in')).body).not.toContain('value="boris"');
	await database.pool.query(`update people set active = true where login = 'boris'`);
});

test('a role that was taken away counts from the next request on', async () => {
	const ada = await signIn(served, 'ada');
	const deals = await database.pool.query(`
		select d.id from deals d join people p on p.id = d.owner_id where p.login = 'gleb'`);
	const url = `/deals/${deals.rows[0].id}`;
	expect((await ada.get(url)).statusCode).toBe(200);
	await database.pool.query(`update people set role = 'manager' where login = 'ada'`);
	expect((await ada.get(url)).statusCode).toBe(404);
	await database.pool.query(`update people set role = 'administrator' where login = 'ada'`);
});

test('an unknown login is told so, in the page and for programs, and no session is left', async () => {
	const before = await ledgerOf(database);
	const page = await browser(served.app).post('/sign-in', { login: 'nobody' });
	expect(page.statusCode).toBe(422);
	expect(page.body).toContain('Такого человека нет.');
	expect((await browser(served.app).post('/sign-in', {})).statusCode).toBe(422);
	expect((await browser(served.app).json('/sign-in', { login: "' or 1=1--" })).statusCode).toBe(
		422,
	);
	const extra = await browser(served.app).post('/sign-in', {
		login: 'anna',
		role: 'administrator',
	});
	expect(extra.statusCode).toBe(400);
	expect(await ledgerOf(database)).toEqual(before);
});

const CROSS_SITE = [
	{ 'sec-fetch-site': 'cross-site' },
	{ 'sec-fetch-site': 'same-site' },
	{ 'sec-fetch-site': 'cross-site', origin: 'http://localhost' },
	{ origin: 'https://evil.example' },
	{ origin: 'null' },
	{ origin: 'http://localhost.evil.example' },
	{ origin: 'http://localhost:81' },
	{ 'sec-fetch-site': 'cross-site', 'hx-request': 'true' },
];

test('a change that another site sends with this person’s cookie is refused before it does anything', async () => {
	const anna = await signIn(served, 'anna');
	const before = await ledgerOf(database);
	for (const headers of CROSS_SITE)
		for (const url of [
			'/sign-in',
			'/sign-out',
			'/deals',
			'/deals/1/moves',
			'/interactions/1/completion',
		]) {
			const answer = await anna.post(url, { login: 'anna', version: 1, stageId: 2 }, headers);
			expect(answer.statusCode, `${url} ${JSON.stringify(headers)}`).toBe(403);
			expect(answer.cookies).toEqual([]);
		}
	expect(await ledgerOf(database)).toEqual(before);
	const own = await anna.post('/sign-out', {}, { origin: 'http://localhost', host: 'localhost' });
	expect(own.statusCode).toBe(303);
});

test('behind a proxy the public address counts as the own origin', async () => {
	const { app } = behindTls;
	const ours = await browser(app).post(
		'/sign-in',
		{ login: 'anna' },
		{ origin: 'https://crm.example' },
	);
	expect(ours.statusCode).toBe(303);
	const other = await browser(app).post(
		'/sign-in',
		{ login: 'anna' },
		{ origin: 'http://crm.example' },
	);
	expect(other.statusCode).toBe(403);
});

const ELSEWHERE = [
	'//evil.example',
	'/\\evil.example',
	'\\\\evil.example',
	'https://evil.example',
	'https:evil.example',
	'http:/evil.example',
	'javascript:alert(1)',
	'/\t/evil.example',
	'/ /evil.example',
	'/..//evil.example',
	'/.//evil.example',
	'/board\r\nSet-Cookie: a=b',
	' //evil.example',
	'board',
];

test('after the sign-in one goes to a page of ours, whatever the link says', async () => {
	for (const returnTo of ELSEWHERE) {
		const answer = await browser(served.app).post('/sign-in', { login: 'anna', returnTo });
		expect(answer.statusCode, returnTo).toBe(303);
		const location = String(answer.headers.location);
		expect(new URL(location, 'http://localhost').origin, returnTo).toBe('http://localhost');
		expect(location, returnTo).toMatch(/^\/(?![/\\])/);
		const page = await browser(served.app).get(`/sign-in?returnTo=${encodeURIComponent(returnTo)}`);
		const field = read(page.body)
			.byTag('input')
			.find((input) => attribute(input, 'name') === 'returnTo');
		expect(field && attribute(field, 'value'), returnTo).toMatch(/^\/(?![/\\])/);
	}
	const kept = await browser(served.app).post('/sign-in', {
		login: 'anna',
		returnTo: '/board?q=a&idle=1',
	});
	expect(kept.headers.location).toBe('/board?q=a&idle=1');
});

test('pages forbid foreign and inline scripts, framing and sniffing', async () => {
	const anna = await signIn(served, 'anna');
	for (const url of ['/sign-in', '/board', '/board/print', '/absent']) {
		const { headers } = await anna.get(url);
		const policy = String(headers['content-security-policy']);
		expect(policy).toContain("default-src 'self'");
		for (const directive of [
			"object-src 'none'",
			"base-uri 'none'",
			"form-action 'self'",
			"frame-ancestors 'none'",
		])
			expect(policy).toContain(directive);
		expect(policy).not.toMatch(/unsafe|\*|https?:/);
		expect(headers['x-content-type-options']).toBe('nosniff');
		expect(headers['cache-control']).toBe('no-store');
	}
	const secure = await browser(behindTls.app).get('/sign-in');
	expect(secure.headers['strict-transport-security']).toBeTruthy();
});

test('no page of ours needs an inline script, style or handler', async () => {
	const anna = await signIn(served, 'anna');
	const deal = /\/deals\/(\d+)"/.exec((await anna.get('/board')).body)?.[1];
	for (const url of [
		'/sign-in',
		'/board',
		'/board/print',
		'/deals',
		`/deals/${deal}`,
		`/deals/${deal}/edit`,
	]) {
		const page = read((await anna.get(url)).body);
		for (const element of page.elements) {
			const inline = element.attrs.filter(({ name }) => /^on|^style$|^hx-on/.test(name));
			expect(inline, `${url} <${element.tagName}>`).toEqual([]);
			if (element.tagName === 'script') expect(attribute(element, 'src')).toMatch(/^\/assets\//);
			expect(element.tagName).not.toBe('style');
		}
	}
});

test('a browser that goes on is told that its cookie lasts longer', async () => {
	const anna = await signIn(served, 'anna');
	clock = new Date(NOW.getTime() + 2 * DAY);
	const cookie = (await anna.get('/board')).cookies.find(({ name }) => name === 'session');
	expect(cookie?.expires).toEqual(new Date(NOW.getTime() + 5 * DAY));
	clock = NOW;
});

test('signing in again ends the session that the browser had', async () => {
	const anna = await signIn(served, 'anna');
	expect((await anna.post('/sign-in', { login: 'boris' })).statusCode).toBe(303);
	expect((await anna.get('/board')).statusCode).toBe(303);
});

test('a form whose session has ended stays as it is and says where to sign in', async () => {
	const anna = await signIn(served, 'anna');
	await anna.post('/sign-out', {});
	const source = { 'hx-source': 'form' };
	const answer = await anna.htmx('/board', '/deals', { title: 'Печь' }, source);
	expect([answer.statusCode, answer.headers['hx-redirect']]).toEqual([401, undefined]);
	const box = read(answer.body).byId('form-problem');
	expect(box && textOf(box)).toContain('Сеанс закончился');
});

test('a name that is not this machine’s is refused, unless it is PUBLIC_URL’s', async () => {
	const named = async (host: string, app = served.app) =>
		(await app.inject({ method: 'GET', url: '/sign-in', headers: { host } })).statusCode;
	for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:3000'])
		expect(await named(host), host).toBe(400);
	for (const host of ['localhost', 'localhost:3000', '127.0.0.1:3000', '[::1]:3000', '10.0.0.5'])
		expect(await named(host), host).toBe(200);
	const env = { PUBLIC_URL: 'https://crm.example.ru', DEMO_SIGN_IN: 'on' };
	const published = await testApp(database, { env });
	expect(await named('crm.example.ru', published.app)).toBe(200);
	expect(await named('evil.example', published.app)).toBe(400);
});
