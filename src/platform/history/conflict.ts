import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';
import { Conflict } from '#src/platform/errors.ts';

/**
 * The Conflict that tells who changed a record of a directory last. `key` names its id in the events, as
 * `tagId`. Twin of the index events_catalogs in drizzle/0021_workdays.sql.
 */
export async function conflictOn(
	db: Sql,
	key: string,
	{ id, version }: { id: number; version: number },
): Promise<Conflict> {
	const { rows } = await db.execute<{ at: Date; by: string | null; byId: number | null }>(sql`
		select e.at, p.name as by, p.id as "byId" from events e left join people p on p.id = e.actor_id
		where e.type ~ '^(extra|holiday|kind|organization|pipeline|reason|source|stage|tag|work)\.'
			and e.data->>${key} = ${String(id)}
		order by e.id desc limit 1`);
	const last = rows[0];
	return new Conflict(
		{ version, at: last ? new Date(last.at) : null, by: last?.by ?? null },
		last?.byId,
	);
}
