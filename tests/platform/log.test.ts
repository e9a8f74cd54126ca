import { expect, test } from 'vitest';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type Program, startProgram } from './program.ts';

const database = await testDatabase();

type Line = Record<string, unknown> & { msg?: string; reqId?: string };

/** The lines of the log that a program has written so far; what it says to the person at the console is none. */
const linesOf = (program: Program): Line[] =>
	program
		.text()
		.split('\n')
		.filter((line) => line.startsWith('{'))
		.map((line) => JSON.parse(line) as Line);

test('each request is one line: id, who, route, status, how long; and no secret in any of them', {
	timeout: 600_000,
}, async () => {
	const cast = await makeCast(database.db);
	const env = { DATABASE_URL: database.url, WORKER: 'off', LOG_LEVEL: 'info' };
	const program = startProgram('start', { env });
	const address = await program.ready;
	const signIn = await fetch(`${address}/sign-in`, {
		method: 'POST',
		body: new URLSearchParams({ login: 'anna', password: 'пароль-в-форме' }),
		redirect: 'manual',
	});
	const again = await fetch(`${address}/sign-in`, {
		method: 'POST',
		body: new URLSearchParams({ login: 'anna' }),
		redirect: 'manual',
	});
	const cookie = [...signIn.headers.getSetCookie(), ...again.headers.getSetCookie()]
		.map((one) => one.split(';')[0])
		.join('; ');
	const secret = cookie.split('=').at(-1) as string;
	const ask = (path: string, headers = {}) =>
		fetch(address + path, { headers: { cookie, ...headers }, redirect: 'manual' });
	await ask(`/deals/${cast.deals.late}`, { 'user-agent': `Browser ${'x'.repeat(5_000)}` });
	await ask('/clients?q=тайное-слово', { authorization: 'Bearer doorkey' });
	await ask('/calendar/feeds/abcdefghijklmnopqrstuvwxyz012345.ics');
	await ask('/calendar/feeds/abcdefghijklmnopqrstuvwxyz012345');
	await ask('/nowhere');

	const requests = () => linesOf(program).filter(({ msg }) => msg === 'request');
	await expect.poll(() => requests().length).toBe(7);
	const [, , deal, clients, feed, half, nowhere] = requests();
	expect(deal).toMatchObject({
		...{ method: 'GET', route: '/deals/:id', path: `/deals/${cast.deals.late}`, status: 200 },
		...{ actor: cast.people.anna.id, from: '127.0.0.1', level: 30 },
	});
	expect(deal?.reqId).toMatch(/^[0-9a-f]{8}$/);
	expect(typeof deal?.ms).toBe('number');
	expect(String(deal?.agent).length).toBeLessThanOrEqual(120);
	expect(clients).toMatchObject({ path: '/clients', status: 200 });
	expect(feed).toMatchObject({ route: '/calendar/feeds/:secret.ics', path: '/calendar/feeds/…' });
	expect(half).toMatchObject({
		route: null,
		path: '/calendar/feeds/…',
		status: 404,
		actor: cast.people.anna.id,
	});
	expect(nowhere).toMatchObject({ route: null, path: '/nowhere', status: 404 });
	const ids = requests().map(({ reqId }) => reqId);
	expect(new Set(ids).size).toBe(7);

	// A failure that nobody foresaw.
	await database.pool.query('alter table loss_reasons rename to lost_reasons');
	await database.pool.query('alter table stages rename to lost_stages');
	for (const headers of [{}, { accept: 'application/json' }, { 'hx-request': 'true' }]) {
		const broken = await ask('/board', headers);
		const body = await broken.text();
		expect(broken.status).toBe(500);
		expect(body).not.toMatch(/lost_|relation|select |at .*\.ts|node_modules/);
		const failures = () => linesOf(program).filter(({ msg }) => msg === 'request failed');
		await expect
			.poll(() => failures().some(({ reqId }) => body.includes(String(reqId))))
			.toBe(true);
		const failure = failures().find(({ reqId }) => body.includes(String(reqId)));
		expect(failure?.err).toMatchObject({ code: '42P01' });
		const told = () => requests().find(({ reqId }) => reqId === failure?.reqId);
		await expect.poll(told).toMatchObject({ status: 500, route: '/board', level: 40 });
	}
	await program.kill('SIGTERM');
	const everything = program.text() + program.complaints();
	for (const word of [
		secret,
		'пароль-в-форме',
		'doorkey',
		'тайное-слово',
		'abcdefghijklm',
		'cookie',
	])
		expect(everything).not.toContain(word);
});
