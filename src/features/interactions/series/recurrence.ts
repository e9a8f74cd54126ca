import ICAL from 'ical.js';
import { DateTime } from 'luxon';
import { dayOf, formatTime, isDay, momentOf, viewerAt } from '#src/platform/i18n/dates.ts';

/*
 * Repeated steps, as calendars understand them: a rule of RFC 5545 over the wall clock of a zone. What the
 * rule comes to is worked out by ical.js alone; this file only says it and reads it.
 */

export const FREQUENCIES = ['daily', 'workdays', 'weekly', 'monthly', 'yearly'] as const;
export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;
export type Weekday = (typeof WEEKDAYS)[number];
const WORKDAYS: readonly Weekday[] = ['MO', 'TU', 'WE', 'TH', 'FR'];

/** How often something is repeated, as a form asks it. */
export type Repeat = {
	frequency: (typeof FREQUENCIES)[number];
	/** Every so many days, weeks, months, years; of working days 1. */
	every: number;
	/** Of a week; none: the day of the first one. */
	weekdays: readonly Weekday[];
	/** The last day on which there may be one, */
	until: string | null;
	/** or how many there are; both absent: without end. */
	count: number | null;
};

/** When a series takes place: its rule, and the first one as a day or as a wall clock in the zone. */
export type SeriesTime = {
	rule: string;
	startsOn: string | null;
	startsAt: string | null;
	timeZone: string;
};

/** One of a series: which one (its day or wall clock by the rule), and what that is as a plan. */
export type Occurrence = {
	occurrence: string;
	day: string;
	plannedOn: string | null;
	plannedAt: Date | null;
};

const FREQ = {
	daily: 'DAILY',
	workdays: 'WEEKLY',
	weekly: 'WEEKLY',
	monthly: 'MONTHLY',
	yearly: 'YEARLY',
} as const;

/** When something that begins so is repeated so. */
export function seriesTime(
	plan: { plannedOn: string } | { plannedAt: Date },
	repeat: Repeat,
	timeZone: string,
): SeriesTime {
	const startsOn = 'plannedOn' in plan ? plan.plannedOn : null;
	const startsAt = 'plannedAt' in plan ? wallClock(plan.plannedAt, timeZone) : null;
	const begin = startsOn ?? (startsAt as string);
	const timed = startsAt !== null;
	const time = { rule: ruleOf(repeat, dayIn(begin), timed), startsOn, startsAt, timeZone };
	// A rule whose first day is not its own is read differently by every program: it begins with its first.
	const from = occurrencesOf(time, null, EVERYTHING, 1)[0]?.occurrence ?? begin;
	const rule = ruleOf(repeat, dayIn(from), timed);
	return { rule, timeZone, startsOn: startsOn && from, startsAt: startsAt && from };
}

const EVERYTHING = '9999-12-31';

/** What clocks show in a zone at a moment: `2026-11-23T15:00`. */
export function wallClock(at: Date, timeZone: string): string {
	return `${dayOf(at, timeZone)}T${formatTime(at, viewerAt(at, 'ru', timeZone))}`;
}

/** The day of an occurrence. */
export const dayIn = (occurrence: string): string => occurrence.slice(0, 10);

// The day of the month and of the year is the first one's. ical.js takes 29 February for 1 March in years
// without it, unless the rule says both; no other day needs them.
function ruleOf(repeat: Repeat, day: string, timed: boolean): string {
	const { frequency, every, until, count } = repeat;
	const weekdays = frequency === 'workdays' ? WORKDAYS : repeat.weekdays;
	const byDay = frequency === 'workdays' || frequency === 'weekly' ? daysSaid(weekdays, day) : [];
	const [, month, monthDay] = day.split('-').map(Number);
	return new ICAL.Recur({
		freq: FREQ[frequency],
		...(every > 1 && frequency !== 'workdays' ? { interval: every } : {}),
		...(byDay.length > 0 ? { byday: [...byDay] } : {}),
		...(frequency === 'yearly' ? { bymonth: [month], bymonthday: [monthDay] } : {}),
		...(until
			? { until: ICAL.Time.fromString(timed ? `${until}T23:59:59` : until, undefined) }
			: {}),
		...(count && !until ? { count } : {}),
	} as never).toString();
}

// One that is always on the weekday of its first one says nothing: moved to another day, it follows.
function daysSaid(weekdays: readonly Weekday[], day: string): readonly Weekday[] {
	const own = WEEKDAYS[DateTime.fromISO(day, { zone: 'utc' }).weekday - 1];
	return weekdays.length === 1 && weekdays[0] === own ? [] : weekdays;
}

/** What a rule of ours says, for a form. */
export function repeatOf(rule: string): Repeat {
	const recur = ICAL.Recur.fromString(rule);
	const byDay = (recur.parts.BYDAY ?? []) as Weekday[];
	const every = recur.interval ?? 1;
	const workdays = recur.freq === 'WEEKLY' && every === 1 && byDay.join() === WORKDAYS.join();
	const named = recur.freq.toLowerCase() as Repeat['frequency'];
	return {
		frequency: workdays ? 'workdays' : named,
		every,
		weekdays: workdays ? [] : byDay,
		until: recur.until ? dayIn(recur.until.toString()) : null,
		count: recur.count ?? null,
	};
}

/** Rules without end are read no further: sixty years of working days. */
const MOST_READ = 16_000;

/**
 * The occurrences after a day (null: from the first), up to `until` and `most` of them at the most, but
 * `least` of them wherever they lie, if there are so many.
 */
export function occurrencesOf(
	time: SeriesTime,
	after: string | null,
	until: string,
	most: number,
	least = 0,
): Occurrence[] {
	const start = ICAL.Time.fromString(time.startsOn ?? `${time.startsAt}:00`, undefined);
	const iterator = ICAL.Recur.fromString(time.rule).iterator(start);
	const found: Occurrence[] = [];
	for (let read = 0; read < MOST_READ && found.length < Math.max(most, least); read += 1) {
		const next: ICAL.Time | null = iterator.next();
		if (!next || !isDay(dayIn(next.toString()))) break;
		const one = occurrenceAt(next.toString(), time);
		if (after !== null && one.day <= after) continue;
		if (found.length >= least && (one.day > until || found.length >= most)) break;
		found.push(one);
	}
	return found;
}

function occurrenceAt(said: string, { startsOn, timeZone }: SeriesTime): Occurrence {
	if (startsOn !== null) return { occurrence: said, day: said, plannedOn: said, plannedAt: null };
	const occurrence = said.slice(0, 16);
	const plannedAt = momentAt(occurrence, timeZone);
	return { occurrence, day: dayIn(occurrence), plannedOn: null, plannedAt };
}

const HOUR_MS = 3_600_000;

/**
 * The moment of a wall clock in a zone. RFC 5545, section 3.3.5: a time that the clocks skip counts with
 * the offset before the change (02:30 becomes 03:30), one that they show twice is the first of the two.
 */
export function momentAt(clock: string, timeZone: string): Date {
	const at = momentOf(dayIn(clock), clock.slice(11), timeZone);
	const before = new Date(at.getTime() - HOUR_MS);
	return wallClock(before, timeZone) === clock ? before : at;
}

/** How many of a series lie before one of them. */
export function countBefore(time: SeriesTime, occurrence: string): number {
	const all = occurrencesOf(time, null, dayIn(occurrence), MOST_READ);
	return all.filter((one) => one.occurrence < occurrence).length;
}
