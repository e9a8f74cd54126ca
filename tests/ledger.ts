import type { TestDatabase } from './database.ts';

/** A hash per table: equal before and after means that nothing was written. */
export type Ledger = Record<string, string>;

/**
 * Every table of the database, whatever it is called. Only when a session was last seen does not count, nor
 * how tallies lie: a timer folds them, and what they add up is in the deals and clients themselves.
 */
export async function ledgerOf({ pool }: TestDatabase): Promise<Ledger> {
	const tables = await pool.query<{ name: string }>(
		`select table_name as name from information_schema.tables where table_schema = 'public'
			and table_name not like '%\\_tallies' order by 1`,
	);
	const parts = tables.rows.map(
		({ name }) => `select '${name}' as name, md5(coalesce(
			string_agg((to_jsonb(t) - 'seen_at')::text, '|' order by (to_jsonb(t) - 'seen_at')::text collate "C"), '')) as hash
			from "${name}" t`,
	);
	const hashes = await pool.query<{ name: string; hash: string }>(parts.join(' union all '));
	return Object.fromEntries(hashes.rows.map(({ name, hash }) => [name, hash]));
}
