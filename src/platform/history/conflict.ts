import { sql } from 'drizzle-orm';
import type { Noun } from '#src/events.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { Conflict } from '#src/platform/errors.ts';

/** The Conflict that tells who changed a record last, of a noun that stands beside deals and clients. */
export async function conflictOn(
	db: Sql,
	noun: Noun,
	{ id, version }: { id: number; version: number },
): Promise<Conflict> {
	const { rows } = await db.execute<{ at: Date; by: string | null; byId: number | null }>(sql`
		select e.at, p.name as by, p.id as "byId" from events e left join people p on p.id = e.actor_id
		where e.noun = ${noun} and e.record_id = ${id} and e.deal_id is null and e.client_id is null
		order by e.id desc limit 1`);
	const last = rows[0];
	return new Conflict({ version, at: last?.at ?? null, by: last?.by ?? null }, last?.byId);
}
