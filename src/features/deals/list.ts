import { type SQL, sql } from 'drizzle-orm';
import type { Colleague } from '#src/features/auth/queries.ts';
import { type Actor, visibleTo } from '#src/features/auth/rules.ts';
import { dayWithin, momentWithin, periodReach } from '#src/features/board/order.ts';
import { type Frame, readFrame } from '#src/features/board/queries.ts';
import type { Sum } from '#src/features/board/totals.ts';
import { type SavedMenu, savedMenu } from '#src/features/filters/rules.ts';
import { shortName, stepWords } from '#src/features/interactions/words.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { readPlace } from '#src/platform/db/keyset.ts';
import { dayOf, formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { type Heading, headingsOf, sortingOf } from '#src/platform/web/listing.ts';
import { asksFacts, dealCriteria, idleLimit } from './criteria.ts';
import {
	type ListFilter,
	listAddress,
	monthShown,
	onlyFinal,
	PERIODS,
	ROWS_A_PAGE,
	readListFilter,
	statesOf,
} from './filter.ts';
import { type DealLine, dealColumns, NOT_OF_FINISHED, NOT_OF_OPEN } from './list-columns.ts';
import type { Stage } from './queries.ts';
import { type StepGroup, stepGroup } from './rules.ts';
import { dealsFound } from './search.ts';
import { readSorted } from './sorting.ts';
import { helpedBy } from './visibility.ts';

/** A line as it is drawn: with the group of its next step. */
export type ShownLine = DealLine & { group: StepGroup };

/** All that the list draws. */
export type DealList = Omit<Frame, 'saved'> & {
	filter: ListFilter;
	sort: string;
	headings: Heading[];
	lines: ShownLine[];
	count: number;
	sums: Sum[];
	/** The address that goes on behind the last line. */
	more: { url: string } | null;
	onlyFinal: boolean;
	/** The order that the address asks for; empty: the usual one. */
	asked: string;
	/** Months of closing to choose from, `2026-11`, the latest first. */
	months: string[];
	narrowed: boolean;
	saved: SavedMenu;
	url: (change?: Record<string, string | number | null>, path?: string) => string;
	periods: typeof PERIODS;
	words: (line: ShownLine) => string;
	short: typeof shortName;
	/** A moment's day. */
	on: (at: Date) => string;
	colleagues: Colleague[];
};

const COLUMNS = sql`d.id, d.version, d.title, d.stage_id as "stageId", s.name as "stageName",
	s.kind as "stageKind", d.client_id as "clientId", c.name as "clientName", d.owner_id as "ownerId",
	p.name as "ownerName", d.amount, d.currency,
	coalesce(d.probability, s.probability) as probability, d.source, d.campaign,
	d.expected_close_on as "expectedCloseOn", d.created_at as "createdAt",
	d.stage_entered_at as "stageEnteredAt", d.next_interaction_id as "interactionId",
	i.version as "stepVersion", d.next_planned_on as "plannedOn", d.next_planned_at as "plannedAt",
	k.name as "kindName", k.icon as "kindIcon", i.summary, d.last_done_at as "lastDoneAt",
	d.closed_on as "closedOn", r.name as "lossReason", coalesce((
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
			...(filter.helping ? [helpedBy(actor)] : []),
			...(filter.text === null
				? []
				: [
						sql`d.id in (select id from (${dealsFound(actor, scope, filter.text, sql`true`)}) hits)`,
					]),
			...stateCriteria(filter, stages),
			...(month ? [sql`d.closed_on between ${month.first} and ${month.last}`] : []),
			...periodCriteria(filter, viewer),
			...(filter.idle ? [idleSql(stages, viewer)] : []),
			...dealCriteria(filter, viewer),
		],
		sql` and `,
	);
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

// Twin of board/criteria.ts#idleSql.
function idleSql(stages: Stage[], viewer: Viewer): SQL {
	return sql`(coalesce(d.last_done_at, d.created_at) < ${idleLimit(stages, viewer)} and (
		select true from interactions ahead where ahead.deal_id = d.id and ahead.status = 'planned'
			and coalesce(ahead.planned_at, (ahead.planned_on + 1)::timestamp at time zone ${viewer.timeZone}) >= ${viewer.now}
		limit 1
	) is null)`;
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
	const page = await readSorted<DealLine>(
		db,
		{
			key: sort.replace('-', ''),
			sorting,
			where: listCriteria(actor, filter, stages, viewer),
			walk: filter.scope === 'all' && filter.text === null && !filter.helping,
			viewer,
			columns: COLUMNS,
			joins: JOINS,
		},
		after === null ? null : readPlace(after, sorting),
		limit,
	);
	return { ...page, rows: page.rows.map(dated) };
}

const dated = (row: DealLine): DealLine => ({
	...row,
	createdAt: new Date(row.createdAt),
	stageEnteredAt: new Date(row.stageEnteredAt),
	plannedAt: row.plannedAt && new Date(row.plannedAt),
	lastDoneAt: row.lastDoneAt && new Date(row.lastDoneAt),
});

/** How many deals отбор finds, and how much money; the whole company's out of its tallies. */
export async function countList(
	db: Sql,
	{ actor, filter, stages, viewer }: Omit<ListReading, 'sort'>,
): Promise<{ count: number; sums: Sum[] }> {
	const { rows } = await db.execute<{ currency: string; deals: number; amount: string }>(
		tallies(filter)
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

function tallies(filter: ListFilter): boolean {
	const { campaign, expectedFrom, expectedTo, createdFrom, createdTo } = filter;
	const asked = [
		campaign,
		expectedFrom,
		expectedTo,
		createdFrom,
		createdTo,
		filter.period,
		filter.text,
	];
	const narrowed = asked.some((one) => one !== null) || asksFacts(filter);
	return filter.scope === 'all' && !narrowed && !filter.idle && !filter.helping;
}

function tallied(filter: ListFilter, stages: Stage[]): SQL {
	const wanted = statesOf(filter, stages)?.map(({ id }) => id) ?? null;
	const month = monthShown(filter);
	return sql`select currency, sum(deals)::int as deals, sum(amount)::text as amount from deal_tallies
		where ${wanted ? sql`stage_id = any(${sql.param(wanted)}::bigint[])` : sql`true`}
			and ${month ? sql`closed_on between ${month.first} and ${month.last}` : sql`true`}
		group by 1 having sum(deals) <> 0 order by 1`;
}

/** What the list is sorted by where nobody asks: the newest first, of finished deals the last finished. */
export function usualSort(filter: ListFilter, stages: Stage[]): string {
	return onlyFinal(filter, stages) ? '-closed' : '-number';
}

/**
 * Reads the list of deals in five statements with the session's: the frame, the totals, the lines (two
 * where they reach deals without a value). Throws BadRequest and NotFound for an address without sense.
 */
export async function readDealList(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<DealList> {
	const { saved, ...frame } = await readFrame(db, actor, 'deals');
	const { stages } = frame;
	const { filter, place } = readListFilter(actor, query, stages, viewer);
	const usual = usualSort(filter, stages);
	const sort = place.sort ?? usual;
	const asked = sort === usual ? '' : sort;
	const final = onlyFinal(filter, stages);
	const open = statesOf(filter, stages)?.every(({ kind }) => kind === 'open') ?? false;
	const hidden = final ? NOT_OF_FINISHED : open ? NOT_OF_OPEN : [];
	const reading = { actor, filter, stages, viewer, sort };
	const [totals, { rows, next }] = await Promise.all([
		countList(db, reading),
		readLines(db, reading, place.after, place.after === null ? place.shown : ROWS_A_PAGE),
	]);
	const url = (change: Record<string, string | number | null> = {}, path?: string) =>
		listAddress(filter, stages, viewer, { sort: asked, ...change }, path);
	const address = url();
	return {
		...frame,
		filter,
		sort,
		headings: headingsOf(dealColumns(viewer), sort).filter(({ key }) => !hidden.includes(key)),
		lines: rows.map((line) => ({ ...line, group: stepGroup(line, viewer) })),
		...totals,
		more: next === null ? null : { url: url({ after: next }) },
		onlyFinal: final,
		asked,
		months: monthsOffered(filter, viewer),
		narrowed: address !== '/deals',
		saved: savedMenu(actor, 'deals', saved, address.split('?')[1] ?? ''),
		url,
		periods: PERIODS,
		words: (line) => stepWords(line, viewer),
		short: shortName,
		on: (at) => formatDay(dayOf(at, viewer.timeZone), viewer),
	};
}

const MONTHS_OFFERED = 12;

function monthsOffered({ month }: ListFilter, { today }: Viewer): string[] {
	const [year, last] = today.split('-').map(Number) as [number, number];
	const months = Array.from({ length: MONTHS_OFFERED }, (_, back) =>
		new Date(Date.UTC(year, last - 1 - back, 1)).toISOString().slice(0, 7),
	);
	return month === null || month === 'all' || months.includes(month) ? months : [...months, month];
}
