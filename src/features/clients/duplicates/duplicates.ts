import { type SQL, sql } from 'drizzle-orm';
import { type Acting, type Actor, visibleTo } from '#src/features/access/rights.ts';
import { phoneOf } from '#src/features/clients/contacts/phones.ts';
import type { DuplicateKind } from '#src/features/clients/merge/tables.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';

/** What is known of a client or of its contact that is being typed. */
export type Wanted = {
	name?: string | null;
	inn?: string | null;
	phones?: readonly string[];
	emails?: readonly string[];
	/** The client that is being edited: it is no double of itself. */
	except?: number | null;
};

/** A client that may be the one that is typed, and by what. */
export type Duplicate = {
	id: number;
	name: string;
	inn: string | null;
	ownerName: string | null;
	reasons: DuplicateKind[];
};

const SHORTEST_PHONE = 6;
const SHORTEST_NAME = 3;
const MOST = 5;

/**
 * Clients that the actor sees and that may be the one that is typed: by equal ИНН, phone (in any writing)
 * or mail, or by a like name; the surest first. Clients of one name whose ИНН differ are two.
 */
export async function findDuplicates(
	db: Sql,
	actor: Actor,
	{ name, inn, phones = [], emails = [], except }: Wanted,
): Promise<Duplicate[]> {
	const digits = inn?.replace(/\D/g, '') || null;
	const parts = [
		digits && sql`select id, 'inn'::text, 1::real from clients where inn = ${digits}`,
		...pointParts('phone', phones.map(phoneKey)),
		...pointParts('email', emails.map(mailKey)),
		name?.trim() && named(name.trim()),
	].filter((part): part is SQL => Boolean(part));
	if (parts.length === 0) return [];
	const { rows } = await db.execute<Duplicate>(sql`
		select c.id, c.name, c.inn, p.name as "ownerName",
			array_agg(distinct found.kind order by found.kind) as reasons
		from (${sql.join(parts, sql` union all `)}) found (id, kind, likeness)
		join clients c on c.id = found.id left join people p on p.id = c.owner_id
		where c.archived_at is null and c.id is distinct from ${except ?? null}::bigint
			and not (found.kind = 'name' and coalesce(c.inn <> ${digits}, false)) and ${clientVisibleTo(actor)}
		group by c.id, p.id
		order by min(array_position(array['inn', 'phone', 'email', 'name'], found.kind)), max(likeness) desc, c.id
		limit ${MOST}`);
	return rows;
}

/** What phones are compared by. */
const phoneKey = (typed: string) => phoneOf(typed).searchKey;
/** What mails are compared by. */
const mailKey = (typed: string) => typed.trim().toLowerCase();

function pointParts(kind: 'phone' | 'email', keys: string[]): SQL[] {
	const told = keys.filter((key) => key.length >= (kind === 'phone' ? SHORTEST_PHONE : 1));
	if (told.length === 0) return [];
	return [
		sql`select p.client_id, ${kind}::text, 1 from contact_points p
			left join contacts co on co.id = p.contact_id
			where p.kind = ${kind} and p.search_key = any(${sql.param(told)}::text[]) and co.archived_at is null`,
	];
}

const named = (name: string) => sql`
	select l.id, 'name'::text, l.likeness from clients_named_like(${name}) l
	where length(client_name_key(${name})) >= ${SHORTEST_NAME}`;

/** Clients that have a key in common. */
export type DuplicateGroup = { key: string; members: GroupMember[] };
export type GroupMember = {
	id: number;
	name: string;
	inn: string | null;
	ownerName: string | null;
	deals: number;
};

/** Where a key stands: its table, its column, and which of its values say something. */
const KEYS: Record<DuplicateKind, { key: SQL; from: SQL; telling: SQL }> = {
	inn: { key: sql`c.inn`, from: sql`clients c`, telling: sql`c.inn <> ''` },
	name: { key: sql`c.name_key`, from: sql`clients c`, telling: sql`c.name_key <> ''` },
	phone: {
		key: sql`cp.search_key`,
		from: sql`contact_points cp`,
		telling: sql`cp.kind = 'phone' and length(cp.search_key) >= ${SHORTEST_PHONE}`,
	},
	email: {
		key: sql`cp.search_key`,
		from: sql`contact_points cp`,
		telling: sql`cp.kind = 'email' and cp.search_key <> ''`,
	},
};

/**
 * Groups of clients that are likely one, among those that the actor sees, in the order of their keys from
 * behind `after`: the index of the keys is read as far as the page needs. Groups that somebody has said are
 * different are left out as long as nobody new joins them, and so are clients of one name whose ИНН all differ.
 */
export async function listDuplicateGroups(
	db: Sql,
	actor: Actor,
	kind: DuplicateKind,
	after: string,
	limit: number,
): Promise<{ groups: DuplicateGroup[]; next: string | null }> {
	const { key, from, telling } = KEYS[kind];
	const ofPoints = kind === 'phone' || kind === 'email';
	const client = ofPoints ? sql`cp.client_id` : sql`c.id`;
	// Who sees a part reads the part: the whole company's index would be walked for nothing.
	const own = actor.scope === 'all' ? sql`true` : visibleTo(actor, sql`c.owner_id`);
	const source =
		ofPoints && actor.scope !== 'all' ? sql`${from} join clients c on c.id = cp.client_id` : from;
	const holding = ofPoints
		? sql`c.id in (select cp.client_id from contact_points cp left join contacts co on co.id = cp.contact_id
			where ${telling} and ${key} = k.key and co.archived_at is null)`
		: sql`${key} = k.key`;
	const { rows } = await db.execute<DuplicateGroup>(sql`
		select k.key, g.members from (
			select ${key} as key from ${source} where ${telling} and ${key} > ${after} and ${own}
			group by ${key} having count(distinct ${client}) > 1 order by ${key}
		) k cross join lateral (
			select jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'inn', c.inn, 'ownerName', p.name,
					'deals', (select count(*) from deals d where d.client_id = c.id and ${visibleTo(actor, sql`d.owner_id`)})
				) order by c.id) as members,
				array_agg(c.id) as ids, count(*) as n, count(distinct c.inn) as inns
			from clients c left join people p on p.id = c.owner_id
			where ${holding} and c.archived_at is null and ${clientVisibleTo(actor)}
		) g
		where g.n > 1 ${kind === 'name' ? sql`and g.inns < g.n` : sql``} and not exists (
			select from not_duplicates nd where nd.kind = ${kind} and nd.key = k.key and nd.client_ids @> g.ids)
		order by k.key limit ${limit + 1}`);
	const groups = rows.slice(0, limit);
	return { groups, next: rows.length > limit ? (groups.at(-1)?.key ?? null) : null };
}

/**
 * Remembers that clients with a key in common are different: they are no longer listed together. Throws NotFound
 * where the actor does not know all of them.
 */
export async function markDifferent(
	db: Sql,
	acting: Acting,
	kind: DuplicateKind,
	key: string,
	clientIds: readonly number[],
): Promise<void> {
	const { rows } = await db.execute<{ seen: number }>(sql`
		select count(*)::int as seen from clients c
		where c.id = any(${sql.param(clientIds)}::bigint[]) and ${clientVisibleTo(acting.actor)}`);
	if (rows[0]?.seen !== new Set(clientIds).size) throw new NotFound('error.notFound');
	await db.execute(sql`
		insert into not_duplicates (kind, key, client_ids, person_id, at)
		select ${kind}, ${key}, array_agg(c.id), ${acting.actorId}::bigint, ${momentOf(acting)} from clients c
		where c.id = any(${sql.param(clientIds)}::bigint[]) and ${clientVisibleTo(acting.actor)} having count(*) > 1
		on conflict (kind, key) do update set person_id = excluded.person_id, at = excluded.at,
			client_ids = (select array_agg(distinct id) from unnest(not_duplicates.client_ids || excluded.client_ids) id)`);
}
