import { beforeAll, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { admitPerson } from '#src/features/access/people/actions.ts';
import { endSessionsOf } from '#src/features/access/sessions/actions.ts';
import { listAllSessions } from '#src/features/access/sessions/queries.ts';
import { unlinkPerson } from '#src/features/access/sign-in/identities.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { type Browser, browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read, textOf } from '../html.ts';

const database = await testDatabase();
let clock = NOW;
const served = await testApp(database, { now: () => clock });
const HOUR = 3_600_000;
let cast: Cast;

beforeAll(async () => {
	cast = await makeCast(database.db);
});

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const from = async (login: string, agent: string): Promise<Browser> => {
	const answer = await browser(served.app).post('/sign-in', { login }, { 'user-agent': agent });
	return browser(served.app, `session=${answer.cookies[0]?.value}`);
};
const listed = async (person: Browser) =>
	read((await person.get('/settings')).body).byId('sessions') as never;
const endings = async (person: Browser) =>
	[
		...(await person.get('/settings')).body.matchAll(
			/action="(\/sessions\/[0-9a-f]{64}\/ending)"/g,
		),
	].map(([, action]) => action as string);

test('a person sees where they are signed in, which one is this, and ends one or all others', async () => {
	const here = await from('anna', FIREFOX);
	const there = await from('anna', 'curl/8');
	const third = await from('anna', FIREFOX);
	const text = textOf(await listed(here));
	expect(text).toContain('Firefox, Linux');
	expect(text).toContain('Программа');
	expect(text).toContain('127.0.0.1');
	expect(text.match(/этот/g)?.length).toBe(1);
	const [one, another] = await endings(here);
	expect([one, another].every(Boolean)).toBe(true);
	expect((await here.post(one as string, {})).headers.location).toBe('/settings#sessions');
	const left = [(await there.get('/board')).statusCode, (await third.get('/board')).statusCode];
	expect(left.sort()).toEqual([200, 303]);
	expect((await here.post('/sessions/others/ending', {})).statusCode).toBe(303);
	expect([(await there.get('/board')).statusCode, (await third.get('/board')).statusCode]).toEqual([
		303, 303,
	]);
	expect((await here.get('/board')).statusCode).toBe(200);
	const { rows } = await database.pool.query(
		`select actor_id::int as actor, data from events where type = 'session.ended' order by id desc limit 1`,
	);
	const personId = cast.people.anna.id;
	expect(rows).toEqual([{ actor: personId, data: { why: 'list', sessions: 1, personId } }]);
});

test('nobody ends somebody else’s session by its name, nor learns that it is there', async () => {
	const [anna, boris] = [await signIn(served, 'anna'), await signIn(served, 'boris')];
	await signIn(served, 'boris');
	const [theirs] = await endings(boris);
	expect((await anna.post(theirs as string, {})).statusCode).toBe(404);
	expect((await anna.post('/sessions/x/ending', {})).statusCode).toBe(404);
	expect((await anna.post(theirs as string, { personId: '1' })).statusCode).toBe(400);
	expect((await boris.get('/board')).statusCode).toBe(200);
});

test('a session ends after its hours, however busy it is; the cookie says no more', async () => {
	const strict = await testApp(database, {
		now: () => clock,
		env: { SESSION_HOURS: '10', SESSION_IDLE_HOURS: '4' },
	});
	const anna = await signIn(strict, 'anna');
	for (const hour of [3, 6, 9]) {
		clock = new Date(NOW.getTime() + hour * HOUR);
		const answer = await anna.get('/board');
		expect(answer.statusCode, `${hour}`).toBe(200);
		const until = Math.min(hour + 4, 10);
		expect(answer.cookies[0]?.expires).toEqual(new Date(NOW.getTime() + until * HOUR));
	}
	clock = new Date(NOW.getTime() + 10 * HOUR + 1000);
	expect((await anna.get('/board')).statusCode).toBe(303);
	clock = NOW;
});

test('a thousand sign-ins side by side: everybody gets their own session', async () => {
	const logins = ['anna', 'boris', 'vera', 'gleb', 'ada'] as const;
	const all = Array.from({ length: 1_000 }, (_, n) => logins[n % 5] as (typeof logins)[number]);
	const cookies: string[] = [];
	for (let at = 0; at < all.length; at += 100) {
		const batch = await Promise.all(all.slice(at, at + 100).map((login) => signIn(served, login)));
		cookies.push(...batch.map(({ cookie }) => cookie.split('=')[1] as string));
	}
	expect(new Set(cookies).size).toBe(1_000);
	const { rows } = await database.pool.query<{ login: string }>(
		`select p.login from unnest($1::text[]) with ordinality c(secret, n)
		join sessions s on s.id = encode(sha256(convert_to(c.secret, 'UTF8')), 'hex')
		join people p on p.id = s.person_id order by c.n`,
		[cookies],
	);
	expect(rows.map(({ login }) => login)).toEqual(all);
});

test('an administrator sees all sessions and ends a person’s', async () => {
	const gleb = await signIn(served, 'gleb');
	const all = await listAllSessions(database.db, NOW);
	expect(all.some(({ person }) => person === 'Глеб Астахов')).toBe(true);
	const acting = by(cast.people.ada);
	expect(await endSessionsOf(database.db, acting, cast.people.gleb.id)).toBeGreaterThan(0);
	expect((await gleb.get('/board')).statusCode).toBe(303);
});

test('an administrator lets somebody in who waits, and parts a person from their account', async () => {
	const { rows } = await database.pool.query(`
		insert into people (login, name, role, active, waiting) values ('new', 'Новый', 'manager', false, true)
		returning id`);
	const id = Number(rows[0].id);
	const acting = by(cast.people.ada);
	await admitPerson(database.db, acting, id, 1);
	await expect(admitPerson(database.db, acting, id, 2)).rejects.toThrow('person.inAlready');
	await database.pool.query(
		`insert into identities (issuer, subject, person_id, seen_at) values ('x', 'y', $1, now())`,
		[id],
	);
	await transact(database.db, (tx) => unlinkPerson(tx, acting, id));
	const told = await database.pool.query(
		`select type from events where type like 'person.%' order by id desc limit 2`,
	);
	expect(told.rows.map(({ type }) => type)).toEqual(['person.unlinked', 'person.approved']);
});

test('the calendar of a disabled person is not there', async () => {
	const boris = await signIn(served, 'boris');
	const made = await boris.post('/calendar/feed', {});
	const path = /\/calendar\/feeds\/[\w-]{32}\.ics/.exec(made.body)?.[0] as string;
	expect((await browser(served.app).get(path)).statusCode).toBe(200);
	await database.pool.query(`update people set active = false where login = 'boris'`);
	expect((await browser(served.app).get(path)).statusCode).toBe(404);
	await database.pool.query(`update people set active = true where login = 'boris'`);
});

test('settings of the sign-in that do not fit together stop the start, all told at once', () => {
	const faults = (env: Record<string, string>) => {
		try {
			readConfig(env);
			return '';
		} catch (error) {
			return (error as Error).message;
		}
	};
	expect(faults({ OIDC_ISSUER: 'https://sso.example.ru' }).split('\n')).toEqual([
		'OIDC_ISSUER нужно вместе с OIDC_CLIENT_ID',
		'OIDC_ISSUER нужно вместе с PUBLIC_URL',
	]);
	expect(faults({ LOGIN_HEADER: 'X-Remote-User' })).toMatch(/TRUSTED_PROXIES\n.*PROXY_SECRET/);
	expect(faults({ OIDC_ISSUER: 'http://sso.example.ru' })).toContain('https://');
	expect(faults({ LOGIN_HEADER: 'X_Remote_User' })).toContain('LOGIN_HEADER');
	for (const wrong of ['1', 'true', '0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0', 'loopback'])
		expect(faults({ TRUSTED_PROXIES: wrong }), wrong).toContain('TRUSTED_PROXIES');
	expect(faults({ TRUSTED_PROXIES: '10.0.0.5, 10.1.0.0/16 ::1, fd00::/8' })).toBe('');
	expect(faults({ SESSION_HOURS: '1' })).toContain('SESSION_IDLE_HOURS');
});
