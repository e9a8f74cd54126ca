import { connect as openSocket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { buildApp } from '#src/app.ts';
import { readConfig } from '#src/config.ts';
import { connect } from '#src/platform/db/client.ts';
import { buckets, countedAddress, turns } from '#src/platform/http/rate.ts';
import { browser, signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
await makeCast(database.db);
const JSON_TYPE = { accept: 'application/json' };

/** Another application of the same company, with limits of its own. */
const limited = async (env: Record<string, string>) => await testApp(database, { env });
const times = async (n: number, work: () => Promise<{ statusCode: number }>) => {
	const statuses: number[] = [];
	for (let i = 0; i < n; i += 1) statuses.push((await work()).statusCode);
	return statuses;
};

describe('a bucket', () => {
	test('gives so many at once, and again as time goes by', () => {
		let now = 0;
		const { take, giveBack } = buckets(60, () => now);
		for (let i = 0; i < 60; i += 1) expect(take('a')).toBe(0);
		expect([take('a'), take('b')]).toEqual([1, 0]);
		now += 1_000;
		expect([take('a'), take('a')]).toEqual([0, 1]);
		giveBack('a');
		expect([take('a'), take('a')]).toEqual([0, 1]);
		now += 3_600_000;
		const taken = Array.from({ length: 100 }, () => take('a')).filter((wait) => wait === 0);
		expect(taken).toHaveLength(60);
	});
	test('tells when the next one is due', () => {
		const { take } = buckets(2, () => 0);
		expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 30]);
	});
	test('forgets who was not here for longest, and not who was here just now', () => {
		const { take } = buckets(1, () => 0);
		expect(take('first')).toBe(0);
		for (let n = 0; n < 9_999; n += 1) take(`other ${n}`);
		expect(take('first')).toBe(60);
		for (let n = 0; n < 10_000; n += 1) take(`another ${n}`);
		expect(take('first')).toBe(0);
	});
});

test('turns are taken in the order of coming, and too many are turned away', () => {
	const { take, leave } = turns(2, 1);
	const begun: string[] = [];
	const come = (name: string) => take('a', () => begun.push(name));
	expect(['1', '2', '3', '4', '5'].map(come)).toEqual([true, true, true, true, false]);
	expect(begun).toEqual(['1', '2']);
	expect(take('b', () => begun.push('b'))).toBe(true);
	leave('a');
	leave('a');
	leave('a');
	expect(begun).toEqual(['1', '2', 'b', '3', '4']);
	expect(come('6')).toBe(true);
	expect(begun.at(-1)).toBe('6');
});

test('a household of IPv6 is one address', () => {
	expect(countedAddress('2a00:1:2:3:4:5:6:7')).toBe(countedAddress('2a00:1:2:3::9'));
	expect(countedAddress('2a00:1::1')).not.toBe(countedAddress('2a00:2::1'));
	expect(countedAddress('10.0.0.1')).toBe('10.0.0.1');
});

describe('so many requests a minute', () => {
	const env = { REQUESTS_PER_MINUTE: '5' };

	test('are one person’s by all of their sessions; others are not held back', async () => {
		const app = await limited(env);
		const [anna, again, boris] = [
			await signIn(app, 'anna'),
			await signIn(app, 'anna'),
			await signIn(app, 'boris'),
		];
		expect(await times(3, () => anna.get('/reminders', JSON_TYPE))).toEqual([200, 200, 200]);
		expect(await times(3, () => again.get('/reminders', JSON_TYPE))).toEqual([200, 200, 429]);
		expect((await anna.get('/reminders')).statusCode).toBe(429);
		expect((await boris.get('/reminders')).statusCode).toBe(200);
	});

	test('are one address’s where nobody is signed in, whatever cookie it invents', async () => {
		const app = await limited(env);
		const asked = await times(4, () => browser(app.app).get('/sign-in'));
		expect(asked).toEqual([200, 200, 200, 200]);
		expect((await browser(app.app, 'session=invented').get('/board')).statusCode).toBe(303);
		for (const cookie of ['', 'session=another', 'session=third'])
			expect((await browser(app.app, cookie).get('/board')).statusCode).toBe(429);
		const elsewhere = { method: 'GET', url: '/sign-in', remoteAddress: '10.9.9.9' } as const;
		expect((await app.app.inject(elsewhere)).statusCode).toBe(200);
	});

	test('whose end is told in words to people, fragments and programs', async () => {
		const app = await limited({ ...env, LANGUAGE: 'ru' });
		const anna = await signIn(app, 'anna');
		await times(5, () => anna.get('/reminders'));
		const page = await anna.get('/board');
		expect([page.statusCode, page.headers['retry-after']]).toEqual([429, '12']);
		expect(page.body).toContain('Слишком много запросов подряд. Подождите 12 секунд и повторите.');
		const fragment = await anna.htmx('/board', '/reminders');
		expect([fragment.statusCode, fragment.body.includes('<html')]).toEqual([429, false]);
		expect(fragment.body).toContain('Слишком много запросов');
		const data = await anna.get('/reminders', JSON_TYPE);
		expect(data.json().error).toMatchObject({ key: 'error.tooOften' });
		expect(data.headers['retry-after']).toBe('12');
	});

	test('do not count files and probes; 0 counts nothing', async () => {
		const app = await limited(env);
		for (const url of ['/healthz', '/readyz', '/metrics'])
			expect(await times(8, () => browser(app.app).get(url))).not.toContain(429);
		const page = await browser(app.app).get('/sign-in');
		const sheet = /href="(\/assets\/[^"]+\.css)"/.exec(page.body)?.[1] as string;
		expect(await times(8, () => browser(app.app).get(sheet))).not.toContain(429);
		const free = await limited({ REQUESTS_PER_MINUTE: '0' });
		expect(await times(20, () => browser(free.app).get('/sign-in'))).not.toContain(429);
	});
});

describe('so many requests at once', () => {
	/** The application with one connection to the database, on a port. */
	async function crowded(env: Record<string, string>) {
		const connection = connect(database.url, 1, 0, 'kept');
		const config = readConfig({ LOG_LEVEL: 'silent', REQUESTS_PER_MINUTE: '0', ...env });
		const app = await buildApp({ connection, config });
		const url = await app.listen({ host: '127.0.0.1', port: 0 });
		onTestFinished(async () => {
			const closed = app.close();
			// A connection that is kept alive would be waited for.
			app.server.closeAllConnections();
			await closed;
			await connection.close();
		});
		const cookieOf = async (login: string) => {
			const body = new URLSearchParams({ login });
			const answer = await fetch(`${url}/sign-in`, { method: 'POST', body, redirect: 'manual' });
			return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
		};
		const ask = async (cookie: string, signal?: AbortSignal) => {
			const headers = { cookie, ...JSON_TYPE };
			const answer = await fetch(`${url}/reminders`, { headers, ...(signal && { signal }) });
			await answer.text();
			return answer.status;
		};
		const sockets = async () =>
			await new Promise<number>((resolve) =>
				app.server.getConnections((_error, count) => resolve(count)),
			);
		return { app, url, pool: connection.pool, cookieOf, ask, sockets };
	}
	/** Nobody is answered until it is let go. */
	async function standstill() {
		const holder = await database.pool.connect();
		await holder.query('begin; lock table people in access exclusive mode');
		return async () => {
			await holder.query('rollback');
			holder.release();
		};
	}

	test('fifty connections of one person leave room for a quiet neighbour', async () => {
		const { cookieOf, ask, pool, sockets } = await crowded({});
		const [script, neighbour] = [await cookieOf('anna'), await cookieOf('boris')];
		const letGo = await standstill();
		const flood = Array.from({ length: 50 }, () => ask(script));
		await expect.poll(sockets).toBeGreaterThanOrEqual(50);
		await expect.poll(() => pool.waitingCount).toBe(7);
		const quiet = Array.from({ length: 4 }, () => ask(neighbour));
		await expect.poll(() => pool.waitingCount).toBe(11);
		await letGo();
		expect(await Promise.all(quiet)).toEqual([200, 200, 200, 200]);
		expect(new Set(await Promise.all(flood))).toEqual(new Set([200]));
	});

	test('without it they make 503 for the neighbour', async () => {
		const { cookieOf, ask, pool } = await crowded({ REQUESTS_AT_ONCE: '0' });
		const [script, neighbour] = [await cookieOf('anna'), await cookieOf('boris')];
		const letGo = await standstill();
		const flood = Array.from({ length: 50 }, () => ask(script));
		await expect.poll(() => pool.waitingCount).toBe(20);
		expect(await ask(neighbour)).toBe(503);
		await letGo();
		expect(await Promise.all(flood)).toContain(503);
	});

	test('who goes before their turn leaves it to the next; more than wait are turned away in words', async () => {
		const { cookieOf, ask, pool, sockets } = await crowded({ REQUESTS_AT_ONCE: '1' });
		const script = await cookieOf('anna');
		const letGo = await standstill();
		const [first, leaving] = [ask(script), new AbortController()];
		await expect.poll(sockets).toBeGreaterThanOrEqual(1);
		const gone = Array.from({ length: 4 }, () => ask(script, leaving.signal));
		await expect.poll(sockets).toBeGreaterThanOrEqual(5);
		const rest = Array.from({ length: 8 }, () => ask(script));
		const early = await Promise.race(rest);
		expect(early).toBe(429);
		leaving.abort();
		expect((await Promise.allSettled(gone)).map(({ status }) => status)).not.toContain('fulfilled');
		await letGo();
		expect(await first).toBe(200);
		const told = await Promise.all(rest);
		expect([...new Set(told)].sort()).toEqual([200, 429]);
		expect(await ask(script)).toBe(200);
		expect(pool.waitingCount).toBe(0);
	});

	test('a stream takes no turn for as long as it lasts', async () => {
		const { cookieOf, ask, url } = await crowded({ REQUESTS_AT_ONCE: '1' });
		const cookie = await cookieOf('anna');
		const streams = new AbortController();
		for (let n = 0; n < 3; n += 1) {
			const { status } = await fetch(`${url}/live`, {
				headers: { cookie },
				signal: streams.signal,
			});
			expect(status).toBe(200);
		}
		expect(await ask(cookie)).toBe(200);
		streams.abort();
	});
});

describe('a form that drips', () => {
	/** All that the server says on a socket to which `head` is sent, and then a byte now and again. */
	async function drip(url: string, head: string): Promise<string> {
		const { port } = new URL(url);
		const socket = openSocket(Number(port), '127.0.0.1');
		socket.on('error', () => {});
		socket.write(head.replaceAll('\n', '\r\n'));
		const dripping = setInterval(() => socket.write('a'), 100);
		let heard = '';
		socket.on('data', (piece) => {
			heard += piece;
		});
		await new Promise((resolve) => socket.once('close', resolve));
		clearInterval(dripping);
		return heard;
	}
	const head = (cookie: string, type: string) =>
		`POST /settings HTTP/1.1\nHost: 127.0.0.1\nCookie: ${cookie}\nContent-Type: ${type}\nContent-Length: 5000\n\n`;
	const FORM = 'application/x-www-form-urlencoded';

	test('is answered in words and cut off, of who is signed in and of who is not', async () => {
		const app = await limited({ BODY_SECONDS: '1' });
		const url = await app.app.listen({ host: '127.0.0.1', port: 0 });
		const anna = await signIn(app, 'anna');
		const said = await drip(url, head(anna.cookie, FORM));
		expect(said).toMatch(/^HTTP\/1\.1 408 /);
		expect(said).toContain('Запрос шёл слишком медленно');
		for (const type of [FORM, 'multipart/form-data; boundary=x'])
			expect(await drip(url, head('', type))).toMatch(/^HTTP\/1\.1 303 /);
	});

	test('of files and heads has a limit of the server’s', async () => {
		const { server } = (await limited({})).app;
		expect(server.requestTimeout).toBe(600_000);
		expect(server.headersTimeout).toBe(20_000);
		expect(server.maxConnections).toBe(10_000);
	});
});
