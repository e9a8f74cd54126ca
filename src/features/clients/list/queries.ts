import { type SQL, sql } from 'drizzle-orm';
import { type Actor, editable, scopeChosen, visibleTo } from '#src/features/access/rights.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { clientsFound, clientsVisibleTo } from '#src/features/clients/search/search.ts';
import { savedFiltersSql } from '#src/features/saved-filters/queries.ts';
import type { SavedFilter } from '#src/features/saved-filters/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { readKeyset, readPlace, type Sorting } from '#src/platform/db/keyset.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { sortingOf } from '#src/platform/listing/headings.ts';
import { type ClientLine, clientColumns } from './columns.ts';
import { type ClientFilter, type ClientQuery, silentSince } from './filter.ts';
import { figuresOf } from './summaries.ts';

/*
 * Everybody's clients are walked along the index of the order that is asked for. Where they are few (one
 * person's, what a text finds, what отбор leaves), all of them are read and sorted: `offset 0` says so to
 * Postgres, which would otherwise walk a million to find them in order. What a line says is looked up for
 * the lines of the page alone.
 */
const FEW = 20_000;

/** Отбор as SQL on `c` and, for the last contact, `f`; a line per criterion. */
function criteria(actor: Actor, filter: ClientFilter, viewer: Viewer): SQL {
	const { q, segment, region, status, tag, contact, archived } = filter;
	const since = silentSince(filter, viewer);
	const shelved = q === null ? sql`c.archived_at is not null` : sql`h.archived`;
	const lines = [
		ownedSql(actor, filter),
		segment === null ? null : sql`c.segment = ${segment}`,
		region === null ? null : sql`c.region = ${region}`,
		status === null ? null : sql`c.status = ${status}`,
		tag === null ? null : sql`c.id in (select client_id from client_tags where tag_id = ${tag})`,
		contact === 'never' ? sql`f.last_contact_at is null` : null,
		since && sql`(f.last_contact_at < ${since} or f.last_contact_at is null)`,
		archived === null ? (q === null ? sql`c.archived_at is null` : sql`not h.archived`) : null,
		archived === 'only' ? shelved : null,
	];
	return sql.join([sql`true`, ...lines.filter((line) => line !== null)], sql` and `);
}

const somebodys = ({ owner }: ClientFilter) => !['', 'all', 'none'].includes(owner);

// That the actor sees them is in the tables already.
function ownedSql(actor: Actor, filter: ClientFilter): SQL | null {
	const { owner } = filter;
	if (somebodys(filter))
		return visibleTo({ ...actor, scope: scopeChosen(actor, owner) }, sql`c.owner_id`);
	return owner === 'none' ? sql`c.owner_id is null` : null;
}

type Needs = { clients: boolean; figures: boolean; owners: boolean };

/** The tables that отбор and order read: `h` what a text finds, `c`, `s` with `f`, `p`. */
function tables(actor: Actor, filter: ClientFilter, needs: Needs): SQL {
	const base =
		filter.q === null
			? actor.scope === 'all' || somebodys(filter)
				? sql`clients c`
				: sql`(${clientsVisibleTo(actor)}) c`
			: needs.clients || needs.figures || needs.owners
				? sql`hits h join clients c on c.id = h.client_id`
				: sql`hits h`;
	// Of a few people's clients by their keys, all at once: a join may as well read the whole company's.
	const keys = sql`select id from ${somebodys(filter) ? sql`clients c where ${ownedSql(actor, filter)}` : base}`;
	const summaries =
		actor.scope !== 'all' && filter.q === null
			? sql`join (select * from client_summaries where client_id = any(array(${keys})) offset 0) s
				on s.client_id = c.id`
			: sql`join client_summaries s on s.client_id = c.id`;
	const figures = sql`${summaries} ${figuresOf(actor)}`;
	return sql`${base} ${needs.figures ? figures : sql``}
		${needs.owners ? sql`left join people p on p.id = c.owner_id` : sql``}`;
}

function needsOf(filter: ClientFilter): Needs {
	const { segment, region, status, tag, contact, owner } = filter;
	const facts = [segment, region, status, tag].some((asked) => asked !== null);
	const clients = facts || somebodys(filter) || owner === 'none';
	return { clients, figures: contact !== null, owners: false };
}

const hits = (actor: Actor, { q }: ClientFilter, weighed: boolean): SQL =>
	q === null
		? sql``
		: sql`with hits as materialized (${clientsFound(actor, q, 'either', weighed)})`;

const columns = (
	actor: Actor,
): SQL => sql`c.id, c.version, c.name, c.inn, p.name as "ownerName", c.segment, c.region, c.status,
	c.archived_at is not null as archived, f.open_deals as "openDeals", f.open_amount::text as "openAmount",
	f.open_other as "openOther", f.last_contact_at as "lastContactAt", f.next_planned_on as "plannedOn",
	f.next_planned_at as "plannedAt", kind.name as "kindName", kind.icon as "kindIcon", i.summary,
	${editable(actor, clientVisibleTo)} as editable`;

const details = (actor: Actor): SQL => sql`join clients c on c.id = k.id
	join client_summaries s on s.client_id = c.id ${figuresOf(actor)}
	left join people p on p.id = c.owner_id
	left join interactions i on i.id = f.next_interaction_id
	left join interaction_kinds kind on kind.id = i.kind_id`;

const FIGURE_KEYS = ['deals', 'amount', 'contact', 'next'];

/** How well a text fits, then the name. */
const BY_FIT = { by: sql`(h.fit::text || h.bare)`, type: 'text' } as const;

function sortingFor({ sort, q }: ClientQuery, viewer: Viewer): Sorting {
	if (sort === null && q !== null) return { ...BY_FIT, descending: false };
	return sortingOf(clientColumns(viewer), sort ?? 'name');
}

/** The part of a list to be read; `count`: how many there are in all, where that is known. */
export type Page = { after: string | null; limit: number; count?: number };

/**
 * Clients that an actor sees and an address asks for, from behind a place, in its order; one statement, two
 * where lines without a value begin. Throws BadRequest for a senseless order or place.
 */
export async function readClients(
	db: Sql,
	actor: Actor,
	query: ClientQuery,
	viewer: Viewer,
	{ after, limit, count = Number.POSITIVE_INFINITY }: Page,
): Promise<{ rows: ClientLine[]; next: string | null }> {
	const sorting = sortingFor(query, viewer);
	const few = actor.scope !== 'all' || query.q !== null || somebodys(query) || count <= FEW;
	const key = query.sort?.replace('-', '') ?? (query.q === null ? 'name' : 'fit');
	const needs = needsOf(query);
	const from = tables(actor, query, {
		clients: needs.clients || key !== 'fit',
		figures: needs.figures || FIGURE_KEYS.includes(key),
		owners: key === 'owner',
	});
	const where = criteria(actor, query, viewer);
	// Of the table whose index gives the order: only there a place in it is a place in the index.
	const owned = FIGURE_KEYS.includes(key) ? sql`s.client_id` : sql`c.id`;
	const id = query.q === null ? owned : sql`h.client_id`;
	const gathered = sql`(${hits(actor, query, key === 'fit')}
		select ${id} as id, ${sorting.by} as key from ${from} where ${where} offset 0) x`;
	return await readKeyset<ClientLine>(db, {
		...{ columns: columns(actor), details: details(actor), limit },
		...(few
			? {
					...{ from: gathered, where: sql`true`, id: sql`x.id` },
					sorting: { ...sorting, by: sql`x.key`, absent: sql`x.key is null` },
				}
			: { from, where, id, sorting }),
		after: after === null ? null : readPlace(after, sorting),
	});
}

/** How many clients an address asks for, exactly; out of tallies where they tell. */
export async function countClients(
	db: Sql,
	actor: Actor,
	filter: ClientFilter,
	viewer: Viewer,
): Promise<number> {
	const tallied = talliedSql(filter, talliesFor(actor)) ?? silentSql(actor, filter, viewer);
	const counted = sql`${hits(actor, filter, false)} select count(*)::int as n
		from ${tables(actor, filter, needsOf(filter))} where ${criteria(actor, filter, viewer)}`;
	const { rows } = await db.execute<{ n: number }>(tallied ?? counted);
	return rows[0]?.n ?? 0;
}

/** How many clients there are of each kind: the company's are kept, anybody else's counted. */
function talliesFor(actor: Actor): SQL {
	if (actor.scope === 'all') return sql`client_tallies`;
	return sql`(select segment, region, status, archived_at is not null as archived,
			owner_id is not null as owned, count(*) as clients
		from (${clientsVisibleTo(actor)}) c group by 1, 2, 3, 4, 5) t`;
}

/** Whether tallies tell how many clients an address asks for. */
export function talliesTell(filter: ClientFilter): boolean {
	const { contact, q, tag } = filter;
	return q === null && tag === null && contact === null && !somebodys(filter);
}

function talliedSql(filter: ClientFilter, from: SQL): SQL | null {
	const { segment, region, status, archived, owner } = filter;
	if (!talliesTell(filter)) return null;
	const lines = [
		segment === null ? null : sql`segment = ${segment}`,
		region === null ? null : sql`region = ${region}`,
		status === null ? null : sql`status = ${status}`,
		owner === 'none' ? sql`not owned` : null,
		archived === 'with' ? null : archived === 'only' ? sql`archived` : sql`not archived`,
	].filter((line) => line !== null);
	return sql`select coalesce(sum(clients), 0)::int as n from ${from}
		where ${sql.join([sql`true`, ...lines], sql` and `)}`;
}

/** How many of the company have not been spoken with; null where other things are asked too. */
function silentSql(actor: Actor, filter: ClientFilter, viewer: Viewer): SQL | null {
	const { segment, region, status, archived, owner, contact, q, tag } = filter;
	const others = [segment, region, status, q, tag].some((asked) => asked !== null);
	if (actor.scope !== 'all' || contact === null || others || somebodys(filter)) return null;
	// Archived clients are few: they are taken off one by one.
	if (owner === 'none' || archived === 'only') return null;
	const since = silentSince(filter, viewer);
	const silent = (at: SQL) => sql`(${at} is null ${since ? sql`or ${at} < ${since}` : sql``})`;
	return sql`select ((select coalesce(sum(clients), 0) from client_contact_tallies where ${silent(sql`hour`)})
		${
			archived === 'with'
				? sql``
				: sql`- (select count(*) from clients c
			join client_summaries s on s.client_id = c.id
			where c.archived_at is not null and ${silent(sql`s.last_contact_at`)})`
		})::int as n`;
}

const OFFERED = 300;

/** What отбор of the list offers. */
export type ClientFrame = {
	colleagues: { id: number; name: string }[];
	segments: string[];
	regions: string[];
	tags: { id: number; name: string }[];
	saved: SavedFilter[];
};

/**
 * Reads what отбор offers, in one statement, with the number of clients that it leaves where tallies tell
 * (`count`, else 0); segments and regions of clients that the actor sees.
 */
export async function readClientFrame(
	db: Sql,
	actor: Actor,
	filter: ClientFilter,
): Promise<ClientFrame & { count: number }> {
	const words = (column: SQL) => sql`(
		select coalesce(json_agg(word order by word), '[]') from (
			select ${column} as word from tallies where ${column} is not null
			group by 1 having sum(clients) > 0 order by 1 limit ${OFFERED}
		) offered)`;
	const { rows } = await db.execute<ClientFrame & { count: number }>(sql`
		with tallies as materialized (select * from ${talliesFor(actor)})
		select ${words(sql`segment`)} as segments, ${words(sql`region`)} as regions, (
			select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name) order by p.name, p.id), '[]')
			from people p where p.active and ${visibleTo(actor, sql`p.id`)}
		) as colleagues, (
			select coalesce(json_agg(json_build_object('id', id, 'name', name) order by name, id), '[]')
			from (select id, name from tags order by name, id limit ${OFFERED}) offered
		) as tags, ${savedFiltersSql(actor, 'clients')} as saved,
			(${talliedSql(filter, sql`tallies`) ?? sql`select 0`}) as count`);
	return rows[0] as ClientFrame & { count: number };
}
