import { type SQL, sql } from 'drizzle-orm';
import { type Actor, editable, visibleTo } from '#src/features/access/rights.ts';
import type { Stage } from '#src/features/deals/queries.ts';
import { dealVisibleTo, helpedBy, holdsEveryDeal } from '#src/features/deals/visibility.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { readPlace } from '#src/platform/db/keyset.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { sortingOf } from '#src/platform/listing/headings.ts';
import { type DealLine, dealColumns } from './columns.ts';
import { asksFacts, dealCriteria, idleLimit, idleSql } from './criteria.ts';
import { type ListFilter, monthShown, onlyFinal, statesOf } from './filter.ts';
import { dayWithin, momentWithin, periodReach } from './period.ts';
import { dealsFound } from './search.ts';
import { readSorted } from './sorting.ts';

const COLUMNS = sql`d.id, d.version, d.title, d.stage_id as "stageId", s.name as "stageName",
	s.kind as "stageKind",
	(select name from pipelines where id = d.pipeline_id) as "pipelineName", d.client_id as "clientId", c.name as "clientName", d.owner_id as "ownerId",
	p.name as "ownerName", d.amount, d.currency,
	coalesce(d.probability, s.probability) as probability, d.source, d.campaign,
	d.expected_close_on as "expectedCloseOn", d.created_at as "createdAt",
	d.stage_entered_at as "stageEnteredAt", d.next_interaction_id as "interactionId",
	i.version as "stepVersion", d.next_planned_on as "plannedOn", d.next_planned_at as "plannedAt",
	k.name as "kindName", k.icon as "kindIcon", i.summary, d.last_done_at as "lastDoneAt",
	d.closed_on as "closedOn", d.archived_at is not null as archived, r.name as "lossReason", coalesce((
		select json_agg(json_build_object('name', t.name, 'colour', t.colour) order by t.name)
		from deal_tags dt join tags t on t.id = dt.tag_id where dt.deal_id = d.id
	), '[]') as tags`;
const JOINS = sql`join stages s on s.id = d.stage_id join people p on p.id = d.owner_id
	left join clients c on c.id = d.client_id
	left join interactions i on i.id = d.next_interaction_id
	left join interaction_kinds k on k.id = i.kind_id
	left join loss_reasons r on r.id = d.loss_reason_id`;

/** Отбор of the list as SQL on `d`, a line per criterion. */
export function listCriteria(
	actor: Actor,
	filter: ListFilter,
	stages: Stage[],
	viewer: Viewer,
): SQL {
	const month = monthShown(filter);
	// What one helps with may be anybody's; an owner that is asked for still has to be in scope.
	const everybodys = filter.helping && filter.owner === '';
	const visible = everybodys
		? sql`true`
		: visibleTo({ ...actor, scope: filter.scope }, sql`d.owner_id`);
	const scope = everybodys ? ('all' as const) : filter.scope;
	return sql.join(
		[
			visible,
			...archiveCriteria(filter),
			...(filter.helping ? [helpedBy(actor)] : []),
			...(filter.text === null
				? []
				: [
						sql`d.id in (select id from (${dealsFound(actor, scope, filter.text, sql`true`)}) hits)`,
					]),
			...stateCriteria(filter, stages),
			...(month ? [sql`d.closed_on between ${month.first} and ${month.last}`] : []),
			...periodCriteria(filter, viewer),
			...(filter.idle ? [idleSql(idleLimit(stages, viewer), viewer)] : []),
			...dealCriteria(filter, viewer),
		],
		sql` and `,
	);
}

// What was merged into another deal is that one: the archive does not show it either.
function archiveCriteria({ archived }: ListFilter): SQL[] {
	if (archived === null) return [sql`d.archived_at is null`];
	const all = sql`d.merged_into is null`;
	return archived === 'only' ? [sql`d.archived_at is not null`, all] : [all];
}

function stateCriteria(filter: ListFilter, stages: Stage[]): SQL[] {
	const wanted = statesOf(filter, stages);
	if (wanted === null) return [];
	const ids = wanted.map(({ id }) => id);
	const open = wanted.every(({ kind }) => kind === 'open');
	return [
		// One state as an equality: only so does an index give the order of its deals.
		ids.length === 1
			? sql`d.stage_id = ${ids[0]}`
			: sql`d.stage_id = any(${sql.param(ids)}::bigint[])`,
		...(open ? [sql`d.closed_on is null`] : []),
		...(onlyFinal(filter, stages) ? [sql`d.closed_on is not null`] : []),
	];
}

function periodCriteria({ period }: ListFilter, viewer: Viewer): SQL[] {
	const [at, on] = [sql`d.next_planned_at`, sql`d.next_planned_on`];
	if (period === null) return [];
	if (period === 'none') return [sql`${at} is null and ${on} is null`];
	const reach = periodReach(period, viewer);
	return [sql`(${momentWithin(at, reach)} or ${dayWithin(on, reach)})`];
}

/** What a page of lines is read with; also for files and for «выбрать все найденные». */
export type ListReading = {
	actor: Actor;
	filter: ListFilter;
	stages: Stage[];
	viewer: Viewer;
	sort: string;
};

/** Some lines of the list from behind a place, in its order. Throws BadRequest for a senseless sort or place. */
export async function readLines(
	db: Sql,
	{ actor, filter, stages, viewer, sort }: ListReading,
	after: string | null,
	limit: number,
): Promise<{ rows: DealLine[]; next: string | null }> {
	const sorting = sortingOf(dealColumns(viewer), sort);
	return await readSorted<DealLine>(
		db,
		{
			key: sort.replace('-', ''),
			sorting,
			where: listCriteria(actor, filter, stages, viewer),
			walk: filter.text === null && !filter.helping && holdsEveryDeal(actor, filter.scope),
			viewer,
			columns: sql`${COLUMNS}, ${editable(actor, dealVisibleTo)} and d.archived_at is null as editable`,
			joins: JOINS,
		},
		after === null ? null : readPlace(after, sorting),
		limit,
	);
}

/** How many deals отбор finds, and how much money; the whole company's out of its tallies. */
export async function countList(
	db: Sql,
	{ actor, filter, stages, viewer }: Omit<ListReading, 'sort'>,
): Promise<{ count: number; sums: { currency: string; amount: string }[] }> {
	const { rows } = await db.execute<{ currency: string; deals: number; amount: string }>(
		talliesTell(filter) && holdsEveryDeal(actor, filter.scope)
			? tallied(filter, stages)
			: sql`
			select d.currency, count(*)::int as deals, coalesce(sum(d.amount), 0)::text as amount
			from deals d where ${listCriteria(actor, filter, stages, viewer)} group by 1 order by 1`,
	);
	return {
		count: rows.reduce((all, { deals }) => all + deals, 0),
		sums: rows
			.filter(({ amount }) => Number(amount) !== 0)
			.map(({ currency, amount }) => ({ currency, amount })),
	};
}

function talliesTell(filter: ListFilter): boolean {
	const { campaign, expectedFrom, expectedTo, createdFrom, createdTo } = filter;
	const asked = [
		campaign,
		expectedFrom,
		expectedTo,
		createdFrom,
		createdTo,
		filter.period,
		filter.text,
		filter.archived,
	];
	const narrowed = asked.some((one) => one !== null) || asksFacts(filter);
	return !narrowed && !filter.idle && !filter.helping;
}

function tallied(filter: ListFilter, stages: Stage[]): SQL {
	const wanted = statesOf(filter, stages);
	const ids = wanted?.map(({ id }) => id);
	const open = wanted?.every(({ kind }) => kind === 'open');
	const month = monthShown(filter);
	return sql`select currency, sum(deals)::int as deals, sum(amount)::text as amount from deal_tallies
		where ${ids ? sql`stage_id = any(${sql.param(ids)}::bigint[])` : sql`true`}
			${open ? sql`and closed_on is null` : sql``}
			and ${month ? sql`closed_on between ${month.first} and ${month.last}` : sql`true`}
		group by 1 having sum(deals) <> 0 order by 1`;
}
