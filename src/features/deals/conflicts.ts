import { sql } from 'drizzle-orm';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { Conflict } from '#src/platform/errors.ts';
import type { DealToEdit } from './queries.ts';

/** Throws Conflict where a change started from another version than the deal has. */
export async function checkVersion(tx: Tx, deal: DealToEdit, version: number): Promise<void> {
	if (deal.version !== version) throw await conflictOn(tx, deal);
}

/** The Conflict that tells who changed a deal last, and when. */
export async function conflictOn(tx: Tx, deal: { id: number; version: number }): Promise<Conflict> {
	const last = await lastChangeOf(tx, deal.id);
	return new Conflict(
		{ version: deal.version, at: last?.at ?? null, by: last?.by ?? null },
		last?.byId,
	);
}

async function lastChangeOf(
	db: Sql,
	dealId: number,
): Promise<{ at: Date; by: string | null; byId: number | null } | null> {
	const { rows } = await db.execute<{ at: Date; by: string | null; byId: number | null }>(sql`
		select e.at, p.name as by, p.id as "byId" from events e left join people p on p.id = e.actor_id
		where e.deal_id = ${dealId} and e.noun = 'deal' and e.type <> 'deal.noted'
		order by e.id desc limit 1`);
	return rows[0] ?? null;
}
