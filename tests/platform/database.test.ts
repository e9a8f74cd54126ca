import { sql } from 'drizzle-orm';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '#src/platform/db/client.ts';
import { plansHold } from '#src/platform/db/planning.ts';
import { eventExpiry } from '#src/platform/history/tables.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();

test('a test file gets a database of its own with the directories filled in', async () => {
	const stages = await database.pool.query('select name from stages order by position');
	expect(stages.rows).toHaveLength(7);
});

test('the server sorts «ё» beside «е» and finds Russian words by trigrams', async () => {
	const sorted = await database.pool.query(
		`select string_agg(w, ' ' order by w collate russian) as words from unnest(array['жук', 'ёлка', 'Ежик', 'альфа']) w`,
	);
	expect(sorted.rows[0].words).toBe('альфа Ежик ёлка жук');
	const similar = await database.pool.query(`select show_trgm('ромашка') as trigrams`);
	expect(similar.rows[0].trigrams.length).toBeGreaterThan(5);
});

test('a moment comes as a Date, a day as text, money as a decimal string, whoever asks', async () => {
	const { db, pool } = database;
	const text = `select '2026-11-23 12:00:00.123+03'::timestamptz as moment, '2026-11-23'::date as day,
		1234567890123.40::numeric(15, 2) as money, 9007199254740991 as id,
		array['2026-11-23 12:00+03'::timestamptz] as moments, array['2026-11-23'::date] as days,
		array[0.10, null]::numeric[] as sums`;
	const said = {
		...{
			moment: new Date('2026-11-23T09:00:00.123Z'),
			day: '2026-11-23',
			money: '1234567890123.40',
		},
		...{ id: 9_007_199_254_740_991, moments: [new Date('2026-11-23T09:00:00Z')] },
		...{ days: ['2026-11-23'], sums: ['0.10', null] },
	};
	expect((await pool.query(text)).rows).toEqual([said]);
	for (let n = 0; n < 3; n++) expect((await db.execute(sql.raw(text))).rows).toEqual([said]);
	await db.transaction(async (tx) =>
		expect((await tx.execute(sql.raw(text))).rows).toEqual([said]),
	);
	const before = new Date('2026-11-23T09:00:00.123Z');
	expect(await db.insert(eventExpiry).values({ before }).returning()).toEqual([
		{ single: true, before },
	]);
	expect(await db.select().from(eventExpiry)).toEqual([{ single: true, before }]);
});

const PLANS = 'select count(*)::int as n from pg_prepared_statements';

test('a connection that keeps plans keeps one for a text that is asked often, whatever its values', async () => {
	const connection = connect(database.url, 1, 0, 'kept');
	onTestFinished(() => connection.close());
	const plans = async () => (await connection.pool.query(PLANS)).rows;
	await connection.db.execute(sql`select ${'Анна'}::text as once`);
	expect(await plans()).toEqual([{ n: 0 }]);
	for (const name of ['Борис', 'Вера']) {
		const { rows } = await connection.db.execute(sql`select ${name}::text as once`);
		expect(rows).toEqual([{ once: name }]);
	}
	expect(await plans()).toEqual([{ n: 1 }]);
});

test('what searches for a text is planned for its words each time, and so is all without kept plans', async () => {
	const [kept, anew] = [connect(database.url, 1, 0, 'kept'), connect(database.url, 1)];
	onTestFinished(() => Promise.all([kept.close(), anew.close()]).then(() => {}));
	for (const word of ['%сад%', '%дом%', '%лес%'])
		await kept.db.execute(sql`select 'сады' like ${word} as found`);
	for (const n of [1, 2, 3]) await anew.db.execute(sql`select ${n}::int as anew`);
	for (const { pool } of [kept, anew]) expect((await pool.query(PLANS)).rows).toEqual([{ n: 0 }]);
});

test('a plan that a migration beside the running program outdated is made anew, and nobody notices', async () => {
	const connection = connect(database.url, 1, 0, 'kept');
	onTestFinished(() => connection.close());
	await database.pool.query('create table outdated (a int)');
	onTestFinished(() => database.pool.query('drop table outdated').then(() => {}));
	const ask = () =>
		connection.db.execute(sql`select * from outdated where a is distinct from ${1}::int`);
	for (let n = 0; n < 3; n++) await ask();
	await database.pool.query('alter table outdated add b int');
	expect((await ask()).fields.map(({ name }) => name)).toEqual(['a', 'b']);
	expect((await ask()).fields.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('plans hold straight to the server', async () => {
	expect(await plansHold(database.url)).toBe(true);
});
