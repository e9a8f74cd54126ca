import ICAL from 'ical.js';
import { addDays, daysBetween } from '#src/platform/i18n/dates.ts';
import { type Component, lineNamed, linesOf } from './content.ts';
import { keyOf, type Time, timeOf, timesOf, type Wall } from './times.ts';

/*
 * A series of another program: a rule over the wall clock of its zone, some of it called off (EXDATE), some added
 * (RDATE), some changed by an event of its own (RECURRENCE-ID). What the rule comes to is worked out by ical.js.
 */

/** A series: its event without RECURRENCE-ID, and the changed ones by which occurrence each stands for. */
export type Series = { master: Component; overrides: Map<string, Component>; wall: Wall };

/** One of a series: which one, when by the rule, and the event that stands for it, if one of its own does. */
export type Occurrence = { key: string; start: Time; override: Component | null };

const MOST_READ = 4_000;
const YEARS_AHEAD = 5;

/** Whether an event is the head of a series. */
export function repeats(event: Component): boolean {
	return linesOf(event, 'RRULE', 'RDATE').length > 0;
}

/** The occurrence of this key, called off or not; null where the series has no such. */
export function occurrenceAt(series: Series, key: string): Occurrence | null {
	const from = key.length === 10 ? key : key.slice(0, 10);
	for (const one of occurrencesFrom(series, addDays(from, -2))) {
		if (one.key === key) return one;
		if (dayOf(one.start) > addDays(from, 2)) break;
	}
	return null;
}

/** Whether the occurrence of this key has been taken out of the series. */
export function isCalledOff({ master, wall }: Series, key: string): boolean {
	return linesOf(master, 'EXDATE')
		.flatMap((line) => timesOf(line, wall))
		.some((time) => keyOf(time) === key || ('on' in time && time.on === key.slice(0, 10)));
}

/**
 * The next one of a series from a moment on (of days, from the reader's day on): what is called off is passed
 * over, and what was moved counts where it was moved to. Null where it is over.
 */
export function nextOccurrence(series: Series, from: { at: Date; day: string }): Occurrence | null {
	const { wall } = series;
	const ahead = (time: Time | null) =>
		time !== null && ('on' in time ? time.on >= from.day : time.at >= from.at);
	const moved = [...series.overrides].flatMap(([key, override]): Occurrence[] => {
		const start = timeOf(lineNamed(override, 'DTSTART'), wall);
		return start && ahead(start) && !isCancelled(override) ? [{ key, start, override }] : [];
	});
	let next: Occurrence | null = null;
	for (const one of occurrencesFrom(series, addDays(from.day, -1))) {
		if (one.override !== null || !ahead(one.start) || isCalledOff(series, one.key)) continue;
		next = one;
		break;
	}
	const all = [...moved, ...(next ? [next] : [])];
	return all.sort((a, b) => (keyOf(a.start) < keyOf(b.start) ? -1 : 1))[0] ?? null;
}

const isCancelled = (event: Component) =>
	lineNamed(event, 'STATUS')?.value.trim().toUpperCase() === 'CANCELLED';

const dayOf = (time: Time) => ('on' in time ? time.on : time.wall.slice(0, 10));

function* occurrencesFrom(series: Series, day: string): Generator<Occurrence> {
	const { master, overrides, wall } = series;
	const start = timeOf(lineNamed(master, 'DTSTART'), wall);
	if (start === null) return;
	const of = (time: Time): Occurrence => {
		const key = keyOf(time);
		return { key, start: time, override: overrides.get(key) ?? null };
	};
	const added = linesOf(master, 'RDATE')
		.flatMap((line) => timesOf(line, wall))
		.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
	for (const time of byRule(master, start, day)) {
		while (added[0] && keyOf(added[0]) < keyOf(time)) yield of(added.shift() as Time);
		yield of(time);
	}
	for (const time of added) yield of(time);
}

// The first time counts though no rule says so; each rule is read no further than anybody plans.
function* byRule(master: Component, start: Time, day: string): Generator<Time> {
	const rule = lineNamed(master, 'RRULE');
	const iterator = rule && iteratorOf(rule.value, start, day);
	if (!iterator) {
		yield start;
		return;
	}
	const last = addDays(day > dayOf(start) ? day : dayOf(start), YEARS_AHEAD * 366);
	for (let read = 0; read < MOST_READ; read++) {
		const said = iterator();
		if (said === null || said.slice(0, 10) > last) return;
		if (said.slice(0, 10) >= day) yield shifted(start, said);
	}
}

function shifted(start: Time, said: string): Time {
	if ('on' in start) return { on: said.slice(0, 10) };
	const at = start.clock.momentOf(said);
	return { ...start, at, wall: said };
}

/** Rules that ical.js works out without end are not read: what is wrong with them, no calendar writes. */
function iteratorOf(rule: string, start: Time, day: string): (() => string | null) | null {
	try {
		const recur = ICAL.Recur.fromString(rule.replace(/UNTIL=[^;]*;?/i, '').replace(/;$/, ''));
		if (!['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(recur.freq)) return null;
		const parts = recur.parts as Record<string, (string | number)[]>;
		if (['BYHOUR', 'BYMINUTE', 'BYSECOND'].some((one) => parts[one])) return null;
		if (parts.BYSETPOS && Number(parts.BYSETPOS[0]) > 4 * (parts.BYDAY?.length ?? 8)) return null;
		const until = untilIn(rule, start);
		const passes = filterOf(recur, parts);
		const begin = 'on' in start ? start.on : start.wall;
		const iterator = recur.iterator(ICAL.Time.fromString(hurried(recur, begin, day), undefined));
		return () => {
			for (let tries = 0; tries < MOST_READ; tries++) {
				const said = iterator.next()?.toString() ?? null;
				if (said === null || (until !== null && said > until)) return null;
				if (passes(said)) return said;
			}
			return null;
		};
	} catch {
		return null;
	}
}

// What repeats evenly and lies years back need not be counted through, unless it is numbered.
function hurried(recur: ICAL.Recur, begin: string, day: string): string {
	const every = Math.max(1, recur.interval ?? 1);
	const [date, clock] = [begin.slice(0, 10), begin.slice(10)];
	if (recur.count || recur.parts.BYWEEKNO || date.endsWith('-02-29')) return begin;
	if (recur.freq === 'DAILY' || recur.freq === 'WEEKLY') {
		const days = every * (recur.freq === 'WEEKLY' ? 7 : 1);
		const steps = Math.floor((daysBetween(date, day) - 1) / days) - 1;
		return steps > 0 ? `${addDays(date, steps * days)}${clock}` : begin;
	}
	const years = recur.freq === 'YEARLY' || every % 12 !== 0 ? every : every / 12;
	const steps = Math.floor((Number(day.slice(0, 4)) - Number(date.slice(0, 4)) - 1) / years);
	return steps > 0 ? `${Number(date.slice(0, 4)) + steps * years}${begin.slice(4)}` : begin;
}

// ical.js looks for a day that a daily rule allows until it finds one, and there may be none.
function filterOf(recur: ICAL.Recur, parts: Record<string, (string | number)[]>) {
	if (recur.freq !== 'DAILY') return () => true;
	const { BYMONTH, BYMONTHDAY, BYDAY } = parts;
	for (const name of Object.keys(parts)) delete parts[name];
	return (said: string) => {
		const [year = 0, month = 0, of = 0] = said.slice(0, 10).split('-').map(Number);
		const weekday = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'][
			new Date(Date.UTC(year, month - 1, of)).getUTCDay()
		] as string;
		return (
			(BYMONTH?.some((one) => Number(one) === month) ?? true) &&
			(BYMONTHDAY?.some((one) => Number(one) === of) ?? true) &&
			(BYDAY?.some((one) => String(one).endsWith(weekday)) ?? true)
		);
	};
}

// A series of moments ends with the day that its end names; of a moment in UTC what the series' own clock shows then.
function untilIn(rule: string, start: Time): string | null {
	const [, value] = /UNTIL=([0-9TZ]{8,16})/i.exec(rule) ?? [];
	if (value === undefined) return null;
	const on = `${value.slice(0, 4)}-${value.slice(4, 6)}-${value.slice(6, 8)}`;
	if ('on' in start) return on;
	if (value.length === 8) return `${on}T23:59:59`;
	const said = `${on}T${value.slice(9, 11)}:${value.slice(11, 13)}:${value.slice(13, 15)}`;
	return value.endsWith('Z') ? start.clock.wallOf(new Date(`${said}Z`)) : said;
}
