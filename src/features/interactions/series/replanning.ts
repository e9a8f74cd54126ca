import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { Edit, edited, Field } from '#src/features/interactions/interaction/editing.ts';
import type { InteractionView } from '#src/features/interactions/queries.ts';
import { columnsOf, type Plan } from '#src/features/interactions/steps.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { addDays, dayOf, daysBetween } from '#src/platform/i18n/dates.ts';
import { dequeue } from '#src/platform/jobs/enqueue.ts';
import {
	countBefore,
	dayIn,
	momentAt,
	type Occurrence,
	type Repeat,
	repeatOf,
	type SeriesTime,
	seriesTime,
	wallClock,
} from './recurrence.ts';
import {
	extensionKey,
	type findSeriesToEdit,
	firstOnes,
	insertOccurrences,
	insertSeries,
	noteMade,
	type Series,
} from './series.ts';

/** A step as an edit makes it, and what that changes. */
export type Row = ReturnType<typeof edited>;
export type Changes = Partial<Record<Field, unknown>>;

/** A planned step of a series. */
export type Line = { id: number; occurrence: string };

/** What is to become of the rule: another one, none any more, or (absent) the same. */
export type Rule = Repeat | 'never' | undefined;

/** Whether a rule is the one that a series has: the rule as it was is no change. */
export const sameRule = (held: string, rule: Rule): boolean =>
	rule === undefined ||
	(rule !== 'never' && JSON.stringify(sorted(rule)) === JSON.stringify(sorted(repeatOf(held))));

const sorted = ({ frequency, every, weekdays, until, count }: Repeat) => ({
	...{ frequency, every, until, count },
	weekdays: frequency === 'weekly' ? [...weekdays].sort() : [],
});

/** What an edit changes, as columns of interactions and of interaction_series alike. */
export const columnsSet = (row: Row, changes: Changes) => {
	const columns: Partial<Record<Field, ReturnType<typeof sql>>> = {
		kindId: sql`kind_id = ${row.kindId}`,
		summary: sql`summary = ${row.summary}`,
		description: sql`description = ${row.description}`,
		place: sql`place = ${row.place}`,
		contactId: sql`contact_id = ${row.contactId}`,
		lengthMinutes: sql`length_minutes = ${row.lengthMinutes}`,
		remindMinutes: sql`remind_minutes = ${row.remindMinutes}`,
		ownerId: sql`owner_id = ${row.ownerId}`,
	};
	return Object.entries(columns).flatMap(([field, column]) => (field in changes ? [column] : []));
};

/** What is planned anew: the step of the form, its series, the steps that are meant, what they are to say. */
export type Anew = {
	found: InteractionView;
	held: Awaited<ReturnType<typeof findSeriesToEdit>>;
	lines: Line[];
	row: Row;
	edit: Edit;
	rule: Rule;
	changes: Changes;
	/** Whether the form gave the step another time. */
	moved: boolean;
};

/**
 * The old series ends before the first line that is meant, a new one begins with it. The steps that are
 * there are moved to the new occurrences one by one, so that an address, a calendar's copy, a reminder go on
 * to mean the same meeting; what is too many is taken away, what is missing is planned.
 */
export async function planAnew(tx: Tx, acting: Acting, anew: Anew): Promise<void> {
	const { found, held, lines, row, rule, changes } = anew;
	const [first] = lines as [Line];
	if (held) await endSeries(tx, held.series, first);
	if (rule === 'never') {
		await removeLines(
			tx,
			lines.filter(({ id }) => id !== found.id),
		);
		await writeLines(tx, row, changes, null, [{ id: found.id, at: null }]);
		return;
	}
	const timeZone = held?.series.timeZone ?? acting.actor.timeZone;
	const repeat = repeatFor(held?.series ?? null, rule, first);
	const time = seriesTime(planFor(anew, first, timeZone), repeat, timeZone);
	const series = await insertSeries(tx, acting, { ...factsFor(anew), ...time });
	const occurrences = firstOnes(series, dayOf(acting.now, timeZone));
	if (occurrences.length === 0)
		throw new InvalidForm({ repeatUntil: { key: 'series.nothing' } }, {});
	const kept = withFound(lines.slice(0, occurrences.length), found);
	await removeLines(
		tx,
		lines.filter((line) => !kept.some(({ id }) => id === line.id)),
	);
	const pairs = kept.map(({ id }, nr) => ({ id, at: occurrences[nr] as Occurrence }));
	await writeLines(tx, row, changes, series.id, pairs);
	const subject = held?.subject ?? { dealId: found.dealId, clientId: found.clientId };
	await insertOccurrences(tx, acting, series, subject, occurrences.slice(kept.length));
	await noteMade(tx, acting, series, occurrences);
}

type Facts = Omit<Parameters<typeof insertSeries>[2], keyof SeriesTime>;

// What the series says, but for what this edit changes: one of it may say other things by itself.
function factsFor({ held, row, changes }: Anew): Facts {
	const facts = Object.entries(held?.series ?? row).map(([name, value]) => [
		name,
		name in changes ? row[name as Field] : value,
	]);
	return Object.fromEntries(facts) as Facts;
}

// Where fewer are left than there were, the one that the person has before them is among them.
const withFound = (kept: Line[], found: InteractionView): Line[] =>
	kept.some(({ id }) => id === found.id)
		? kept
		: [...kept.slice(0, -1), { id: found.id, occurrence: found.occurrence ?? '' }];

// A rule that ends after so many counts those that lie before as taken.
function repeatFor(series: Series | null, rule: Rule, first: Line): Repeat {
	if (series === null) return rule as Repeat;
	const old = repeatOf(series.rule);
	const repeat = rule === undefined || rule === 'never' || sameRule(series.rule, rule) ? old : rule;
	if (repeat !== old || old.count === null) return repeat;
	return { ...old, count: Math.max(1, old.count - countBefore(series, first.occurrence)) };
}

/** When the new series begins: the first line that is meant, moved by as much as the one in the form. */
function planFor(anew: Anew, first: Line, timeZone: string): Plan {
	const { found, held, row, edit, moved } = anew;
	const plan = edit.plan ?? planOfRow(row);
	if (held === null || first.id === found.id) return plan;
	if (!moved && held.series.startsOn) return { plannedOn: first.occurrence };
	if (!moved) return { plannedAt: momentAt(first.occurrence, timeZone) };
	const from = dayIn(found.occurrence as string);
	const to = 'plannedOn' in plan ? plan.plannedOn : dayOf(plan.plannedAt, timeZone);
	const day = addDays(dayIn(first.occurrence), daysBetween(from, to));
	if ('plannedOn' in plan) return { plannedOn: day };
	const clock = `${day}T${wallClock(plan.plannedAt, timeZone).slice(11)}`;
	return { plannedAt: momentAt(clock, timeZone) };
}

const planOfRow = ({ plannedOn, plannedAt }: Row): Plan =>
	plannedOn === null ? { plannedAt: plannedAt as Date } : { plannedOn };

/** Ends a series before one of its steps: nothing more is planned of it. */
export async function endSeries(tx: Tx, series: Series, first: Line): Promise<void> {
	await tx.execute(sql`
		update interaction_series set ended_on = ${dayIn(first.occurrence)}, version = version + 1
		where id = ${series.id}`);
	await dequeue(tx, extensionKey(series.id));
}

/** Takes planned steps away that had never been more than planned ahead. */
export async function removeLines(tx: Tx, lines: Line[]): Promise<void> {
	if (lines.length === 0) return;
	await tx.execute(sql`
		delete from interactions where id = any(${sql.param(lines.map(({ id }) => id))}::bigint[])`);
}

type Pair = { id: number; at: Occurrence | null };

// A step that is repeated no more keeps the time of the form; one of a series takes that of its occurrence.
async function writeLines(
	tx: Tx,
	row: Row,
	changes: Changes,
	seriesId: number | null,
	pairs: Pair[],
): Promise<void> {
	const column = (of: (pair: Pair) => string | number | null) => sql.param(pairs.map(of));
	const plan = columnsOf(planOfRow(row));
	const facts = columnsSet(row, changes).map((column) => sql`${column}, `);
	await tx.execute(sql`
		update interactions i set series_id = ${seriesId}, occurrence = o.occurrence,
			planned_on = case when ${seriesId}::bigint is null then ${plan.plannedOn}::date else o.on_day end,
			planned_at = case when ${seriesId}::bigint is null then ${plan.plannedAt}::timestamptz else o.at end,
			${sql.join(facts)}version = version + 1
		from unnest(${column(({ id }) => id)}::bigint[], ${column(({ at }) => at?.occurrence ?? null)}::text[],
			${column(({ at }) => at?.plannedOn ?? null)}::date[],
			${column(({ at }) => at?.plannedAt?.toISOString() ?? null)}::timestamptz[]) o(id, occurrence, on_day, at)
		where i.id = o.id`);
}
