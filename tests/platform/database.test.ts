import { expect, test } from 'vitest';
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
