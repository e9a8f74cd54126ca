import { type SQL, sql } from 'drizzle-orm';
import type { Sql } from './client.ts';

/** Before which moment something is older than so many days, by the database's clock: instances need not agree about theirs. */
export const daysAgo = (days: number): SQL => sql`(now() - make_interval(days => ${days}::int))`;

/** Whose time is over: rows of a table, by their `created_at`; `days` 0: nobody's. */
export type Aging = { table: string; which: SQL; days: number; atOnce: number };

/** Deletes what is older than its days, a batch a statement, until nothing is left or `signal` goes off. */
export async function forgetAged(
	db: Sql,
	signal: AbortSignal,
	{ table, which, days, atOnce }: Aging,
): Promise<void> {
	if (days === 0) return;
	const name = sql.identifier(table);
	let gone = atOnce;
	while (gone === atOnce && !signal.aborted) {
		const { rowCount } = await db.execute(sql`
			delete from ${name} where id in (
				select id from ${name} where created_at < ${daysAgo(days)} and ${which}
				order by id limit ${atOnce})`);
		gone = rowCount ?? 0;
	}
}
