import { sql } from 'drizzle-orm';
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { type Connection, connect } from '#src/platform/db/client.ts';
import { faultOf, mayBeStored } from '#src/platform/db/faults.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { statement } from '../global-setup.ts';
import { openWire } from './wire.ts';

const database = await testDatabase();
const name = new URL(database.url).pathname.slice(1);
let cast: Cast;

beforeAll(async () => {
	cast = await makeCast(database.db);
});

/** Somebody at an application of its own, whose statements may take so long. */
async function annaOn(connection: Connection): Promise<Browser> {
	return await signIn(await testApp({ ...connection, url: database.url }), 'anna');
}

function opened(max: number, patienceMs: number): Connection {
	const connection = connect(database.url, max, patienceMs);
	onTestFinished(() => connection.close());
	return connection;
}

/** Has each COMMIT of a change take so long, as for a replica that does not answer. */
async function commitsHang(seconds: number): Promise<void> {
	await database.pool.query(`
		create or replace function hang() returns trigger language plpgsql as $$
			begin perform pg_sleep(${seconds}); return null; end $$;
		create constraint trigger hang after insert on events deferrable initially deferred
			for each row execute function hang()`);
	onTestFinished(async () => {
		await database.pool.query('drop trigger hang on events');
	});
}

const coded = (code: string) => Object.assign(new Error('said by the server'), { code });

test('each SQLSTATE that says how the database is has its word, and tells whether its connection is good for more', () => {
	const table: [string, string, boolean][] = [
		['25006', 'error.onlyReads', true],
		['57014', 'error.cancelled', false],
		['40001', 'error.collided', false],
		['40P01', 'error.collided', false],
		['72000', 'error.collided', false],
		['55P03', 'error.held', false],
		['57P01', 'error.busy', true],
		['57P03', 'error.busy', true],
		['53300', 'error.busy', false],
		['53100', 'error.busy', false],
		['08006', 'error.busy', true],
		['ECONNRESET', 'error.busy', true],
	];
	for (const [code, key, drop] of table)
		expect([code, faultOf(new Error('query', { cause: coded(code) }))]).toEqual([
			code,
			expect.objectContaining({ key, drop }),
		]);
	for (const code of ['23505', '42P01', '42501', '22P02', '25P02', ''])
		expect([code, faultOf(coded(code))]).toEqual([code, null]);
	expect(faultOf(new TypeError('ours'))).toBeNull();
});

test('a server that only reads is told as such, and its connections are given to nobody when it is another one', async () => {
	const connection = opened(3, 0);
	const anna = await annaOn(connection);
	const onlyReads = (on: boolean) =>
		statement(
			inject('server').url,
			`alter database ${name} ${on ? 'set default_transaction_read_only = on' : 'reset default_transaction_read_only'}`,
		);
	await onlyReads(true);
	// Those that are there already were told before.
	await database.pool.query(
		`select pg_terminate_backend(pid) from pg_stat_activity
		where datname = current_database() and pid <> pg_backend_pid()`,
	);
	await expect.poll(async () => (await anna.get('/board')).statusCode).toBe(200);
	const move = { stageId: cast.open[1].id, version: 1 };
	const refused = await anna.json(`/deals/${cast.deals.today}/moves`, move);
	expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5']);
	expect(refused.json().error.message).toContain('только для чтения');
	expect(connection.figures.readOnly).toBeGreaterThan(0);
	await onlyReads(false);
	// No more of the old ones than there were.
	const stored = async () => (await anna.json(`/deals/${cast.deals.today}/moves`, move)).statusCode;
	await expect.poll(stored).toBe(200);
});

test('when the answer to a COMMIT does not come, nobody is told that nothing was stored', async () => {
	const anna = await annaOn(opened(3, 700));
	const before = await anna.json(`/deals/${cast.deals.late}/moves`, { stageId: 0, version: 1 });
	expect(before.statusCode).toBeLessThan(500);
	await commitsHang(30);
	const answer = await anna.json(`/deals/${cast.deals.late}/moves`, {
		stageId: cast.open[1].id,
		version: 1,
	});
	expect(answer.statusCode).toBe(503);
	expect(answer.json().error.message).toMatch(/сохранилось ли, неизвестно/);
	expect(answer.json().error.message).toContain(answer.json().error.requestId);
});

test('a statement that writes by itself is its own COMMIT; one that only reads leaves nothing behind', async () => {
	const wire = await openWire(database.url);
	const { db, close } = connect(wire.url, 2);
	onTestFinished(close);
	await database.pool.query('create table if not exists lonely (n int)');
	const lost = async (text: ReturnType<typeof sql>) => {
		wire.cutAfter = /lonely/;
		return await db.execute(text).catch((error: unknown) => error);
	};
	const written = await lost(sql`insert into lonely values (1)`);
	expect([faultOf(written)?.key, mayBeStored(written)]).toEqual(['error.busy', true]);
	expect((await database.pool.query('select from lonely')).rowCount).toBe(1);
	const read = await lost(sql`select n from lonely`);
	expect([faultOf(read)?.key, mayBeStored(read)]).toEqual(['error.busy', false]);
});

test('what fails before its COMMIT is surely not stored', async () => {
	const { db } = opened(2, 300);
	const failed = await db
		.transaction(async (tx) => {
			await tx.execute(sql`select pg_sleep(30)`);
		})
		.catch((error: unknown) => error);
	expect(faultOf(failed)?.key).toBe('error.busy');
	expect(mayBeStored(failed)).toBe(false);
});

test('commits that hang leave readers their part of the pool, and the writers behind them are told in time', async () => {
	const connection = opened(10, 20_000);
	await commitsHang(2);
	const write = () =>
		connection.db.transaction(async (tx) => {
			await tx.execute(sql`insert into events (type, at, door) values ('test.hung', now(), 'api')`);
		});
	const writing = Promise.allSettled(Array.from({ length: 12 }, write));
	await expect.poll(() => connection.writers.waiting()).toBe(5);
	expect(connection.pool.totalCount - connection.pool.idleCount).toBe(7);
	for (let turn = 0; turn < 20; turn++) await connection.pool.query('select 1');
	expect(connection.writers.waiting()).toBe(5);
	expect((await writing).map(({ status }) => status)).toEqual(Array(12).fill('fulfilled'));
	expect(connection.writers.waiting()).toBe(0);
});
