import { sql } from 'drizzle-orm';
import type { Database } from '#src/platform/db/client.ts';
import { LOCKS } from '#src/platform/db/locks.ts';

/**
 * Adds up the appended differences of client_tallies and client_contact_tallies into one row per place, as
 * board/tallies.ts does for deals. Of several instances that try at once one does it; returns whether this.
 */
export async function foldClientTallies(db: Database): Promise<boolean> {
	return await db.transaction(async (tx) => {
		const { rows } = await tx.execute<{ mine: boolean }>(
			sql`select pg_try_advisory_xact_lock(${LOCKS.clientTallies}) as mine`,
		);
		if (!rows[0]?.mine) return false;
		await tx.execute(sql`
			with crowded as (
				select segment, region, status, archived, owned from client_tallies
				group by 1, 2, 3, 4, 5 having count(*) > 1 or sum(clients) = 0
			), gone as (
				delete from client_tallies t using crowded c
				where t.segment is not distinct from c.segment and t.region is not distinct from c.region
					and (t.status, t.archived, t.owned) = (c.status, c.archived, c.owned)
				returning t.*
			)
			insert into client_tallies (segment, region, status, archived, owned, clients)
			select segment, region, status, archived, owned, sum(clients)
			from gone group by 1, 2, 3, 4, 5 having sum(clients) <> 0`);
		await tx.execute(sql`
			with crowded as (
				select hour from client_contact_tallies group by 1 having count(*) > 1 or sum(clients) = 0
			), gone as (
				delete from client_contact_tallies t using crowded c
				where t.hour is not distinct from c.hour returning t.*
			)
			insert into client_contact_tallies (hour, clients)
			select hour, sum(clients) from gone group by 1 having sum(clients) <> 0`);
		return true;
	});
}
