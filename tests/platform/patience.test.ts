import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connect } from '#src/platform/db/client.ts';
import { StatementTooLong } from '#src/platform/db/statement-timeout.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const hasty = connect(database.url, 2, 2_000);
// One person stands for a crowd here; how many requests of one are worked on has a test of its own.
const served = await testApp({ ...hasty, url: database.url }, { env: { REQUESTS_AT_ONCE: '0' } });
let cast: Cast;
let anna: Browser;

beforeAll(async () => {
	cast = await makeCast(database.db);
	anna = await signIn(served, 'anna');
});
afterAll(() => hasty.close());

const running = async (word: string) =>
	(
		await database.pool.query(
			`select from pg_stat_activity where state = 'active' and query like $1 and pid <> pg_backend_pid()`,
			[`%${word}%`],
		)
	).rowCount;

test('a statement that takes too long is given up, on the server too, and the pool goes on', async () => {
	await expect(hasty.pool.query(`select pg_sleep(600), 'runaway'`)).rejects.toThrow(
		StatementTooLong,
	);
	await expect.poll(() => running('runaway')).toBe(0);
	for (let turn = 0; turn < 20; turn++) await hasty.pool.query('select 1');
	expect(hasty.pool.totalCount).toBeLessThanOrEqual(2);
});

test('a transaction in which one takes too long is rolled back, and its connection given to nobody', async () => {
	const before = await ledgerOf(database);
	const working = hasty.db.transaction(async (tx) => {
		await tx.execute(sql`update deals set title = 'Половина'`);
		await tx.execute(sql`select pg_sleep(600), 'half-way'`);
	});
	await expect(working).rejects.toThrow();
	await expect.poll(() => running('half-way')).toBe(0);
	expect(await ledgerOf(database)).toEqual(before);
	const isolation = await Promise.all(
		[1, 2, 3].map(() => hasty.pool.query('select now() = statement_timestamp() as fresh')),
	);
	expect(isolation.map(({ rows }) => rows[0].fresh)).toEqual([true, true, true]);
});

test('many quick statements in one transaction may together take longer', async () => {
	await hasty.db.transaction(async (tx) => {
		for (let turn = 0; turn < 5; turn++) await tx.execute(sql`select pg_sleep(0.5)`);
	});
});

test('a person whose change waits for another’s lock is told 503, when to try again, and nothing is half-done', async () => {
	const holder = await database.pool.connect();
	onTestFinished(() => holder.release(true));
	await holder.query('begin');
	await holder.query('select from deals where id = $1 for update', [cast.deals.today]);
	const before = await ledgerOf(database);
	const move = { stageId: cast.open[1].id, version: 1 };
	const answer = await anna.json(`/deals/${cast.deals.today}/moves`, move);
	expect(answer.statusCode).toBe(503);
	expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
	const { error } = answer.json() as { error: { requestId: string; message: string } };
	expect(error.message).toContain(error.requestId);
	expect(answer.body).not.toMatch(/select|update|\.ts|Statement/i);
	await holder.query('rollback');
	expect(await ledgerOf(database)).toEqual(before);
	expect((await anna.json(`/deals/${cast.deals.today}/moves`, move)).statusCode).toBe(200);
});

test('when all connections are taken the queue has an end: what is beyond it is refused at once', async () => {
	const taken = [await hasty.pool.connect(), await hasty.pool.connect()];
	const releaseAll = () => taken.splice(0).forEach((client) => void client.release());
	onTestFinished(releaseAll);
	const board = async () => (await anna.get('/board')).statusCode;
	const waiting = Array.from({ length: 40 }, board);
	await expect.poll(() => hasty.pool.waitingCount).toBe(40);
	// Answered while nothing is free: nobody has waited for that.
	expect(new Set(await Promise.all(Array.from({ length: 20 }, board)))).toEqual(new Set([503]));
	expect(hasty.pool.waitingCount).toBe(40);
	releaseAll();
	expect(await Promise.all(waiting)).toContain(200);
	expect(await board()).toBe(200);
});
