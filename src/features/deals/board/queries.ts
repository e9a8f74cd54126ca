import { type SQL, sql } from 'drizzle-orm';
import type { Colleague } from '#src/features/access/queries.ts';
import { type Actor, editable, visibleTo } from '#src/features/access/rights.ts';
import { type Stretch, stretchReach } from '#src/features/deals/dates/dates.ts';
import { idleSql } from '#src/features/deals/list/criteria.ts';
import {
	dayWithin,
	dueOfDay,
	momentWithin,
	periodReach,
	type Reach,
} from '#src/features/deals/list/period.ts';
import type { Pipeline, Stage } from '#src/features/deals/queries.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import { savedFiltersSql } from '#src/features/saved-filters/queries.ts';
import type { SavedFilter, Screen } from '#src/features/saved-filters/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { criteria, IDLE_BEFORE, preamble, source, stageList } from './criteria.ts';
import type { Filter } from './forms.ts';
import { farReach, nearReach, type Place, RANKS } from './order.ts';

/** What surrounds cards and lists: pipelines and states, whose deals the actor can look at, what отбор offers. */
export type Frame = {
	/** Of all pipelines. */
	stages: Stage[];
	pipelines: Pipeline[];
	colleagues: Colleague[];
	tags: { id: number; name: string }[];
	sources: string[];
	campaigns: string[];
	saved: SavedFilter[];
};

const OFFERED = 300;

/**
 * Reads the frame in one statement (twin of deals/queries.ts#listAllStages, auth/queries.ts#listColleagues,
 * clients/tags.ts and clients/sources.ts); a manager, who sees nobody else's deals, is their own only
 * colleague.
 */
export async function readFrame(db: Sql, actor: Actor, screen: Screen): Promise<Frame> {
	const words = (kind: string) => sql`(
		select coalesce(json_agg(name order by name), '[]') from (
			select name from sources where kind = ${kind} and active order by name limit ${OFFERED}
		) offered)`;
	const { rows } = await db.execute<Frame>(sql`
		select (
			select json_agg(json_build_object('id', s.id, 'pipelineId', s.pipeline_id, 'name', s.name,
				'kind', s.kind, 'colour', s.colour, 'idleDays', s.idle_days, 'probability', s.probability)
				order by l.position, l.id, s.position, s.id)
			from stages s join pipelines l on l.id = s.pipeline_id
			where s.removed_at is null and l.removed_at is null
		) as stages, (
			select json_agg(json_build_object('id', id, 'name', name) order by position, id)
			from pipelines where removed_at is null
		) as pipelines, (
			select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name) order by p.name, p.id), '[]')
			from people p where p.active and ${visibleTo(actor, sql`p.id`)}
		) as colleagues, (
			select coalesce(json_agg(json_build_object('id', id, 'name', name) order by name, id), '[]')
			from (select id, name from tags order by name, id limit ${OFFERED}) offered
		) as tags, ${words('source')} as sources, ${words('campaign')} as campaigns,
		${savedFiltersSql(actor, screen)} as saved`);
	const frame = rows[0];
	if (!frame?.stages) throw new Error('no pipeline has a state');
	return frame;
}

/** Cards of a column that are drawn at once. */
export const CARDS_A_COLUMN = 25;

/** A card of the board: a deal with its nearest planned interaction. */
export type Card = Place & {
	stageId: number;
	title: string;
	amount: string | null;
	currency: string;
	clientId: number | null;
	clientName: string | null;
	ownerId: number;
	ownerName: string;
	version: number;
	plannedOn: string | null;
	plannedAt: Date | null;
	interactionId: number | null;
	kindName: string | null;
	kindIcon: string | null;
	summary: string | null;
	/** The version of the planned interaction. */
	stepVersion: number | null;
	idle: boolean;
	/** Whether the actor may change it, or only read. */
	editable: boolean;
	stageKind: Stage['kind'];
};

type CardRow = Omit<Card, 'plannedAt'> & { plannedAt: number | null };

// What a card says, of deal `d` at place `s`. It is looked up for each card apart, not joined: weighing the
// orders of so many joins cost more than running one of them.
const cardSql = (
	actor: Actor,
	viewer: Viewer,
) => sql`s.rank, s.due, d.id, d.title, d.amount, d.currency,
	d.client_id as "clientId", (select name from clients where id = d.client_id) as "clientName",
	d.owner_id as "ownerId", p.name as "ownerName",
	d.version, d.next_planned_on as "plannedOn",
	extract(epoch from d.next_planned_at)::float8 as "plannedAt",
	d.next_interaction_id as "interactionId", i.name as "kindName", i.icon as "kindIcon",
	i.summary, i.version as "stepVersion", coalesce(${idleSql(IDLE_BEFORE, viewer)}, false) as idle,
	${editable(actor, dealVisibleTo)} as editable`;
const CARD_JOINS = sql`join people p on p.id = d.owner_id
	left join lateral (
		select i.summary, i.version, k.name, k.icon from interactions i
		join interaction_kinds k on k.id = i.kind_id where i.id = d.next_interaction_id limit 1
	) i on true`;

const cardOf = <T extends CardRow>(row: T) => ({
	...row,
	plannedAt: row.plannedAt === null ? null : new Date(row.plannedAt * 1000),
	stageKind: 'open' as const,
});

const among = (sought: number[] | null) =>
	sought === null ? sql`true` : sql`d.id in (${sql.join(sought, sql`, `)})`;

/**
 * The first `limit` cards of each state in the board's order, after a place if one is given, of `sought` alone where told.
 * Reads at most five index ranges of `limit` rows a state.
 */
export async function listCards(
	db: Sql,
	actor: Actor,
	filter: Filter,
	stages: Stage[],
	viewer: Viewer,
	limit: number,
	after: Place | null = null,
	sought: number[] | null = null,
): Promise<Card[]> {
	const { rows } = await db.execute<CardRow>(sql`
		${preamble(actor, filter, sql`h.closed_on is null`, stageList(stages, viewer))}
		select l.stage_id as "stageId", ${cardSql(actor, viewer)}
		from stage_list l
		cross join lateral (
			select merged.id, merged.rank, merged.due from (
				${sql.join(streams(actor, filter, viewer, limit, after, sought), sql` union all `)}
			) merged order by merged.rank, merged.due, merged.id limit ${limit}
		) s
		join deals d on d.id = s.id
		${CARD_JOINS}
		order by l.stage_id, s.rank, s.due, s.id`);
	return rows.map(cardOf);
}

/**
 * The first `limit` cards of each stretch of days over the open deals of these states, in the board's
 * order, after a place if one is given. Reads at most two index ranges of `limit` rows a stretch.
 */
export async function listDateCards(
	db: Sql,
	actor: Actor,
	filter: Filter,
	stages: Stage[],
	viewer: Viewer,
	stretches: readonly Stretch[],
	limit: number,
	after: Place | null = null,
	sought: number[] | null = null,
): Promise<(Card & { stretch: Stretch })[]> {
	const [stage] = stages;
	if (stage === undefined) return [];
	// Its open states, said without naming them: by a list of states Postgres expects few rows and reads all.
	const open = sql`d.closed_on is null and d.pipeline_id = ${stage.pipelineId}`;
	const where = sql.join([criteria(actor, filter, viewer), open, among(sought)], sql` and `);
	const parts = stretches.flatMap((stretch) => {
		const streams = dateStreams(where, filter, viewer, stretch, limit, after);
		if (streams.length === 0) return [];
		return [
			sql`(select ${stretch}::text as stretch, merged.* from (
				${sql.join(streams, sql` union all `)}
			) merged order by merged.due, merged.id limit ${limit})`,
		];
	});
	if (parts.length === 0) return [];
	const { rows } = await db.execute<CardRow & { stretch: Stretch }>(sql`
		${preamble(actor, filter, sql`h.closed_on is null`, stageList(stages, viewer))}
		select s.stretch, d.stage_id as "stageId", ${cardSql(actor, viewer)}
		from (${sql.join(parts, sql` union all `)}) s
		join deals d on d.id = s.id join stage_list l on l.stage_id = d.stage_id
		${CARD_JOINS}
		order by s.stretch, s.rank, s.due, s.id`);
	return rows.map(cardOf);
}

const RANK_OF = (stretch: Stretch) => {
	if (stretch === 'none') return RANKS.none;
	return stretch === 'late' || stretch === 'today' ? RANKS.near : RANKS.far;
};

function dateStreams(
	where: SQL,
	filter: Filter,
	viewer: Viewer,
	stretch: Stretch,
	limit: number,
	after: Place | null,
): SQL[] {
	const { period } = filter;
	const idle = filter.idle ? sql`join stage_list l on l.stage_id = d.stage_id` : sql``;
	const from = sql`from ${source(filter)} ${idle}`;
	const rank = RANK_OF(stretch);
	if (stretch === 'none') {
		if (period !== null && period !== 'none') return [];
		return [
			sql`(select d.id, ${rank}::int as rank, 0::bigint as due ${from}
				where ${where} and d.next_planned_at is null and d.next_planned_on is null
					${after ? sql`and d.id > ${after.id}` : sql``}
				order by d.id limit ${limit})`,
		];
	}
	const reach = stretchReach(stretch, viewer);
	if (reach === null || period === 'none') return [];
	return (['at', 'on'] as const).map((plan) => {
		const column = plan === 'at' ? sql`d.next_planned_at` : sql`d.next_planned_on`;
		const within = plan === 'at' ? momentWithin : dayWithin;
		const due = plan === 'at' ? column : dueOfDay(column, viewer);
		return sql`(select d.id, ${rank}::int as rank, extract(epoch from ${due})::bigint as due ${from}
			where ${where} and ${within(column, reach)}
				${period === null ? sql`` : sql`and ${within(column, periodReach(period, viewer))}`}
				${after ? beyond(plan, column, due, after) : sql``}
			order by ${column}, d.id limit ${limit})`;
	});
}

type Stream = (rank: number, plan: 'at' | 'on', reach: Reach) => SQL | null;

function streams(
	actor: Actor,
	filter: Filter,
	viewer: Viewer,
	limit: number,
	after: Place | null,
	sought: number[] | null,
): SQL[] {
	const where = sql.join([criteria(actor, filter, viewer), among(sought)], sql` and `);
	const period = filter.period;
	const stream: Stream = (rank, plan, reach) => {
		if (period === 'none' || (after !== null && after.rank > rank)) return null;
		// What is planned ahead is not idle: reading the whole future to find nothing helps nobody.
		if (filter.idle && rank === RANKS.far) return null;
		const column = plan === 'at' ? sql`d.next_planned_at` : sql`d.next_planned_on`;
		const within = plan === 'at' ? momentWithin : dayWithin;
		const due = plan === 'at' ? column : dueOfDay(column, viewer);
		return sql`(select d.id, ${rank}::int as rank, extract(epoch from ${due})::bigint as due
			from ${source(filter)} where d.stage_id = l.stage_id and ${where} and ${within(column, reach)}
				${period === null ? sql`` : sql` and ${within(column, periodReach(period, viewer))}`}
				${after?.rank === rank ? beyond(plan, column, due, after) : sql``}
			order by ${column}, d.id limit ${limit})`;
	};
	return [
		stream(RANKS.near, 'at', nearReach(viewer)),
		stream(RANKS.near, 'on', nearReach(viewer)),
		nothingPlanned(where, filter, limit, after),
		stream(RANKS.far, 'at', farReach(viewer)),
		stream(RANKS.far, 'on', farReach(viewer)),
	].filter((part) => part !== null);
}

// The day of a plan is bounded roughly for the index (a day's end in any zone is within two days of
// it), and exactly by the moment at which it is due.
function beyond(plan: 'at' | 'on', column: SQL, due: SQL, after: Place): SQL {
	const moment = new Date(after.due * 1000);
	if (plan === 'at') return sql` and (${column}, d.id) > (${moment}::timestamptz, ${after.id})`;
	const roughly = new Date(after.due * 1000 - 3 * 86_400_000).toISOString().slice(0, 10);
	return sql` and ${column} >= ${roughly} and (${due}, d.id) > (${moment}::timestamptz, ${after.id})`;
}

function nothingPlanned(
	where: SQL,
	filter: Filter,
	limit: number,
	after: Place | null,
): SQL | null {
	const { period } = filter;
	if ((period !== null && period !== 'none') || (after !== null && after.rank > RANKS.none))
		return null;
	return sql`(select d.id, ${RANKS.none}::int as rank, 0::bigint as due
		from ${source(filter)} where d.stage_id = l.stage_id and ${where}
			and d.next_planned_at is null and d.next_planned_on is null
			${after?.rank === RANKS.none ? sql` and d.id > ${after.id}` : sql``}
		order by d.id limit ${limit})`;
}
