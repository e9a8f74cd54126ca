import type pg from 'pg';

type Part = { table: string; name: string; definition: string };

/**
 * Runs `load` on tables without secondary indexes and foreign keys and makes them again afterwards,
 * which takes a tenth of the time; the keys are checked then, over all rows.
 */
export async function withBareTables(
	client: pg.PoolClient,
	load: () => Promise<void>,
): Promise<void> {
	const keys = await partsOf(client, FOREIGN_KEYS);
	const indexes = await partsOf(client, INDEXES);
	for (const { table, name } of keys)
		await client.query(`alter table ${table} drop constraint ${name}`);
	for (const { name } of indexes) await client.query(`drop index ${name}`);
	await load();
	for (const { definition } of indexes) await client.query(definition);
	await client.query('analyze');
	for (const { table, name, definition } of keys)
		await client.query(`alter table ${table} add constraint ${name} ${definition}`);
}

const FOREIGN_KEYS = `
	select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
	from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`;

// Not those that a constraint owns, not those of directories, which are not empty, and not those of
// client_words, in which every new client looks for its words.
const INDEXES = `
	select tablename as table, quote_ident(indexname) as name, indexdef as definition
	from pg_indexes where schemaname = 'public'
		and indexname not in (select conname from pg_constraint)
		and tablename in ('clients', 'client_search', 'client_summaries', 'contacts',
			'contact_points', 'deals', 'interactions', 'stage_changes', 'events')`;

async function partsOf(client: pg.PoolClient, query: string): Promise<Part[]> {
	return (await client.query<Part>(query)).rows;
}
