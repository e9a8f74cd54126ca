import { type SQL, sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/access/rights.ts';
import {
	STRETCHES,
	type Stretch,
	stretchBounds,
	stretchSql,
} from '#src/features/deals/dates/dates.ts';
import { asksFacts, factCriteria } from '#src/features/deals/list/criteria.ts';
import {
	dayWithin,
	momentWithin,
	periodReach,
	tomorrowOf,
} from '#src/features/deals/list/period.ts';
import type { Stage } from '#src/features/deals/queries.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import { holdsEveryDeal } from '#src/features/deals/visibility.ts';
import type { StepGroup } from '#src/features/next-step/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { monthOf, type Viewer } from '#src/platform/i18n/dates.ts';
import { criteria, preamble, source, stageList } from './criteria.ts';
import type { Filter } from './forms.ts';
import { groupSql } from './order.ts';

/** Sums are kept apart by currency: adding roubles to dollars would be a figure of nothing. */
export type Sum = { currency: string; amount: string };

/** What the header of a column says, over all matching deals. */
export type Total = { count: number; sums: Sum[]; groups: Record<StepGroup, number> };

/** Totals by state id, and how many deals of the whole отбор (its period aside) stand in each group. */
export type Totals = { stages: Map<number, Total>; chips: Record<StepGroup, number> };

/** Totals by stretch of days, and the same chips. */
export type DateTotals = {
	dates: Record<Stretch, { count: number; sums: Sum[] }>;
	chips: Totals['chips'];
};

type Row<Step> = {
	stageId: number;
	currency: string;
	step: Step | 'closed';
	inPeriod: boolean;
	deals: number;
	amount: string;
};

/**
 * Exact counts and sums of every state in one statement: open ones over all matching deals, final
 * ones over the viewer's month. One owner's, a team's or a search's are added up from an index of the
 * deals; the whole company's from its tallies, which do not grow with the number of deals.
 */
export async function countDeals(
	db: Sql,
	actor: Actor,
	filter: Filter,
	stages: Stage[],
	viewer: Viewer,
): Promise<Totals> {
	const steps: Steps = { sql: groupSql, bounds: (of) => [of.now, tomorrowOf(of)] };
	return addUp(await readRows<StepGroup>(db, actor, filter, stages, viewer, steps), stages);
}

/** The same of every stretch of days, over the open deals of all states. */
export async function countDates(
	db: Sql,
	actor: Actor,
	filter: Filter,
	stages: Stage[],
	viewer: Viewer,
): Promise<DateTotals> {
	const steps: Steps = { sql: stretchSql, bounds: stretchBounds };
	const open = stages.filter((stage) => !isFinal(stage.kind));
	const rows = await readRows<Stretch>(db, actor, filter, open, viewer, steps);
	const chips = noGroups();
	const dates = Object.fromEntries(
		STRETCHES.map((stretch) => [stretch, { count: 0, sums: [] as Sum[] }]),
	) as DateTotals['dates'];
	for (const row of rows) {
		if (row.step === 'closed') continue;
		const ahead = row.step === 'tomorrow' || row.step === 'week';
		chips[ahead ? 'later' : (row.step as StepGroup)] += row.deals;
		if (!row.inPeriod) continue;
		dates[row.step].count += row.deals;
		addSum(dates[row.step].sums, row);
	}
	return { dates, chips };
}

/** How plans are put into groups, and the moments at which those meet. */
type Steps = {
	sql: (at: SQL, on: SQL, viewer: Viewer) => SQL;
	bounds: (viewer: Viewer) => Date[];
};

async function readRows<Step>(
	db: Sql,
	actor: Actor,
	filter: Filter,
	stages: Stage[],
	viewer: Viewer,
	steps: Steps,
): Promise<Row<Step>[]> {
	const whole =
		filter.text === null &&
		!filter.idle &&
		!asksFacts(filter) &&
		holdsEveryDeal(actor, filter.scope);
	const { rows } = await db.execute<Row<Step>>(
		whole
			? tallied(filter, stages, viewer, steps)
			: counted(actor, filter, stages, viewer, steps.sql),
	);
	return rows;
}

const inPeriodSql = (at: SQL, on: SQL, filter: Filter, viewer: Viewer): SQL => {
	if (filter.period === null) return sql`true`;
	if (filter.period === 'none') return sql`(${at} is null and ${on} is null)`;
	const reach = periodReach(filter.period, viewer);
	return sql`(${momentWithin(at, reach)} or ${dayWithin(on, reach)})`;
};

const idsOf = (stages: Stage[], final: boolean) =>
	sql.param(stages.filter((stage) => isFinal(stage.kind) === final).map((stage) => stage.id));

function counted(
	actor: Actor,
	filter: Filter,
	stages: Stage[],
	viewer: Viewer,
	stepSql: Steps['sql'],
): SQL {
	const [at, on] = [sql`d.next_planned_at`, sql`d.next_planned_on`];
	const month = monthOf(viewer.today);
	const visible = visibleTo({ ...actor, scope: filter.scope }, sql`d.owner_id`);
	const here = sql`d.archived_at is null`;
	const asked = sql.join([here, visible, ...factCriteria(filter)], sql` and `);
	const inMonth = (on: SQL) => sql`${on} between ${month.first} and ${month.last}`;
	const alive = sql`(h.closed_on is null or ${inMonth(sql`h.closed_on`)})`;
	return sql`
		${preamble(actor, filter, alive, ...(filter.idle ? [stageList(stages, viewer)] : []))}
		select d.stage_id as "stageId", d.currency, ${stepSql(at, on, viewer)} as step,
			${inPeriodSql(at, on, filter, viewer)} as "inPeriod",
			count(*)::int as deals, coalesce(sum(d.amount), 0)::text as amount
		from ${source(filter)} ${filter.idle ? sql`join stage_list l on l.stage_id = d.stage_id` : sql``}
		where d.closed_on is null and d.stage_id = any(${idsOf(stages, false)}::bigint[])
			and ${criteria(actor, filter, viewer)}
		group by 1, 2, 3, 4
		union all
		select d.stage_id, d.currency, 'closed', true, count(*)::int, coalesce(sum(d.amount), 0)::text
		from ${source(filter)}
		where d.stage_id = any(${idsOf(stages, true)}::bigint[]) and ${asked}
			and ${inMonth(sql`d.closed_on`)}
		group by 1, 2`;
}

// Whole hours lie on one side of every boundary, so that their tallies can be put into a group by
// their beginning; the few hours that a boundary cuts are counted deal by deal.
function tallied(filter: Filter, stages: Stage[], viewer: Viewer, steps: Steps): SQL {
	const [at, on] = [sql`t.at`, sql`t.on_day`];
	const month = monthOf(viewer.today);
	const open = idsOf(stages, false);
	const cut = sql.param(cutHours(filter, viewer, steps.bounds(viewer)));
	return sql`
		select t.stage_id as "stageId", t.currency, ${steps.sql(at, on, viewer)} as step,
			${inPeriodSql(at, on, filter, viewer)} as "inPeriod",
			sum(t.deals)::int as deals, sum(t.amount)::text as amount
		from (
			select stage_id, currency, hour as at, day as on_day, deals, amount from deal_tallies
			where closed_on is null and stage_id = any(${open}::bigint[])
				and (hour is null or hour <> all(${cut}::timestamptz[]))
			union all
			select s.id, d.currency, d.next_planned_at, null, 1, coalesce(d.amount, 0)
			from unnest(${open}::bigint[]) s(id)
			cross join unnest(${cut}::timestamptz[]) cut(hour)
			join lateral (
				select d.currency, d.next_planned_at, d.amount from deals d
				where d.stage_id = s.id and d.closed_on is null and d.archived_at is null
					and d.next_planned_at >= cut.hour and d.next_planned_at < cut.hour + interval '1 hour'
				order by d.next_planned_at offset 0
			) d on true
		) t
		group by 1, 2, 3, 4
		union all
		select stage_id, currency, 'closed', true, sum(deals)::int, sum(amount)::text
		from deal_tallies
		where closed_on between ${month.first} and ${month.last}
			and stage_id = any(${idsOf(stages, true)}::bigint[])
		group by 1, 2`;
}

const HOUR = 3_600_000;

function cutHours(filter: Filter, viewer: Viewer, bounds: Date[]): string[] {
	const boundaries = [...bounds];
	if (filter.period !== null && filter.period !== 'none') {
		const reach = periodReach(filter.period, viewer);
		if (reach.before) boundaries.push(reach.before);
	}
	const hours = boundaries
		.filter((moment) => moment.getTime() % HOUR !== 0)
		.map((moment) => Math.floor(moment.getTime() / HOUR) * HOUR);
	return [...new Set(hours)].map((hour) => new Date(hour).toISOString());
}

const noGroups = () => ({ late: 0, today: 0, none: 0, later: 0 });

function addUp(rows: Row<StepGroup>[], stages: Stage[]): Totals {
	const chips = noGroups();
	const totals = new Map<number, Total>();
	for (const stage of stages) totals.set(stage.id, { count: 0, sums: [], groups: noGroups() });
	for (const row of rows) {
		if (row.step !== 'closed') chips[row.step] += row.deals;
		const total = totals.get(row.stageId);
		if (!row.inPeriod || total === undefined) continue;
		total.count += row.deals;
		if (row.step !== 'closed') total.groups[row.step] += row.deals;
		addSum(total.sums, row);
	}
	return { stages: totals, chips };
}

/** Adds an amount to the sum of its currency, exactly, in kopecks. */
export function addSum(sums: Sum[], { currency, amount }: Sum): void {
	const kopecks = (text: string) => BigInt(Number(text) === 0 ? '0' : text.replace('.', ''));
	const sum = sums.find((one) => one.currency === currency);
	if (sum === undefined) {
		if (kopecks(amount) !== 0n) sums.push({ currency, amount });
		return;
	}
	const total = (kopecks(sum.amount) + kopecks(amount)).toString().padStart(3, '0');
	sum.amount = `${total.slice(0, -2)}.${total.slice(-2)}`;
}
