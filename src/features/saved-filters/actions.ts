import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Conflict, InvalidForm } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';
import { findFilterToEdit } from './queries.ts';
import { keptQuery, type SavedFilter, type Screen } from './rules.ts';

/** A filter to be kept under a name. */
export type NewFilter = { screen: Screen; name: string; query: string; shared: boolean };

const taken = () => new InvalidForm({ name: { key: 'filter.nameTaken' } }, {});
const told = ({ id, screen, name, shared }: SavedFilter) => ({
	filterId: id,
	screen,
	name,
	shared,
});

/**
 * Keeps a filter of a screen under a name, only what the screen knows of it. Returns its id. Throws
 * InvalidForm for a name that the actor has for another filter of the screen.
 */
export async function saveFilter(
	sqlOrTx: Sql,
	acting: Acting,
	{ screen, name, query, shared }: NewFilter,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const { rows } = await tx.execute<{ id: number }>(sql`
			insert into saved_filters (owner_id, screen, name, query, shared, created_at)
			values (${acting.actor.id}, ${screen}, ${name}, ${keptQuery(screen, query)}, ${shared}, ${acting.now})
			on conflict (owner_id, screen, lower(name collate "russian")) do nothing returning id`);
		const filterId = rows[0]?.id;
		if (filterId === undefined) throw taken();
		await record(tx, acting, {
			type: 'filter.saved',
			data: { filterId, screen, name, shared },
		});
		return filterId;
	});
}

/** What of a saved filter changes; what is left out stays. */
export type FilterChange = {
	name?: string | undefined;
	query?: string | undefined;
	shared?: boolean | undefined;
};

/**
 * Renames a saved filter, gives it another отбор, shares it or takes it back. Returns it as it is now.
 * Throws NotFound, Forbidden, Conflict for a stale version, InvalidForm for a name that is taken.
 */
export async function changeFilter(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	change: FilterChange,
): Promise<SavedFilter> {
	return await transact(sqlOrTx, async (tx) => {
		const filter = await findAtVersion(tx, acting, id, version);
		const query =
			change.query === undefined ? filter.query : keptQuery(filter.screen, change.query);
		const name = change.name ?? filter.name;
		const shared = change.shared ?? filter.shared;
		const same = name === filter.name && query === filter.query && shared === filter.shared;
		if (same) return filter;
		// A name may have been taken since: asked and written in one statement, the index decides between two.
		const { rows } = await tx.execute(sql`
			update saved_filters f set name = ${name}, query = ${query}, shared = ${shared}, version = version + 1
			where f.id = ${id} and not exists (
				select from saved_filters other where other.owner_id = f.owner_id and other.screen = f.screen
					and other.id <> f.id and lower(other.name collate "russian") = lower(${name}::text collate "russian")
			) returning f.id`);
		if (rows.length === 0) throw taken();
		const changed = { ...filter, name, query, shared, version: version + 1 };
		await record(tx, acting, { type: 'filter.changed', data: told(changed) });
		return changed;
	});
}

/** Takes a saved filter away. Returns what it was. Throws like changeFilter. */
export async function removeFilter(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
): Promise<SavedFilter> {
	return await transact(sqlOrTx, async (tx) => {
		const filter = await findAtVersion(tx, acting, id, version);
		await tx.execute(sql`delete from saved_filters where id = ${id}`);
		await record(tx, acting, { type: 'filter.removed', data: told(filter) });
		return filter;
	});
}

async function findAtVersion(
	tx: Tx,
	acting: Acting,
	id: number,
	version: number,
): Promise<SavedFilter> {
	const filter = await findFilterToEdit(tx, acting.actor, id);
	if (filter.version !== version)
		throw new Conflict({ version: filter.version, at: null, by: null });
	return filter;
}
