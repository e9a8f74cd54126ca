import type pg from 'pg';
import type { Manifest, TableHead } from './file.ts';

/** The program's own tables and the queue's; the list of migrations is told in the manifest. */
const SCHEMAS = ['public', 'graphile_worker'];
const NOT_KEPT = ['graphile_worker.migrations'];

/**
 * The tables that a backup keeps, with the columns that have values of their own: generated ones are made again. Unlogged tables are
 * left out, for their rows outlive no crash either.
 */
export async function keptTables(client: pg.ClientBase): Promise<TableHead[]> {
	const { rows } = await client.query<TableHead>(
		`select format('%I.%I', n.nspname, c.relname) as "table",
			array_agg(a.attname::text order by a.attnum) as columns
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
			join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
		where n.nspname = any($1) and c.relkind = 'r' and c.relpersistence = 'p'
			and not a.attisdropped and a.attgenerated = ''
		group by 1 order by 1`,
		[SCHEMAS],
	);
	return rows.filter(({ table }) => !NOT_KEPT.includes(table));
}

/** Where each sequence stands. Sequences know no snapshots: read after it, they are never behind its rows. */
export async function sequencesNow(client: pg.ClientBase): Promise<Manifest['sequences']> {
	const { rows } = await client.query<{ name: string }>(
		`select format('%I.%I', n.nspname, c.relname) as name
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname = any($1) and c.relkind = 'S' order by 1`,
		[SCHEMAS],
	);
	const each = rows.map(
		({ name }) =>
			`select '${name}' as name, last_value::text as value, is_called as called from ${name}`,
	);
	const found = await client.query<Manifest['sequences'][number]>(each.join(' union all '));
	return found.rows;
}

/** Which migrations of ours, and how many of the queue's, the database has. Throws what Postgres throws where there are none. */
export async function migrationsNow(
	client: pg.ClientBase,
): Promise<Pick<Manifest, 'migrations' | 'queue'>> {
	const own = await client.query<{ at: number }>(
		'select created_at as at from drizzle.__drizzle_migrations order by created_at',
	);
	const queue = await client.query<{ n: number }>(
		'select count(*)::int as n from graphile_worker.migrations',
	);
	return { migrations: own.rows.map(({ at }) => at), queue: queue.rows[0]?.n ?? 0 };
}

/** A column as SQL reads it. */
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Table and columns for COPY. */
export const copied = ({ table, columns }: TableHead) =>
	`${table} (${columns.map(quoted).join(', ')})`;
