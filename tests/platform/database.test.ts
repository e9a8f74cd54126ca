import { sql } from 'drizzle-orm';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '#src/platform/db/client.ts';
import { planOnce } from '#src/platform/db/planning.ts';
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

test('a connection that plans once keeps one plan for a text, whatever its values; others keep none', async () => {
	const connection = connect(database.url, 1);
	onTestFinished(() => connection.close());
	connection.pool.on('connect', planOnce);
	for (const name of ['Анна', 'Борис'])
		await connection.db.execute(sql`select ${name}::text as name`);
	const plans = 'select count(*)::int as n from pg_prepared_statements';
	expect((await connection.pool.query(plans)).rows).toEqual([{ n: 1 }]);
	await database.db.execute(sql`select ${'Вера'}::text as name`);
	expect((await database.pool.query(plans)).rows).toEqual([{ n: 0 }]);
});
