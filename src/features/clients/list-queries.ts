import { type SQL, sql } from 'drizzle-orm';
import { type Actor, scopeChosen, visibleTo } from '#src/features/auth/rules.ts';
import { savedFiltersSql } from '#src/features/filters/queries.ts';
import type { SavedFilter } from '#src/features/filters/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { readKeyset, readPlace, type Sorting } from '#src/platform/db/keyset.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { sortingOf } from '#src/platform/web/listing.ts';
import { type ClientLine, clientColumns } from './list-columns.ts';
import { type ClientFilter, type ClientQuery, silentSince } from './list-query.ts';
import { clientsFound, clientsVisibleTo, fitSql } from './search.ts';
import { figuresOf } from './summaries.ts';

/*
 * Everybody's clients are walked along the index of the order that is asked for; the clients of few people and
 * what a text finds are few, and are read and sorted (`offset 0` says so to Postgres, which would otherwise
 * walk a million to find them in order).
 */

/** Where lines are read from: `c` clients, `s` their summaries, `f` what of it the actor may know, `p` owners. */
const JOINED = sql`clients c join client_summaries s on s.client_id = c.id
	left join people p on p.id = c.owner_id`;

const hits = (actor: Actor, { q }: ClientFilter): SQL =>
	q === null ? sql`` : sql`with hits as materialized (${clientsFound(actor, q)})`;

/** Отбор as SQL on `c` and, for the last contact, `f`; a line per criterion. */
function criteria(actor: Actor, filter: ClientFilter, viewer: Viewer): SQL {
	const { segment, region, status, tag, contact, archived } = filter;
	const since = silentSince(filter, viewer);
	const lines = [
		owned(actor, filter),
		filter.q === null ? null : sql`c.id in (select client_id from hits)`,
		segment === null ? null : sql`c.segment = ${segment}`,
		region === null ? null : sql`c.region = ${region}`,
		status === null ? null : sql`c.status = ${status}`,
		tag === null ? null : sql`c.id in (select client_id from client_tags where tag_id = ${tag})`,
		contact === 'never' ? sql`f.last_contact_at is null` : null,
		since && sql`(f.last_contact_at < ${since} or f.last_contact_at is null)`,
		archived === null ? sql`c.archived_at is null` : null,
		archived === 'only' ? sql`c.archived_at is not null` : null,
	];
	return sql.join(
		lines.filter((line) => line !== null),
		sql` and `,
	);
}

function owned(actor: Actor, { owner, q }: ClientFilter): SQL {
	// What a text finds is within what the actor sees already.
	const seen =
		actor.scope === 'all' || q !== null ? sql`true` : sql`c.id in (${clientsVisibleTo(actor)})`;
	if (owner === 'none') return sql`(c.owner_id is null and ${seen})`;
	if (owner === '' || owner === 'all') return seen;
	return visibleTo({ ...actor, scope: scopeChosen(actor, owner) }, sql`c.owner_id`);
}

function linesSql(actor: Actor, filter: ClientFilter, viewer: Viewer): SQL {
	const few =
		actor.scope !== 'all' || filter.q !== null || !['', 'all', 'none'].includes(filter.owner);
	const fit = filter.q === null ? sql`null` : fitSql(filter.q);
	const searched = filter.q === null ? sql`` : sql`join client_search w on w.client_id = c.id`;
	return sql`(
		${hits(actor, filter)}
		select c.id, c.version, c.name, c.inn, c.owner_id, p.name as owner_name, c.segment, c.region, c.status,
			c.archived_at, f.*, ${fit} as fit
		from ${JOINED} ${searched} ${figuresOf(actor)}
		where ${criteria(actor, filter, viewer)} ${few ? sql`offset 0` : sql``}
	) l`;
}

// What is looked up for the lines that are shown alone.
const COLUMNS = sql`l.id, l.version, l.name, l.inn, l.owner_name as "ownerName", l.segment, l.region, l.status,
	l.archived_at is not null as archived, l.open_deals as "openDeals", l.open_amount::text as "openAmount",
	l.open_other as "openOther", l.last_contact_at as "lastContactAt", l.next_planned_on as "plannedOn",
	l.next_planned_at as "plannedAt",
	(select k.name from interactions i join interaction_kinds k on k.id = i.kind_id
		where i.id = l.next_interaction_id) as "kindName",
	(select k.icon from interactions i join interaction_kinds k on k.id = i.kind_id
		where i.id = l.next_interaction_id) as "kindIcon",
	(select i.summary from interactions i where i.id = l.next_interaction_id) as summary`;

/** How well a text fits, then the name. */
const BY_FIT = { by: sql`(l.fit::text || l.name)`, type: 'text' } as const;

function sortingFor({ sort, q }: ClientQuery, viewer: Viewer): Sorting {
	if (sort === null && q !== null) return { ...BY_FIT, descending: false };
	return sortingOf(clientColumns(viewer), sort ?? 'name');
}

export type Page = { after: string | null; limit: number };

/**
 * Clients that an actor sees and an address asks for, from behind a place, in its order; one statement, two
 * where lines without a value begin. Throws BadRequest for a senseless order or place.
 */
export async function readClients(
	db: Sql,
	actor: Actor,
	query: ClientQuery,
	viewer: Viewer,
	{ after, limit }: Page,
): Promise<{ rows: ClientLine[]; next: string | null }> {
	const sorting = sortingFor(query, viewer);
	const page = await readKeyset<ClientLine>(db, {
		columns: COLUMNS,
		from: linesSql(actor, query, viewer),
		...{ where: sql`true`, sorting, id: sql`l.id`, limit },
		after: after === null ? null : readPlace(after, sorting),
	});
	return { ...page, rows: page.rows.map(dated) };
}

const dated = (row: ClientLine): ClientLine => ({
	...row,
	lastContactAt: row.lastContactAt && new Date(row.lastContactAt),
	plannedAt: row.plannedAt && new Date(row.plannedAt),
});

/** How many clients an address asks for, exactly; the whole company's out of its tallies where they tell. */
export async function countClients(
	db: Sql,
	actor: Actor,
	filter: ClientFilter,
	viewer: Viewer,
): Promise<number> {
	const tallied = actor.scope === 'all' ? talliedSql(filter, viewer) : null;
	const figures = filter.contact === null ? sql`` : figuresOf(actor);
	const joined =
		filter.contact === null
			? sql`clients c`
			: sql`clients c join client_summaries s on s.client_id = c.id ${figures}`;
	const { rows } = await db.execute<{ n: number }>(
		tallied ??
			sql`${hits(actor, filter)}
				select count(*)::int as n from ${joined} where ${criteria(actor, filter, viewer)}`,
	);
	return rows[0]?.n ?? 0;
}

function talliedSql(filter: ClientFilter, viewer: Viewer): SQL | null {
	const { segment, region, status, archived, owner, contact, q, tag } = filter;
	if (q !== null || tag !== null || !['', 'all', 'none'].includes(owner)) return null;
	const facts = [
		segment === null ? null : sql`segment = ${segment}`,
		region === null ? null : sql`region = ${region}`,
		status === null ? null : sql`status = ${status}`,
		owner === 'none' ? sql`not owned` : null,
	].filter((line) => line !== null);
	if (contact === null) {
		const shelf =
			archived === 'with' ? [] : [archived === 'only' ? sql`archived` : sql`not archived`];
		return sql`select coalesce(sum(clients), 0)::int as n from client_tallies
			where ${sql.join([sql`true`, ...facts, ...shelf], sql` and `)}`;
	}
	// Archived clients are few: they are taken off one by one.
	if (facts.length > 0 || archived === 'only') return null;
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

/** Reads what отбор offers, in one statement; segments and regions of clients that the actor sees. */
export async function readClientFrame(db: Sql, actor: Actor): Promise<ClientFrame> {
	const known =
		actor.scope === 'all'
			? sql`select segment, region from client_tallies group by 1, 2 having sum(clients) > 0`
			: sql`select distinct c.segment, c.region from clients c
				where c.id in (${clientsVisibleTo(actor)})`;
	const words = (column: SQL) => sql`(
		select coalesce(json_agg(word order by word), '[]') from (
			select distinct ${column} as word from known where ${column} is not null
			order by word limit ${OFFERED}
		) offered)`;
	const { rows } = await db.execute<ClientFrame>(sql`
		with known as materialized (${known})
		select ${words(sql`segment`)} as segments, ${words(sql`region`)} as regions, (
			select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name) order by p.name, p.id), '[]')
			from people p where p.active and ${visibleTo(actor, sql`p.id`)}
		) as colleagues, (
			select coalesce(json_agg(json_build_object('id', id, 'name', name) order by name, id), '[]')
			from (select id, name from tags order by name, id limit ${OFFERED}) offered
		) as tags, ${savedFiltersSql(actor, 'clients')} as saved`);
	return rows[0] as ClientFrame;
}
