import { connect as connectSocket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '#src/platform/db/client.ts';
import { testApp } from '../app.ts';
import { testDatabase } from '../database.ts';
import { serve } from '../live/reader.ts';

const database = await testDatabase();

test('a hole in the schema makes an instance not ready, and says why: in the log once, in the answer to whom figures are told', async () => {
	const { app } = await testApp(database, {
		env: { METRICS_FROM: '10.1.0.0/16' },
	});
	const told: unknown[] = [];
	// Loggers of requests have it from this one, and tell of each answer that was 503.
	app.log.warn = (...line: unknown[]) =>
		void (/ready/.test(String(line.at(-1))) && told.push(line));
	const ask = async (remoteAddress: string) => {
		const answer = await app.inject({ url: '/readyz', remoteAddress });
		return { status: answer.statusCode, ...answer.json<Record<string, unknown>>() };
	};
	expect(await ask('10.1.0.7')).toMatchObject({ status: 200, ok: true });
	const { rows } = await database.pool.query(
		`delete from drizzle.__drizzle_migrations where id = 15 returning hash, created_at`,
	);
	const why = 'migrations are missing: 0014_audit';
	for (const _ of [1, 2, 3])
		expect(await ask('10.1.0.7')).toMatchObject({ status: 503, ok: false, why });
	const stranger = await ask('8.8.8.8');
	expect(stranger).toMatchObject({ status: 503, ok: false });
	expect(Object.keys(stranger).toSorted()).toEqual(['ok', 'requestId', 'status']);
	expect(told).toHaveLength(1);
	expect(JSON.stringify(told)).toContain(why);
	const [row] = rows as { hash: string; created_at: number }[];
	await database.pool.query(
		'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)',
		[row?.hash, row?.created_at],
	);
	expect(await ask('8.8.8.8')).toMatchObject({ status: 200, ok: true });
	expect(told).toHaveLength(2);
});

test('a database that is away takes no instance out: pages say it themselves; only who asks deeper is told', async () => {
	const nowhere = { ...connect('postgres://nobody@127.0.0.1:1/none'), url: '' };
	onTestFinished(() => nowhere.close());
	const { app } = await testApp(nowhere);
	const cookie = 'session=whatever-it-is';
	for (const headers of [{}, { cookie }]) {
		expect((await app.inject({ url: '/readyz', headers })).statusCode).toBe(200);
		expect((await app.inject({ url: '/healthz', headers })).statusCode).toBe(200);
	}
	const deep = await app.inject('/readyz?deep');
	expect([deep.statusCode, deep.json().ok]).toEqual([503, false]);
	const page = await app.inject({ url: '/board', headers: { cookie } });
	expect([page.statusCode, page.headers['retry-after']]).toEqual([503, '5']);
	expect(page.body).toContain(page.headers['x-request-id'] ?? 'Номер');
});

test('probes answer whoever asks, by any name or by none, as balancers do; pages do not', async () => {
	const { app } = await testApp(database);
	const origin = new URL(await serve(app));
	const say = async (request: string) => {
		const socket = connectSocket(Number(origin.port), origin.hostname);
		let answer = '';
		socket.setEncoding('utf8').on('data', (chunk: string) => {
			answer += chunk;
		});
		socket.write(request);
		await new Promise((resolve) => socket.once('close', resolve));
		return answer.split('\r\n')[0];
	};
	for (const path of ['/readyz', '/healthz', '/readyz?deep']) {
		expect(await say(`GET ${path} HTTP/1.0\r\n\r\n`)).toContain(' 200 ');
		expect(
			await say(`GET ${path} HTTP/1.1\r\nHost: app1:4501\r\nConnection: close\r\n\r\n`),
		).toContain(' 200 ');
	}
	for (const path of ['/sign-in', '/metrics'])
		expect(
			await say(`GET ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`),
		).toContain(' 400 ');
});
