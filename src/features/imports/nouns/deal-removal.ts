import { sql } from 'drizzle-orm';
import type { Tx } from '#src/platform/db/client.ts';

/** What hangs on a deal and has come with the import that made it. */
const PARTS = ['deal_products', 'deal_tags', 'deal_collaborators'];

/**
 * Takes deals away that an import has made, with the line of history that says so. A deal with interactions
 * stays. Returns the ids of those that are gone. The append-only history lets go for this transaction only.
 */
export async function removeDeals(tx: Tx, ids: number[]): Promise<number[]> {
	const { rows } = await tx.execute<{ id: number }>(sql`
		select d.id from deals d where d.id = any(${sql.param(ids)}::bigint[])
			and not exists (select from interactions i where i.deal_id = d.id)
		for update of d`);
	const free = rows.map(({ id }) => Number(id));
	const these = sql`any(${sql.param(free)}::bigint[])`;
	await tx.execute(sql`select set_config('app.undoing_import', 'yes', true)`);
	await tx.execute(sql`delete from stage_changes where deal_id = ${these}`);
	for (const table of PARTS)
		await tx.execute(sql`delete from ${sql.identifier(table)} where deal_id = ${these}`);
	await tx.execute(sql`delete from deals where id = ${these}`);
	await tx.execute(sql`select set_config('app.undoing_import', 'no', true)`);
	return free;
}
