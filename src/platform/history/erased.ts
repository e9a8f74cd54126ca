import { sql } from 'drizzle-orm';
import { daysAgo } from '#src/platform/db/aging.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** Events that still have their values; that something was erased is told for ever. */
export const UNERASED = sql`(type not like '%.erased' and not data ? 'erased')`;

/** Up to which moment values have gone by their age; null: none has. */
export async function expiredBefore(db: Sql): Promise<Date | null> {
	const { rows } = await db.execute<{ before: Date | null }>(
		sql`select nullif(before, '-infinity') as before from event_expiry`,
	);
	return rows[0]?.before ?? null;
}

/** How many whole days the oldest event that should have lost its values waits for it; 0 where none does. */
export async function daysBehind(db: Sql, days: number): Promise<number> {
	if (days === 0) return 0;
	const { rows } = await db.execute<{ days: number }>(sql`
		select coalesce(extract(day from ${daysAgo(days)} - min(e.at)), 0)::int as days
		from (
			select at from events
			where at < ${daysAgo(days)} and at >= coalesce((select before from event_expiry), '-infinity')
				and (ip is not null or ${UNERASED})
			order by at limit 1
		) e`);
	return Math.max(0, rows[0]?.days ?? 0);
}
