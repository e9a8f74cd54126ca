import { sql } from 'drizzle-orm';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Tx } from '#src/platform/db/client.ts';
import { record } from '#src/platform/history/record.ts';
import { allTold, rangesOf, tell } from '#src/platform/history/teller.ts';
import { testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { cookieOf, openStream, type Reader, serve } from './reader.ts';

const database = await testDatabase();
const { db, pool } = database;
const { app } = await testApp(database);
const origin = await serve(app);
let cast: Cast;
let anna: Reader;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await openStream(origin, await cookieOf(database, 'anna'));
});

beforeEach(async () => {
	await expect.poll(() => app.live.listener()?.state).toBe('listening');
	await expect.poll(() => anna.messages.length).toBeGreaterThan(0);
});

const noted = () =>
	({
		type: 'deal.noted',
		dealId: cast.deals.anna,
		clientId: null,
		data: { text: 'Слово' },
	}) as const;
const times = () => anna.changes().filter(({ deals }) => deals?.includes(cast.deals.anna)).length;

test('a change says nothing inside its transaction: commits of all do not wait for each other', async ({
	skip,
}) => {
	const { rows } = await pool.query('show max_prepared_transactions');
	if (rows[0]?.max_prepared_transactions === '0')
		skip('NOT TESTED: this server prepares no transactions');
	/** What a transaction that does this is refused with when it is to be prepared: one that has used NOTIFY is. */
	const refusal = async (work: (tx: Tx) => Promise<unknown>) => {
		let code = 'none';
		await db
			.transaction(async (tx) => {
				await work(tx);
				await tx
					.execute(sql`prepare transaction 'later'`)
					.catch((error: { cause?: { code?: string } }) => {
						code = error.cause?.code ?? '';
					});
				throw new Error('no more');
			})
			.catch(() => {});
		if (code === 'none') await pool.query(`rollback prepared 'later'`);
		return code;
	};
	expect(await refusal((tx) => tx.execute(sql`select pg_notify('changed', '{}')`))).toBe('0A000');
	expect(await refusal((tx) => record(tx, by(cast.people.anna), noted()))).toBe('none');
});

test('what is stored is told once, after its commit', async () => {
	const before = times();
	await db.transaction(async (tx) => {
		await record(tx, by(cast.people.anna), noted());
		await allTold(pool);
		expect(times()).toBe(before);
	});
	await expect.poll(times).toBe(before + 1);
	// Two rounds of those who look for what nobody told of.
	await new Promise((resolve) => setTimeout(resolve, 5_000));
	expect(times()).toBe(before + 1);
});

test('what the process that stored it could not tell is found by asking, once', async () => {
	const before = times();
	await pool.query(
		`insert into events (type, at, actor_id, door, deal_id, data)
		values ('deal.noted', now(), $1, 'form', $2, '{"text": "Слово"}')`,
		[cast.people.anna.id, cast.deals.anna],
	);
	await expect.poll(times).toBe(before + 1);
	await new Promise((resolve) => setTimeout(resolve, 4_500));
	expect(times()).toBe(before + 1);
});

test('a database that is away loses the word and nothing else; ids go as the first and the last of a row', async () => {
	expect(rangesOf([7, 3, 4, 5, 9])).toEqual([
		[3, 5],
		[7, 7],
		[9, 9],
	]);
	const refusing = { query: async () => await Promise.reject(new Error('away')) };
	const away = refusing as unknown as typeof pool;
	tell(away, { happened: [], ids: [1], actor: null, tab: null });
	await allTold(away);
});
