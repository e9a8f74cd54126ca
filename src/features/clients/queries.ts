import { type SQL, sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/access/rights.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { searchable } from '#src/platform/db/text-search.ts';
import type { Point } from './record.ts';

/**
 * A client that an actor knows: their own, or one of a deal that they see (deals/visibility.ts says the same
 * of the deal). `c` is the alias of clients.
 */
export function clientVisibleTo(actor: Actor): SQL {
	if (actor.scope === 'all') return sql`true`;
	return sql`(${visibleTo(actor, sql`c.owner_id`)} or exists (
		select from deals of_client where of_client.client_id = c.id
			and (${visibleTo(actor, sql`of_client.owner_id`)} or exists (
				select from deal_collaborators helping
				where helping.deal_id = of_client.id and helping.person_id = ${actor.id}))))`;
}

/**
 * The same of a row of client_search (`s`), where it stands beside the words: so a search reads nobody else's clients. The
 * triggers of drizzle/0075_client_viewers.sql keep it.
 */
export function clientFoundBy({ scope, id }: Actor): SQL {
	if (scope === 'all') return sql`true`;
	return sql`s.seen_by && ${sql.param([...scope, -id])}::bigint[]`;
}

export type ClientName = { id: number; name: string; inn: string | null };

/**
 * The client of exactly this name (case and «ё» aside) that the actor knows, or null; of several the one that
 * is meant. Archived ones are not found; a merged one is the client that it lives on in.
 */
export async function findClientByName(
	db: Sql,
	actor: Actor,
	name: string,
	meant: number | null = null,
): Promise<number | null> {
	const { rows } = await db.execute<{ id: number }>(sql`
		select c.id from clients named
		join clients c on c.id = case when named.merged_into is null then named.id else client_heir(named.id) end
		where named.name_search = ${searchable(name)} and ${clientVisibleTo(actor)} and c.archived_at is null
		order by c.id = ${meant}::bigint desc nulls last, named.merged_into is not null, c.id limit 1`);
	return rows[0]?.id ?? null;
}

export type ContactPoint = Point & {
	contact: string | null;
	position: string | null;
};

/** Phones and mails of a client and of its contacts, in order. */
export async function listContactPoints(db: Sql, clientId: number): Promise<ContactPoint[]> {
	const { rows } = await db.execute<ContactPoint>(sql`
		select cp.kind, cp.value, cp.e164, cp.extension, co.name as contact, co.position
		from contact_points cp left join contacts co on co.id = cp.contact_id
		where cp.client_id = ${clientId} order by co.id nulls first, cp.position, cp.id limit 50`);
	return rows;
}
