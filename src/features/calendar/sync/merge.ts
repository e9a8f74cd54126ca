import {
	componentsOf,
	lineNamed,
	readContent,
	wordsOf,
} from '#src/features/calendar/ical/content.ts';
import { nextOccurrence } from '#src/features/calendar/ical/occurrences.ts';
import {
	nextOf,
	occurrenceOf,
	type Reader,
	seriesOf,
	singleOf,
	type TakenEvent,
} from '#src/features/calendar/ical/reading.ts';
import type { CalendarStep } from '#src/features/calendar/steps.ts';
import { DEFAULT_MINUTES, personsWords, summaryIn } from '#src/features/calendar/words.ts';
import type { Plan } from '#src/features/interactions/actions.ts';
import type { Edit } from '#src/features/interactions/interaction/editing.ts';
import { addDays, dayOf } from '#src/platform/i18n/dates.ts';

const DAY = '2026-12-14'.length;
const MAX_SUMMARY = 300;
const MAX_PLACE = 300;
const MAX_DESCRIPTION = 10_000;

/** When an event is, as a plan. */
export function planOf({ on, at }: TakenEvent): Plan {
	return on === null ? { plannedAt: at as Date } : { plannedOn: on };
}

/**
 * The event that a text of the server has for a step: of a series the occurrence that the step stands for, or the
 * next one where the series was made another. Null for what cannot be read.
 */
export function standing(
	text: string,
	occurrence: string | null,
	step: CalendarStep | null,
	reader: Reader,
): TakenEvent | null {
	const calendar = readContent(text).calendars.find(
		(one) => componentsOf(one, 'VEVENT').length > 0,
	);
	const events = calendar ? componentsOf(calendar, 'VEVENT') : [];
	const [first] = events;
	if (calendar === undefined || first === undefined) return null;
	const wall = { calendar, zone: reader.zone };
	const series = seriesOf(events, wall);
	if (series === null) {
		const single = events.find((event) => lineNamed(event, 'RECURRENCE-ID') === null) ?? first;
		return singleOf(single, wall);
	}
	const key = occurrence ?? (step && timeOfStep(step));
	const same = key === null ? null : occurrenceOf(series, key);
	if (same !== null) return same;
	const next = nextOf(series, reader);
	if (next !== null) return next;
	// The series ends before it: what has no occurrence any more has been called off.
	const over = singleOf(series.master, wall);
	return over && { ...over, cancelled: true };
}

/** What an event is called, though nothing else of it may be readable; empty without a name. */
export function titleIn(text: string): string {
	const events = readContent(text).calendars.flatMap((one) => componentsOf(one, 'VEVENT'));
	return events.flatMap((event) => wordsOf(lineNamed(event, 'SUMMARY')) ?? [])[0] ?? '';
}

/** The occurrence of a series that comes after one of its own, and not before now; null where there is none. */
export function following(text: string, occurrence: string, reader: Reader): TakenEvent | null {
	const calendar = readContent(text).calendars.find(
		(one) => componentsOf(one, 'VEVENT').length > 0,
	);
	if (calendar === undefined) return null;
	const wall = { calendar, zone: reader.zone };
	const series = seriesOf(componentsOf(calendar, 'VEVENT'), wall);
	if (series === null) return null;
	const day = occurrence.length === DAY ? addDays(occurrence, 1) : occurrence.slice(0, DAY);
	const behind = occurrence.length === DAY ? 0 : Date.parse(occurrence) + 1000;
	const at = new Date(Math.max(behind, reader.now.getTime()));
	const [from = day] = [day, dayOf(reader.now, reader.zone)].sort().reverse();
	const next = nextOccurrence(series, { at, day: from });
	return next && occurrenceOf(series, next.key);
}

const timeOfStep = ({ plannedOn, plannedAt }: CalendarStep) =>
	plannedOn ?? plannedAt?.toISOString() ?? null;

/** What an event says, as the fields of an interaction; without the words of one that is private. */
export function fieldsOf(
	taken: TakenEvent,
	step: CalendarStep,
	known: string[],
): Required<Pick<Edit, 'plan'>> & Edit {
	const time = {
		plan: planOf(taken),
		...(taken.on === null && { lengthMinutes: taken.lengthMinutes }),
	};
	if (taken.isPrivate) return time;
	return {
		...time,
		place: taken.place?.slice(0, MAX_PLACE) ?? null,
		summary: summaryIn(taken.summary, step).slice(0, MAX_SUMMARY),
		description: personsWords(taken.description, known).slice(0, MAX_DESCRIPTION).trim() || null,
	};
}

/**
 * What became different on the other side: field by field between the event as both had it and as it is now;
 * without the former, between the step and the event.
 */
export function changesThere(
	step: CalendarStep,
	before: TakenEvent | null,
	now: TakenEvent,
	known: string[],
): Edit {
	const there = fieldsOf(now, step, known);
	const was = before ? fieldsOf(before, step, known) : null;
	const here = fieldsHere(step);
	const edit: Edit = {};
	const differs = <K extends keyof Edit>(field: K) =>
		field in there &&
		!same(there[field], here[field]) &&
		(was === null || !same(there[field], was[field]));
	if (differs('plan')) edit.plan = there.plan;
	if (differs('lengthMinutes') && there.lengthMinutes !== null && there.lengthMinutes !== undefined)
		edit.lengthMinutes = there.lengthMinutes;
	if (differs('place')) edit.place = there.place ?? null;
	if (differs('description')) edit.description = there.description ?? null;
	if (differs('summary') && there.summary) edit.summary = there.summary;
	return edit;
}

/** The fields of such an edit that were changed here, too, and otherwise. */
export function clashes(
	step: CalendarStep,
	before: TakenEvent | null,
	edit: Edit,
	known: string[],
): boolean {
	if (before === null) return Object.keys(edit).length > 0;
	const was: Edit = fieldsOf(before, step, known);
	const here = fieldsHere(step);
	return (Object.keys(edit) as (keyof Edit)[]).some((field) => !same(was[field], here[field]));
}

function fieldsHere(step: CalendarStep): Edit {
	const { plannedOn, plannedAt, place, summary } = step;
	const plan: Plan = plannedOn === null ? { plannedAt: plannedAt as Date } : { plannedOn };
	return {
		...{ plan, place, summary, lengthMinutes: step.lengthMinutes ?? DEFAULT_MINUTES },
		description: step.description?.replace(/\r\n?/g, '\n').trim() || null,
	};
}

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/**
 * Whether what is there now is older than what both sides had: put back out of a copy. By SEQUENCE, and not newer
 * by its stamp: programs that know no SEQUENCE change events as well.
 */
export function isOlder(now: TakenEvent, before: TakenEvent | null): boolean {
	if (before === null || now.sequence >= before.sequence) return false;
	return (now.stamp?.getTime() ?? 0) <= (before.stamp?.getTime() ?? 0);
}
