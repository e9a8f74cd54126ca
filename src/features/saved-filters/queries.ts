import { type SQL, sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/access/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { Forbidden, NotFound } from '#src/platform/errors.ts';
import { mayChange, type SavedFilter, type Screen } from './rules.ts';
import { DEFAULT_SCREENS } from './tables.ts';

/**
 * One's own; what is shared by somebody of one's team, of a team above it or of none, and by everybody whose
 * records one sees. `f` is the filter, `o` its owner.
 */
function filterVisibleTo(actor: Actor): SQL {
	return sql`(f.owner_id = ${actor.id} or f.shared and (
		${visibleTo(actor, sql`f.owner_id`)} or o.team_id is null or o.team_id in (
			with recursive up(id, parent_id) as (
				select t.id, t.parent_id from people p join teams t on t.id = p.team_id where p.id = ${actor.id}
				union select t.id, t.parent_id from teams t join up on t.id = up.parent_id
			) select id from up
		)
	))`;
}

const MOST = 200;

/** The filters of a screen that an actor can choose, own first, as a JSON array: a column of another query. */
export function savedFiltersSql(actor: Actor, screen: Screen): SQL {
	return sql`(
		select coalesce(json_agg(row_to_json(saved)), '[]') from (
			select f.id, f.screen, f.name, f.query, f.shared, f.owner_id as "ownerId", o.name as "ownerName",
				f.version
			from saved_filters f join people o on o.id = f.owner_id
			where f.screen = ${screen} and ${filterVisibleTo(actor)}
			order by f.owner_id <> ${actor.id}, f.name, f.id limit ${MOST}
		) saved
	)`;
}

/** The filters of a screen that an actor can choose: own first, each part by name. */
export async function listSavedFilters(
	db: Sql,
	actor: Actor,
	screen: Screen,
): Promise<SavedFilter[]> {
	const { rows } = await db.execute<{ saved: SavedFilter[] }>(
		sql`select ${savedFiltersSql(actor, screen)} as saved`,
	);
	return rows[0]?.saved ?? [];
}

/** The filters that an actor can begin with on board and list of deals: own first, each part by name. */
export async function listFirstFilters(db: Sql, actor: Actor): Promise<SavedFilter[]> {
	const parts = DEFAULT_SCREENS.map(
		(screen) => sql`${savedFiltersSql(actor, screen)} as ${sql.identifier(screen)}`,
	);
	const { rows } = await db.execute<Record<string, SavedFilter[]>>(
		sql`select ${sql.join(parts, sql`, `)}`,
	);
	return DEFAULT_SCREENS.flatMap((screen) => rows[0]?.[screen] ?? []);
}

async function findVisible(
	db: Sql,
	actor: Actor,
	id: number,
	locked: SQL,
): Promise<SavedFilter | null> {
	const { rows } = await db.execute<SavedFilter>(sql`
		select f.id, f.screen, f.name, f.query, f.shared, f.owner_id as "ownerId", o.name as "ownerName",
			f.version
		from saved_filters f join people o on o.id = f.owner_id
		where f.id = ${id} and ${filterVisibleTo(actor)} ${locked}`);
	return rows[0] ?? null;
}

/** A filter that the actor may change. Throws NotFound for one that they do not see, Forbidden. */
export async function findFilter(db: Sql, actor: Actor, id: number): Promise<SavedFilter> {
	return changeable(actor, await findVisible(db, actor, id, sql``));
}

/** The same, locked for the rest of the transaction. */
export async function findFilterToEdit(tx: Tx, actor: Actor, id: number): Promise<SavedFilter> {
	return changeable(actor, await findVisible(tx, actor, id, sql`for update of f`));
}

function changeable(actor: Actor, filter: SavedFilter | null): SavedFilter {
	if (filter === null) throw new NotFound('error.notFound');
	if (!mayChange(actor, filter)) throw new Forbidden('error.forbidden');
	return filter;
}
