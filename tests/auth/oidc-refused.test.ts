import {
	base64url,
	decodeJwt,
	exportSPKI,
	importJWK,
	type JWTHeaderParameters,
	type JWTPayload,
	SignJWT,
} from 'jose';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { CLIENT_SECRET, makeKey, openCompany } from './directory.ts';
import { type Page, web } from './web.ts';

/* Everything that a directory, or somebody between, can say wrongly: no session, no person, one line of history. */
const database = await testDatabase();
const company = await openCompany(database, { NEW_PEOPLE: 'active' });
const { url, tamper, userinfo } = company;

const counts = async () => {
	const { rows } = await database.pool.query(`select
		(select count(*)::int from people) as people, (select count(*)::int from identities) as identities,
		(select count(*)::int from sessions) as sessions,
		(select count(*)::int from events where type = 'session.refused') as refused`);
	return rows[0] as { people: number; identities: number; sessions: number; refused: number };
};

beforeAll(async () => {
	await makeCast(database.db);
});

beforeEach(async () => {
	[tamper.tokens, userinfo.change] = [null, null];
	company.accounts.sub = {
		preferred_username: 'nina',
		name: 'Нина',
		groups: ['/sales'],
		email: 'n@a.ru',
	};
	// One refusal of a kind a minute is written: each case begins without those before it.
	await database.pool.query('delete from sign_in_refusals');
});

type Changed = {
	payload?: (claims: JWTPayload) => JWTPayload;
	header?: Partial<JWTHeaderParameters>;
	key?: Parameters<SignJWT['sign']>[0];
};

/** The token with something changed, signed anew; by the directory's own key unless told otherwise. */
const changed =
	({ payload = (claims) => claims, header = {}, key }: Changed) =>
	async (tokens: { id_token?: string }) => {
		const [own] = company.keys;
		const claims = payload(decodeJwt(tokens.id_token as string));
		const signed = new SignJWT(claims).setProtectedHeader({
			...{ alg: 'RS256', kid: own?.kid as string },
			...header,
		});
		return { ...tokens, id_token: await signed.sign(key ?? (await importJWK(own as never))) };
	};
const claim = (claims: JWTPayload) => changed({ payload: (all) => ({ ...all, ...claims }) });
const without = (name: string) =>
	changed({
		payload: (all) => Object.fromEntries(Object.entries(all).filter(([key]) => key !== name)),
	});
const now = () => Math.floor(Date.now() / 1000);
const unsigned = (header: object, payload: object, signature = '') =>
	`${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(payload))}.${signature}`;
const publicKey = async () => {
	const {
		d: _,
		p: _p,
		q: _q,
		dp: _dp,
		dq: _dq,
		qi: _qi,
		...jwk
	} = company.keys[0] as Record<string, string>;
	return await importJWK(jwk as never, 'RS256', { extractable: true });
};

const WRONG_TOKENS: Record<string, NonNullable<typeof tamper.tokens>> = {
	'another nonce': claim({ nonce: 'of another sign-in' }),
	'no nonce': without('nonce'),
	'another issuer': claim({ iss: 'https://evil.example' }),
	'another audience': claim({ aud: 'another-program' }),
	'several audiences, made out to another': claim({ aud: ['moi-prodazhi', 'other'], azp: 'other' }),
	'run out': claim({ iat: now() - 7200, exp: now() - 3600 }),
	'without an end': without('exp'),
	'from the future': claim({ iat: now() + 3600, exp: now() + 7200 }),
	'without a beginning': without('iat'),
	'without a subject': without('sub'),
	'an empty subject': claim({ sub: '' }),
	'a subject that no database keeps': claim({ sub: 'vera\0' }),
	'a session that no database keeps': claim({ sid: 'a\0' }),
	'not signed (alg none)': (tokens) => ({
		...tokens,
		id_token: unsigned({ alg: 'none' }, decodeJwt(tokens.id_token as string)),
	}),
	'signed with our own secret (HS256)': changed({
		header: { alg: 'HS256' },
		key: new TextEncoder().encode(CLIENT_SECRET),
	}),
	'signed with the public key as if it were a secret': async (tokens) =>
		await changed({
			header: { alg: 'HS256' },
			key: new TextEncoder().encode(await exportSPKI((await publicKey()) as never)),
		})(tokens),
	'signed with another key under the right name': async (tokens) =>
		await changed({ key: (await importJWK((await makeKey()) as never)) as never })(tokens),
	'signed with a key that nobody knows': async (tokens) =>
		await changed({
			header: { kid: 'unknown' },
			key: (await importJWK((await makeKey()) as never)) as never,
		})(tokens),
	'altered after it was signed': (tokens) => {
		const [header, , signature] = (tokens.id_token as string).split('.');
		const payload = { ...decodeJwt(tokens.id_token as string), preferred_username: 'ada' };
		return {
			...tokens,
			id_token: `${header}.${base64url.encode(JSON.stringify(payload))}.${signature}`,
		};
	},
	'cut off': (tokens) => ({
		...tokens,
		id_token: tokens.id_token?.split('.').slice(0, 2).join('.') as string,
	}),
	'not there at all': ({ id_token: _, ...tokens }) => tokens,
};

async function expectRefused(attempt: () => Promise<Page>, status = 403): Promise<void> {
	const before = await counts();
	const page = await attempt();
	expect(page.status, page.body.slice(0, 400)).toBe(status);
	expect(page.body).toContain('Войти не удалось');
	expect(page.body).not.toMatch(/at .*\.(js|ts)|select |JWT|OAUTH/);
	expect(page.headers.getSetCookie().filter((line) => /session=/.test(line))).toEqual([]);
	expect(await counts()).toEqual({ ...before, refused: before.refused + 1 });
}

test('as it comes, the token is believed: what follows is refused for its one fault', async () => {
	tamper.tokens = changed({});
	expect((await company.signIn('sub')).status).toBe(303);
	await database.pool.query('delete from sessions');
});

for (const [name, tokens] of Object.entries(WRONG_TOKENS))
	test(`a token is refused: ${name}`, async () => {
		tamper.tokens = tokens;
		await expectRefused(async () => await company.signIn('sub'));
	});

test('an answer is refused: another state, none, two, one of another browser, one that was used', async () => {
	const browser = web();
	const answer = await company.answerFor('sub', browser);
	const twisted = (change: (query: URLSearchParams) => void) => {
		const address = new URL(answer);
		change(address.searchParams);
		return address.href;
	};
	const again = async () => await database.pool.query('delete from sign_in_refusals');
	await expectRefused(() => browser.get(twisted((query) => query.set('state', 'x'))), 400);
	await again();
	await expectRefused(() => browser.get(twisted((query) => query.delete('state'))), 400);
	await again();
	await expectRefused(() => web().get(answer), 400);
	await again();
	const doubled = web();
	const other = await company.answerFor('sub', doubled);
	await expectRefused(() => doubled.get(`${other}&state=x`));
	expect((await browser.get(answer)).status).toBe(303);
	await again();
	await expectRefused(() => browser.get(answer), 400);
});

test('an answer is refused: of another directory (mix-up), without its name, without a code', async () => {
	for (const change of [
		(query: URLSearchParams) => query.set('iss', 'https://evil.example'),
		(query: URLSearchParams) => query.delete('iss'),
		(query: URLSearchParams) => query.delete('code'),
		(query: URLSearchParams) => query.set('code', 'guessed'),
	]) {
		const browser = web();
		const answer = new URL(await company.answerFor('sub', browser));
		change(answer.searchParams);
		await database.pool.query('delete from sign_in_refusals');
		await expectRefused(() => browser.get(answer.href));
	}
});

test('a code is refused: used before, and one that another sign-in asked for (PKCE)', async () => {
	const [mine, theirs] = [web(), web()];
	const [own, foreign] = [
		await company.answerFor('sub', mine),
		await company.answerFor('sub', theirs),
	];
	const injected = new URL(own);
	injected.searchParams.set('code', new URL(foreign).searchParams.get('code') as string);
	await expectRefused(() => mine.get(injected.href));
	const kept = new Map(theirs.cookies);
	expect((await theirs.get(foreign)).status).toBe(303);
	for (const [name, value] of kept) theirs.cookies.set(name, value);
	await database.pool.query(`delete from sign_in_refusals`);
	await database.pool.query(`delete from sessions`);
	await expectRefused(() => theirs.get(foreign));
});

test('userinfo about somebody else is refused', async () => {
	company.accounts.sub = { preferred_username: 'nina' };
	userinfo.change = (claims) => ({ ...claims, sub: 'somebody-else', groups: ['/heads'] });
	await expectRefused(async () => await company.signIn('sub'));
});

test('a no of the directory is told as one', async () => {
	const browser = web();
	const asked = await browser.get(`${url}/sign-in/oidc`);
	const state = new URL(asked.location as string).searchParams.get('state');
	const answer = `${url}/sign-in/callback?error=access_denied&state=${state}&iss=${company.issuer}`;
	await expectRefused(() => browser.get(answer));
});

test('whoever is not signed in cannot fill the history: one refusal of a kind a minute', async () => {
	const before = await counts();
	for (let n = 0; n < 20; n += 1) await web().get(`${url}/sign-in/callback?state=x&code=${n}`);
	expect((await counts()).refused).toBe(before.refused + 1);
});
