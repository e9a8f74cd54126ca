import { type SQL, sql } from 'drizzle-orm';
import { type Asked, askedSql } from '#src/features/clients/history/history-filter.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { placeText, readKeyset, readPlace, type SortBy } from '#src/platform/db/keyset.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';

/** What of a deal's history is looked at; nothing chosen: all of it. */
export const TIMELINE_PARTS = ['interactions', 'documents', 'changes', 'notes'] as const;
export type TimelinePart = (typeof TIMELINE_PARTS)[number];

const PARTS: Record<TimelinePart, SQL> = {
	interactions: sql`e.noun = 'interaction'`,
	documents: sql`e.noun = 'document'`,
	changes: sql`e.noun = 'deal' and e.type <> 'deal.noted'`,
	notes: sql`e.type = 'deal.noted'`,
};

type Named = 'people' | 'clients' | 'reasons';
/** One line of a deal's history, with the names of those it speaks of, also where they are gone. */
export type TimelineEntry = {
	id: number;
	type: string;
	at: Date;
	actorName: string | null;
	door: string;
	data: Record<string, unknown>;
	/** The step that was finished, while it stands as done: its result can be mended. */
	mendable: number | null;
	names: Partial<Record<Named, Record<string, string> | null>>;
};

const both = (field: string) =>
	sql`(e.data #>> ${`{changes,${field},0}`}::text[])::bigint, (e.data #>> ${`{changes,${field},1}`}::text[])::bigint`;
const named = (table: SQL, ids: SQL) =>
	sql`(select jsonb_object_agg(n.id, n.name) from ${table} n where n.id in (${ids}))`;
/** The names that an event `e` speaks of, as JSON: what `names` of a TimelineEntry is read from. */
export const NAMES = sql`jsonb_build_object(
	'people', ${named(
		sql`people`,
		sql`case when e.type like '%.reassigned' then (e.data->>'from')::bigint end,
			case when e.type like '%.reassigned' then (e.data->>'to')::bigint end,
			(e.data->>'personId')::bigint, (e.data->>'ownerId')::bigint, ${both('ownerId')}`,
	)},
	'clients', ${named(sql`clients`, both('clientId'))},
	'reasons', ${named(sql`loss_reasons`, sql`(e.data->>'lossReasonId')::bigint, ${both('lossReasonId')}`)})`;

/** What `mendable` of an entry is read from; `may`: of interactions `i`, those that may be changed. */
export const mendableSql = (may: SQL) => sql`case when e.type = 'interaction.completed' then (
	select i.id from interactions i left join deals d on d.id = i.deal_id left join clients c on c.id = i.client_id
	where i.id = e.interaction_id and i.status = 'done' and ${may}) end`;

/** What a place in a history tells beside the id, which alone decides the order: the moment there. */
const PLACE: SortBy = { by: sql`e.at`, type: 'moment' };
const BY_ID: SortBy = { by: sql`e.id`, type: 'whole' };

/** Which page of a history: the part, where the one before ended, and how many lines. */
export type TimelineQuery = {
	part: TimelinePart | null;
	asked: Asked;
	after: string | null;
	limit: number;
};

// Each of several by itself: one deal as an equality is what the index gives in order.
const told = (family: number[]) =>
	family.length === 1
		? sql`(select * from events where deal_id = ${family[0]})`
		: sql`(select o.* from unnest(${sql.param(family)}::bigint[]) f(id) cross join lateral (
			select * from events where deal_id = f.id offset 0) o)`;

/**
 * A page of the history of a deal and those that were merged into it, newest first, out of the events, and
 * where the next one begins. Throws BadRequest for a place that no link of ours names.
 */
export async function readTimeline(
	db: Sql,
	family: number[],
	{ part, asked, after, limit }: TimelineQuery,
	viewer: Viewer,
): Promise<{ entries: TimelineEntry[]; next: string | null }> {
	const place = after === null ? null : readPlace(after, PLACE);
	const { rows, next } = await readKeyset<TimelineEntry & { atText: string }>(db, {
		columns: sql`e.id, e.type, e.at, e.at::text as "atText", p.name as "actorName", e.door, e.data,
			${mendableSql(sql`true`)} as mendable, ${NAMES} as names`,
		from: sql`${told(family)} e left join people p on p.id = e.actor_id`,
		where: sql`${part ? PARTS[part] : sql`true`} and ${askedSql(asked, viewer)}`,
		sorting: { ...BY_ID, descending: true },
		id: sql`e.id`,
		after: place && { value: String(place.id), id: place.id },
		limit,
	});
	const last = rows.at(-1);
	return {
		entries: rows,
		next: next && last ? placeText({ value: last.atText, id: last.id }) : null,
	};
}

/** The moment at which a page of a history ended. Throws BadRequest for a place that no link of ours names. */
export function momentOfPlace(after: string): Date {
	const { value } = readPlace(after, PLACE);
	return new Date(
		String(value)
			.replace(' ', 'T')
			.replace(/([+-]\d\d)$/, '$1:00'),
	);
}
