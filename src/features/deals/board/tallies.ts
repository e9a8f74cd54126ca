import { sql } from 'drizzle-orm';
import type { Database } from '#src/platform/db/client.ts';
import { LOCKS } from '#src/platform/db/locks.ts';

// A day of this month or the last, whatever zone its reader is in; the first of an earlier month.
const CLOSED =
	sql.raw(`(case when t.closed_on < date_trunc('month', current_date - 1)::date - interval '1 month'
	then date_trunc('month', t.closed_on)::date else t.closed_on end)`);

/**
 * Adds up the appended differences of deal_tallies into one row per place. Readers see the rows
 * before or after, the same sums either way: what closed before the last month is told by the month, which is all that
 * anybody asks for. Of several instances that try at once one does it. Returns whether it was this one.
 */
export async function foldTallies(db: Database): Promise<boolean> {
	return await db.transaction(async (tx) => {
		const { rows } = await tx.execute<{ mine: boolean }>(
			sql`select pg_try_advisory_xact_lock(${LOCKS.tallies}) as mine`,
		);
		if (!rows[0]?.mine) return false;
		await tx.execute(sql`
			with crowded as (
				select stage_id, currency, hour, day, ${CLOSED} as closed_on, loss_reason_id from deal_tallies t
				group by 1, 2, 3, 4, 5, 6
				having count(*) > 1 or sum(deals) = 0 or bool_or(t.closed_on <> ${CLOSED})
			), gone as (
				delete from deal_tallies t using crowded c
				where t.stage_id = c.stage_id and t.currency = c.currency
					and t.hour is not distinct from c.hour and t.day is not distinct from c.day
					and ${CLOSED} is not distinct from c.closed_on
					and t.loss_reason_id is not distinct from c.loss_reason_id
				returning t.*
			)
			insert into deal_tallies (stage_id, currency, hour, day, closed_on, loss_reason_id, deals, amount)
			select stage_id, currency, hour, day, ${CLOSED}, loss_reason_id, sum(deals), sum(amount)
			from gone t group by 1, 2, 3, 4, 5, 6 having sum(deals) <> 0 or sum(amount) <> 0`);
		return true;
	});
}
