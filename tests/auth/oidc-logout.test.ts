import { base64url, importJWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { CLIENT_ID, CLIENT_SECRET, makeKey, openCompany } from './directory.ts';
import { type Web, web } from './web.ts';

const database = await testDatabase();
const company = await openCompany(database, { NEW_PEOPLE: 'active' });
const { accounts, issuer, url } = company;
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

beforeAll(async () => {
	await makeCast(database.db);
	accounts.nina = { preferred_username: 'nina', name: 'Нина' };
	accounts.oleg = { preferred_username: 'oleg', name: 'Олег' };
});

const isIn = async (browser: Web) => (await browser.get(`${url}/board`)).status === 200;
const send = (token: string) => web().post(`${url}/sign-out/directory`, { logout_token: token });
let jti = 0;
async function logoutToken(
	claims: Record<string, unknown> = {},
	header: Partial<JWTHeaderParameters> = {},
	key?: Parameters<SignJWT['sign']>[0],
): Promise<string> {
	const [own] = company.keys;
	const now = Math.floor(Date.now() / 1000);
	jti += 1;
	const all = {
		...{ iss: issuer, aud: CLIENT_ID, iat: now, exp: now + 120, jti: `token-${jti}` },
		...{ sub: 'nina', events: { [EVENT]: {} } },
		...claims,
	};
	const told = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
	return await new SignJWT(told)
		.setProtectedHeader({ alg: 'RS256', typ: 'logout+jwt', kid: own?.kid as string, ...header })
		.sign(key ?? (await importJWK(own as never)));
}

test('signing out signs out of the directory too, by a page that our own rules let browsers follow', async () => {
	const { browser } = await company.signIn('nina');
	const page = await browser.post(`${url}/sign-out`, {});
	expect(page.status).toBe(200);
	const away = page.headers.get('refresh')?.replace('0; url=', '') ?? '';
	expect(away.startsWith(`${issuer}/session/end?`)).toBe(true);
	expect(page.body).toContain('Выйти и из единого входа');
	expect(await isIn(browser)).toBe(false);
	const asked = await browser.get(away);
	expect(asked.status).toBe(200);
	const xsrf = /name="xsrf" value="([^"]+)"/.exec(asked.body)?.[1] ?? '';
	const done = await browser.post(`${issuer}/session/end/confirm`, { xsrf, logout: 'yes' });
	expect(done.location).toBe(`${url}/sign-in`);
	// The directory has forgotten the browser: its form is shown again.
	expect((await browser.follow(`${url}/sign-in/oidc`)).body).toContain('name="login"');
});

test('when the directory ends a session, ours ends with it: that one, not the person’s others', async () => {
	const [here, there] = [web(), web()];
	await company.signIn('nina', here);
	await company.signIn('nina', there);
	const out = await here.get(`${issuer}/session/end?client_id=${CLIENT_ID}`);
	const xsrf = /name="xsrf" value="([^"]+)"/.exec(out.body)?.[1] ?? '';
	await here.post(`${issuer}/session/end/confirm`, { xsrf, logout: 'yes' });
	await expect.poll(async () => await isIn(here)).toBe(false);
	expect(await isIn(there)).toBe(true);
	const { rows } = await database.pool.query(
		`select data - 'personId' as data, actor_id from events where type = 'session.ended' order by id desc limit 1`,
	);
	expect(rows).toEqual([{ data: { why: 'directory', sessions: 1 }, actor_id: null }]);
});

test('a token without a session names all of the person, and nobody else', async () => {
	const [here, there, other] = [web(), web(), web()];
	await company.signIn('nina', here);
	await company.signIn('nina', there);
	await company.signIn('oleg', other);
	const answer = await send(await logoutToken());
	expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
	expect([await isIn(here), await isIn(there), await isIn(other)]).toEqual([false, false, true]);
});

test('a key that the directory took since is known', async () => {
	const { browser } = await company.signIn('nina');
	expect((await send(await logoutToken({ sub: 'nobody' }))).status).toBe(200);
	company.restart([await makeKey()]);
	await expect.poll(async () => (await send(await logoutToken())).status).toBe(200);
	expect(await isIn(browser)).toBe(false);
});

test('a logout token that cannot be believed ends nothing', async () => {
	const { browser } = await company.signIn('nina');
	const now = Math.floor(Date.now() / 1000);
	const used = await logoutToken({ sub: 'nobody' });
	expect((await send(used)).status).toBe(200);
	const stranger = (await importJWK((await makeKey()) as never)) as never;
	const wrong: Record<string, string> = {
		'used before': used,
		'another issuer': await logoutToken({ iss: 'https://evil.example' }),
		'another audience': await logoutToken({ aud: 'other' }),
		'run out': await logoutToken({ iat: now - 200, exp: now - 100 }),
		old: await logoutToken({ iat: now - 3600, exp: now + 3600 }),
		'from the future': await logoutToken({ iat: now + 3600, exp: now + 7200 }),
		'without a time': await logoutToken({ iat: undefined }),
		'without an end': await logoutToken({ exp: undefined }),
		'without a name': await logoutToken({ jti: undefined }),
		'without an event': await logoutToken({ events: undefined }),
		'of another event': await logoutToken({ events: { other: {} } }),
		'an id token (with a nonce)': await logoutToken({ nonce: 'x' }),
		'of another kind': await logoutToken({}, { typ: 'at+jwt' }),
		'about nobody': await logoutToken({ sub: undefined }),
		'a session that is no text': await logoutToken({ sid: 7 }),
		'another key': await logoutToken({}, {}, stranger),
		'an unknown key': await logoutToken({}, { kid: 'x' }, stranger),
		'signed with our secret': await logoutToken(
			{},
			{ alg: 'HS256' },
			new TextEncoder().encode(CLIENT_SECRET),
		),
		unsigned: `${base64url.encode('{"alg":"none"}')}.${(await logoutToken()).split('.')[1]}.`,
		'no token': 'x',
		'nothing at all': '',
	};
	for (const [name, token] of Object.entries(wrong)) {
		const answer = await send(token);
		expect([answer.status, answer.headers.get('cache-control')], name).toEqual([400, 'no-store']);
		expect(await isIn(browser), name).toBe(true);
	}
	const doubled = await fetch(`${url}/sign-out/directory`, {
		method: 'POST',
		headers: { 'content-type': 'application/x-www-form-urlencoded' },
		body: `logout_token=${await logoutToken()}&logout_token=x`,
	});
	expect(doubled.status).toBe(400);
	expect(await isIn(browser)).toBe(true);
});
