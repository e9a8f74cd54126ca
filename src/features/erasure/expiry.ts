import { sql } from 'drizzle-orm';
import { daysAgo } from '#src/platform/db/aging.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { UNERASED } from '#src/platform/history/erased.ts';
import { eraseAddresses, eraseEvents } from './actions.ts';

const AT_ONCE = 1_000;

/**
 * Overwrites the values of events that are older than so many days, as erasing somebody does: what happened, when, to what
 * and by whom stays. A batch a transaction, so that nobody waits for it; what is done already is not looked at again.
 * Zero days: nothing. Returns how many there were.
 */
export async function expireEvents(db: Sql, days: number, signal: AbortSignal): Promise<number> {
	let erased = 0;
	let batch = AT_ONCE;
	while (days > 0 && batch === AT_ONCE && !signal.aborted) {
		batch = await expireBatch(db, days);
		erased += batch;
	}
	return erased;
}

async function expireBatch(sqlOrTx: Sql, days: number): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		await tx.execute(sql`
			insert into event_expiry (before) values ('-infinity') on conflict do nothing`);
		const { rows } = await tx.execute<{ ids: number[]; before: string }>(sql`
			with mark as (select before from event_expiry for update), old as (
				select e.id, e.at from mark join events e on e.at >= mark.before
				where e.at < ${daysAgo(days)} and (e.ip is not null or ${UNERASED})
				order by e.at limit ${AT_ONCE})
			select coalesce(array_agg(id), '{}') as ids, case when count(*) = ${AT_ONCE} then max(at)
				else greatest(${daysAgo(days)}, (select before from mark)) end::text as before
			from old`);
		const { ids = [], before } = rows[0] ?? {};
		const these = sql`id = any(${sql.param(ids)}::bigint[])`;
		if (ids.length > 0) {
			await eraseEvents(tx, these);
			await eraseAddresses(tx, sql`${these} and ip is not null`);
		}
		await tx.execute(sql`update event_expiry set before = ${before}::timestamptz`);
		return ids.length;
	});
}
