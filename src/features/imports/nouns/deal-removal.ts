import { sql } from 'drizzle-orm';
import { dropDeals } from '#src/features/deals/removal/removal.ts';
import type { Tx } from '#src/platform/db/client.ts';

/**
 * Takes deals away that an import has made, with the line of history that says so. A deal with interactions
 * stays, and so does one that was merged with another. Returns the ids of those that are gone.
 */
export async function removeDeals(tx: Tx, ids: number[]): Promise<number[]> {
	const { rows } = await tx.execute<{ id: number }>(sql`
		select d.id from deals d where d.id = any(${sql.param(ids)}::bigint[])
			and not exists (select from interactions i where i.deal_id = d.id) and d.merged_into is null
			and not exists (select from deals m where m.merged_into = d.id)
		for update of d`);
	const free = rows.map(({ id }) => Number(id));
	await dropDeals(tx, free);
	return free;
}
