import { beforeAll, expect, test } from 'vitest';
import { gauge } from '#src/platform/http/metrics.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { type Browser, browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
const served = await testApp(database, {
	env: { METRICS_FROM: '127.0.0.1, 10.1.0.0/16, fd00::/8' },
});
let cast: Cast;
let anna: Browser;

beforeAll(async () => {
	cast = await makeCast(database.db);
	anna = await signIn(served, 'anna');
});

const from = (remoteAddress: string, headers = {}) =>
	served.app.inject({ method: 'GET', url: '/metrics', remoteAddress, headers });

/** The value of one series. */
async function figure(name: string): Promise<number> {
	const { body } = await from('127.0.0.1');
	const line = body.split('\n').find((one) => one.startsWith(`${name} `));
	return Number(line?.slice(name.length + 1));
}

test('requests are counted by route and status, and no address of a record or a word becomes a series', async () => {
	await anna.get(`/deals/${cast.deals.late}`);
	await anna.get(`/deals/${cast.deals.today}`);
	await anna.get(`/deals/${cast.deals.gleb}`);
	await anna.get('/clients?q=ромашка');
	await anna.get('/nowhere/secret-word');
	const count = (route: string, status: number) =>
		figure(`http_request_duration_seconds_count{method="GET",route="${route}",status="${status}"}`);
	expect(await count('/deals/:id', 200)).toBe(2);
	expect(await count('/deals/:id', 404)).toBe(1);
	expect(await count('/clients', 200)).toBe(1);
	expect(await count('none', 404)).toBe(1);
	const { body, headers } = await from('127.0.0.1');
	expect(headers['content-type']).toContain('text/plain; version=0.0.4');
	expect(body).not.toMatch(/secret-word|ромашка|route="[^"]*\d/);
});

test('the pool and the queue are told: connections, who waits, jobs by state', async () => {
	await enqueue(database.db, 'test.none', {}, { key: 'waits' });
	await enqueue(database.db, 'test.none', {}, { key: 'failed', attempts: 1 });
	await enqueue(database.db, 'test.none', {}, { key: 'runs' });
	await database.pool.query(
		`update graphile_worker._private_jobs set attempts = max_attempts where key = 'failed'`,
	);
	await database.pool.query(
		`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'x' where key = 'runs'`,
	);
	await database.pool.query(
		`update graphile_worker._private_jobs set run_at = now() - interval '1 minute' where key = 'waits'`,
	);
	expect(await figure('jobs{state="waiting"}')).toBe(1);
	expect(await figure('jobs{state="running"}')).toBe(1);
	expect(await figure('jobs{state="failed"}')).toBe(1);
	expect(await figure('jobs_behind_seconds')).toBeGreaterThanOrEqual(60);
	expect(await figure('db_pool_connections')).toBeGreaterThan(0);
	expect(await figure('db_pool_waiting')).toBe(0);
	expect(await figure('live_streams')).toBe(0);
	expect(await figure('live_listening')).toBe(0);
	expect(await figure('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
});

test('a part of the program puts its own figures there', async () => {
	let open = 3;
	gauge(served.app.metrics, 'test_streams', 'Streams that are open.', () => open);
	expect(await figure('test_streams')).toBe(3);
	open = 5;
	expect(await figure('test_streams')).toBe(5);
});

test('only listed addresses read it, by the socket, and nobody through a proxy', async () => {
	for (const address of ['127.0.0.1', '10.1.200.3', '::ffff:10.1.200.3', 'fd00::7'])
		expect([address, (await from(address)).statusCode]).toEqual([address, 200]);
	for (const address of ['10.2.0.1', '192.168.0.1', '::1', '::ffff:8.8.8.8', 'fe80::1'])
		expect([address, (await from(address)).statusCode]).toEqual([address, 403]);
	for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])
		expect((await from('127.0.0.1', { [header]: '127.0.0.1' })).statusCode).toBe(403);
	const ada = await signIn(served, 'ada');
	const signed = await from('8.8.8.8', { cookie: ada.cookie });
	expect(signed.statusCode).toBe(403);
	expect(signed.body).not.toContain('db_pool');
});

test('this machine reads it where nothing is set', async () => {
	const { app } = await testApp(database);
	const at = (remoteAddress: string) => app.inject({ url: '/metrics', remoteAddress });
	expect((await at('127.0.0.1')).statusCode).toBe(200);
	expect((await at('::1')).statusCode).toBe(200);
	expect((await at('10.0.0.1')).statusCode).toBe(403);
	expect((await browser(app).get('/healthz')).json()).toEqual({ ok: true });
	expect((await browser(app).get('/readyz')).json()).toMatchObject({ ok: true });
});
