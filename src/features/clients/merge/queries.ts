import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '#src/features/access/rights.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import {
	type Belongings,
	MERGED_FIELDS,
	type MergedAddress,
	type MergedContact,
	type MergedField,
	type MergedPoint,
	type Snapshot,
	type Values,
} from './plan.ts';

/** The column of a field: `bank_name` of bankName. */
export const columnOf = (field: MergedField): SQL =>
	sql`${sql.identifier(field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`))}`;

const FIELDS = sql.join(
	MERGED_FIELDS.map((field) => sql`c.${columnOf(field)} as ${sql.identifier(field)}`),
	sql`, `,
);

/** A client that may be merged, with all that is chosen among. */
export type MergedClient = {
	id: number;
	version: number;
	archivedAt: Date | null;
	values: Values;
};

type ClientRow = { id: number; version: number; archivedAt: Date | null } & Values;

/** Clients that the actor sees, by their ids, in that order; `lock` keeps them as they are. Throws NotFound for others. */
export async function findMergedClients(
	db: Sql,
	actor: Actor,
	ids: readonly number[],
	lock: SQL = sql``,
): Promise<MergedClient[]> {
	const { rows } = await db.execute<ClientRow>(sql`
		select c.id, c.version, c.archived_at as "archivedAt", ${FIELDS}, c.extra from clients c
		where c.id = any(${sql.param(ids)}::bigint[]) and ${clientVisibleTo(actor)} order by c.id ${lock}`);
	if (rows.length < ids.length) throw new NotFound('error.notFound');
	return rows.map(({ id, version, archivedAt, ...values }) => ({
		id,
		version,
		archivedAt,
		values,
	}));
}

/** Contacts, points and addresses of clients, the survivor's first. */
export async function belongingsOf(
	tx: Tx,
	survivorId: number,
	ids: readonly number[],
): Promise<Belongings> {
	const theirs = sql`client_id = any(${sql.param(ids)}::bigint[]) order by client_id <> ${survivorId}, id`;
	const contacts = await tx.execute<MergedContact>(sql`
		select id, client_id as "clientId", name_search as "nameSearch", archived_at is not null as archived,
			position, role, born_on, note from contacts where ${theirs}`);
	const points = await tx.execute<MergedPoint>(sql`
		select id, client_id as "clientId", contact_id as "contactId", kind, value, e164, extension,
			search_key as "searchKey" from contact_points where ${theirs}`);
	const addresses = await tx.execute<MergedAddress>(sql`
		select id, client_id as "clientId", kind, value from addresses where ${theirs}`);
	return { contacts: contacts.rows, points: points.rows, addresses: addresses.rows };
}

/** A merge as history and its undoing know it. */
export type Merge = {
	id: number;
	survivorId: number;
	mergedIds: number[];
	snapshot: Snapshot;
	version: number;
	at: Date;
	by: string | null;
	undoneAt: Date | null;
};

/** A merge; `lock` keeps it as it is. Throws NotFound. */
export async function findMerge(db: Sql, mergeId: number, lock: SQL = sql``): Promise<Merge> {
	const { rows } = await db.execute<Merge>(sql`
		select m.id, m.survivor_id as "survivorId", m.merged_ids as "mergedIds", m.snapshot, m.version, m.at,
			m.undone_at as "undoneAt", (select name from people where id = m.person_id) as by
		from client_merges m where m.id = ${mergeId} ${lock}`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** Whether a later merge stands upon this one: undoing goes backwards. */
export async function hasLaterMerge(db: Sql, merge: Merge): Promise<boolean> {
	const { rows } = await db.execute(sql`
		select from client_merges m where m.id > ${merge.id} and m.undone_at is null
			and (m.survivor_id = ${merge.survivorId} or ${merge.survivorId} = any(m.merged_ids)) limit 1`);
	return rows.length > 0;
}

/** The latest merge into a client that was not undone, or null. */
export async function lastMergeInto(db: Sql, clientId: number): Promise<number | null> {
	const { rows } = await db.execute<{ id: number }>(sql`
		select id from client_merges where survivor_id = ${clientId} and undone_at is null
		order by id desc limit 1`);
	return rows[0]?.id ?? null;
}
