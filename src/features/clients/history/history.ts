import { type SQL, sql } from 'drizzle-orm';
import { type Actor, asEditor } from '#src/features/access/rights.ts';
import type { HistoryPart } from '#src/features/clients/forms.ts';
import { type HistoryLine, historyLines } from '#src/features/deals/history/history.ts';
import { mendableSql, NAMES, type TimelineEntry } from '#src/features/deals/history/timeline.ts';
import type { Names } from '#src/features/deals/history/values.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import { interactionVisibleTo } from '#src/features/interactions/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { placeText, readPlace, type SortBy } from '#src/platform/db/keyset.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { type Asked, askedSql, type Voices, voicesSql } from './history-filter.ts';
import { clientLine } from './words.ts';

/** A line of a client's history; what was done on a deal tells on which. */
export type ClientLine = HistoryLine & { deal: { id: number; title: string } | null };

type Entry = TimelineEntry & {
	dealId: number | null;
	dealTitle: string | null;
	currency: string | null;
	atText: string;
};

const PARTS: Record<HistoryPart, SQL> = {
	interactions: sql`e.noun = 'interaction'`,
	deals: sql`e.noun = 'deal'`,
	client: sql`e.noun in ('client', 'contact')`,
};
/** What a place in a history tells beside the id, which alone decides the order: the moment there. */
const PLACE: SortBy = { by: sql`e.at`, type: 'moment' };

/** Which page of a history. */
export type HistoryPage = {
	part: HistoryPart | null;
	asked: Asked;
	after: string | null;
	limit: number;
};

/**
 * A page of the history of a client whom the caller has loaded, of those merged into it, and of all its deals
 * and steps that the actor sees, newest first; and where the next page begins. Throws BadRequest for a
 * place that no link of ours names.
 */
export async function readClientHistory(
	db: Sql,
	actor: Actor,
	clientId: number,
	{ part, asked, after, limit }: HistoryPage,
	viewer: Viewer,
): Promise<{ entries: Entry[]; next: string | null }> {
	const place = after === null ? null : readPlace(after, PLACE);
	const behind = place ? sql`and e.id < ${place.id}::bigint` : sql``;
	// Each of the family by itself: only so does the index give the order.
	const { rows } = await db.execute<Entry>(sql`
		select e.id, e.type, e.at, e.at::text as "atText", p.name as "actorName", e.door, e.data,
			e.deal_id as "dealId", d.title as "dealTitle", d.currency,
			${mendableSql(interactionVisibleTo(asEditor(actor)))} as mendable, ${NAMES} as names
		from client_family(${clientId}) family(id) cross join lateral (
			select e.* from events e
			where e.client_id = family.id and ${part ? PARTS[part] : sql`true`} ${behind}
				and ${askedSql(asked, viewer)} and ${eventVisibleTo(actor)}
			order by e.id desc limit ${limit + 1}
		) e
		left join people p on p.id = e.actor_id left join deals d on d.id = e.deal_id
		order by e.id desc limit ${limit + 1}`);
	const entries = rows.slice(0, limit);
	const last = entries.at(-1);
	const next = rows.length > limit && last ? placeText({ value: last.atText, id: last.id }) : null;
	return { entries, next };
}

// What is told of a client is told to everybody who sees it; of its deals and steps only those that one sees.
function eventVisibleTo(actor: Actor): SQL {
	if (actor.scope === 'all') return sql`true`;
	return sql`((e.deal_id is null and e.interaction_id is null)
		or exists (select from deals d where d.id = e.deal_id and ${dealVisibleTo(actor)})
		or exists (
			select from interactions i left join deals d on d.id = i.deal_id
				left join clients c on c.id = i.client_id
			where i.id = e.interaction_id and ${interactionVisibleTo(actor)}))`;
}

/** The directories that a history takes its names from. */
export type HistoryNames = Omit<Names, 'stages' | 'currency'> & {
	stages: { id: number; name: string }[];
	/** Who speaks in it, as far as the actor hears. */
	voices: Voices;
};

/** Reads the directories that a client's history and card speak of, and who speaks in it, in one go. */
export async function readHistoryNames(
	db: Sql,
	actor: Actor,
	clientId: number,
): Promise<HistoryNames> {
	const { rows } = await db.execute<HistoryNames>(sql`
		select
			(select jsonb_agg(jsonb_build_object('id', id, 'name', name)) from stages) as stages,
			(select jsonb_agg(jsonb_build_object('id', id, 'code', code, 'name', name, 'icon', icon,
				'nextInDays', next_in_days) order by position, id) from interaction_kinds) as kinds,
			coalesce((select jsonb_agg(jsonb_build_object('id', id, 'noun', noun, 'name', name, 'kind', kind,
				'choices', choices, 'active', active) order by position, id) from extra_fields), '[]')
				as "extraFields",
			${voicesSql(
				sql`client_family(${clientId}) family(id) join events e on e.client_id = family.id`,
				eventVisibleTo(actor),
			)} as voices`);
	return rows[0] as HistoryNames;
}

/** The history of a client in words. Events of unknown kinds are left out. */
export function clientHistory(entries: Entry[], names: HistoryNames, viewer: Viewer): ClientLine[] {
	const stages = new Map(names.stages.map(({ id, name }) => [id, name]));
	return entries.flatMap((entry) => {
		const about = { ...names, stages, currency: entry.currency ?? 'RUB' };
		const own = clientLine(entry, names.extraFields, viewer);
		const lines = own ? [own] : historyLines([entry], about, viewer);
		const { dealId, dealTitle } = entry;
		const deal = dealId === null ? null : { id: dealId, title: dealTitle ?? `№ ${dealId}` };
		return lines.map((line) => ({ ...line, deal }));
	});
}
