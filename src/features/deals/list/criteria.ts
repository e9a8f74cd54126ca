import { type SQL, sql } from 'drizzle-orm';
import type { Stage } from '#src/features/deals/queries.ts';
import { idleBefore } from '#src/features/deals/rules.ts';
import { addDays, startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';

/** What отбор asks of a deal's own facts, on the board and in the list alike. */
export type FactFilter = {
	source: string | null;
	/** A tag's id. */
	tag: number | null;
	/** Decimal strings, both inclusive; a deal without an amount lies in no range. */
	amountFrom: string | null;
	amountTo: string | null;
};

/** What only the list asks for; days are inclusive, and moments are judged by the viewer's days. */
export type DealFilter = FactFilter & {
	campaign: string | null;
	expectedFrom: string | null;
	expectedTo: string | null;
	createdFrom: string | null;
	createdTo: string | null;
};

/** The facts of a deal as SQL on `d`, a line per criterion. */
export function factCriteria({ source, tag, amountFrom, amountTo }: FactFilter): SQL[] {
	return [
		source === null ? null : sql`d.source collate "russian" = ${source}`,
		tag === null ? null : sql`d.id in (select deal_id from deal_tags where tag_id = ${tag})`,
		amountFrom === null ? null : sql`d.amount >= ${amountFrom}::numeric`,
		amountTo === null ? null : sql`d.amount <= ${amountTo}::numeric`,
	].filter((line) => line !== null);
}

/** All that the list asks of a deal's facts and days, as SQL on `d`. */
export function dealCriteria(filter: DealFilter, viewer: Viewer): SQL[] {
	const { campaign, expectedFrom, expectedTo, createdFrom, createdTo } = filter;
	const { timeZone } = viewer;
	return [
		...factCriteria(filter),
		campaign === null ? null : sql`d.campaign = ${campaign}`,
		expectedFrom === null ? null : sql`d.expected_close_on >= ${expectedFrom}`,
		expectedTo === null ? null : sql`d.expected_close_on <= ${expectedTo}`,
		createdFrom === null ? null : sql`d.created_at >= ${startOfDay(createdFrom, timeZone)}`,
		createdTo === null ? null : sql`d.created_at < ${startOfDay(addDays(createdTo, 1), timeZone)}`,
	].filter((line) => line !== null);
}

/** Whether any of the facts narrows: then sums come from the deals, not from the company's tallies. */
export function asksFacts(filter: FactFilter): boolean {
	return [filter.source, filter.tag, filter.amountFrom, filter.amountTo].some(
		(asked) => asked !== null,
	);
}

/** The moment before which a deal of its state counts as idle, as SQL on `d`; null: it never does. */
export function idleLimit(stages: Stage[], viewer: Viewer): SQL {
	const limits = stages.flatMap((stage) => {
		const before = idleBefore(stage.idleDays, viewer);
		return before ? [sql`when ${stage.id} then ${before}::timestamptz`] : [];
	});
	return limits.length === 0
		? sql`null::timestamptz`
		: sql`case d.stage_id ${sql.join(limits, sql` `)} end`;
}

/**
 * Idle: nothing finished since the limit of its state (`before`), and nothing planned ahead; an overdue plan is not ahead. As SQL on
 * `d`. What stands in the deal answers for most; only behind an overdue plan another has to be looked for: last,
 * which a CASE keeps to. Not an EXISTS, which Postgres may answer by reading everything that is planned in the company.
 */
export function idleSql(before: SQL, { timeZone, now }: Viewer): SQL {
	const end = (plan: SQL) => sql`(${plan}_on + 1)::timestamp at time zone ${timeZone}`;
	const nearest = sql`coalesce(d.next_planned_at, ${end(sql`d.next_planned`)})`;
	return sql`(case
		when (coalesce(d.last_done_at, d.created_at) < ${before}) is not true then false
		when d.next_planned_at is null and d.next_planned_on is null then true
		when ${nearest} >= ${now} then false
		else (
			select true from interactions ahead where ahead.deal_id = d.id and ahead.status = 'planned'
				and coalesce(ahead.planned_at, ${end(sql`ahead.planned`)}) >= ${now}
			limit 1
		) is null end)`;
}
