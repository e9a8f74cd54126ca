import { RuleBroken } from '#src/platform/errors.ts';
import { dayOf } from '#src/platform/i18n/dates.ts';
import {
	type BadLine,
	type Component,
	componentsOf,
	lineNamed,
	linesOf,
	readContent,
	unfolded,
	wordsOf,
} from './content.ts';
import { isCalledOff, nextOccurrence, occurrenceAt, repeats, type Series } from './occurrences.ts';
import { durationOf, keyOf, type Time, timeOf, unknownZone, type Wall } from './times.ts';

/** An event of another program's calendar, as far as an interaction can hold it. */
export type TakenEvent = {
	uid: string;
	/** Which one of a series: its day or its moment in UTC by the rule. */
	occurrence: string | null;
	/** Which of several messages about it is the later one (RFC 5546, 2.1.4). */
	sequence: number;
	stamp: Date | null;
	summary: string;
	description: string | null;
	place: string | null;
	/** A whole day (of several the first), or … */
	on: string | null;
	/** … a moment. Neither: a message that calls it off need not say when it would have been. */
	at: Date | null;
	lengthMinutes: number | null;
	cancelled: boolean;
	/** There are more of it; this is the next one. */
	repeats: boolean;
	/** It was read out of its whole series, and is not a message about this one alone. */
	isHead: boolean;
	/** Nobody but its person is to read its words (CLASS). */
	isPrivate: boolean;
	/** The zone of its time that says nothing to anybody: it was read by the reader's clock. */
	unknownZone: string | null;
	/** Mails of who calls it together and of who is invited, in lower case. */
	mails: string[];
};

/** Whose clock times without a zone are read by, and from when on the next of a series is looked for. */
export type Reader = { zone: string; now: Date };

/** What a file holds: its events, the nearest of a series first, and what in it could not be read. */
export type Incoming = { events: TakenEvent[]; bad: BadLine[]; unreadable: string[] };

const MOST_EVENTS = 500;
/** Working a series out takes longer than reading an event. */
const MOST_SERIES = 50;
const MOST_BYTES = 1024 * 1024;
const LONGEST_MINUTES = 1440;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Reads the events of iCalendar texts (RFC 5545), as they come: what cannot be read is told beside what can. Throws RuleBroken for
 * what is no calendar, is too large, or has no event that an interaction could hold.
 */
export function readCalendar(source: Buffer | string, reader: Reader): Incoming {
	if (Buffer.byteLength(source) > MOST_BYTES) throw new RuleBroken('calendar.tooBig');
	const { calendars, bad } = readContent(source);
	if (calendars.length === 0) throw new RuleBroken('calendar.unreadable');
	const taken = new Map<string, TakenEvent>();
	const unreadable: string[] = [];
	let series = 0;
	for (const calendar of calendars)
		for (const group of groupsOf(calendar)) {
			if (group.events.some(repeats)) series++;
			const events = series > MOST_SERIES ? [] : eventsOf(group, reader);
			if (events.length === 0) unreadable.push(titleOf(group));
			for (const one of events) keepLater(taken, one);
		}
	const events = [...taken.values()].slice(0, MOST_EVENTS);
	if (events.length === 0) throw new RuleBroken('calendar.noEvents');
	return { events, bad, unreadable: unreadable.slice(0, MOST_EVENTS) };
}

function keepLater(taken: Map<string, TakenEvent>, one: TakenEvent): void {
	const key = `${one.uid} ${one.occurrence ?? ''}`;
	const known = taken.get(key);
	if (!known || one.sequence > known.sequence) taken.set(key, one);
}

/** A file as text, whatever it was encoded in; what is no line of any stays in it. Empty for what is no text at all. */
export function calendarAsText(bytes: Buffer): string {
	return [...unfolded(bytes)].map(({ raw }) => `${raw}\r\n`).join('');
}

/** The events of one UID in one calendar. */
type Group = { calendar: Component; events: Component[] };

function groupsOf(calendar: Component): Group[] {
	const events = componentsOf(calendar, 'VEVENT').slice(0, MOST_EVENTS);
	const byUid = Map.groupBy(events, (event) => uidIn(event) ?? event);
	return [...byUid.values()].map((group) => ({ calendar, events: group }));
}

const uidIn = (event: Component) => wordsOf(lineNamed(event, 'UID'));
const titleOf = ({ events }: Group) =>
	(events[0] && wordsOf(lineNamed(events[0], 'SUMMARY'))?.slice(0, 100)) ?? '';

function eventsOf({ calendar, events }: Group, reader: Reader): TakenEvent[] {
	const wall = { calendar, zone: reader.zone };
	const method = lineNamed(calendar, 'METHOD')?.value.trim().toUpperCase() ?? '';
	const series = seriesOf(events, wall);
	const called = (one: TakenEvent): TakenEvent =>
		method === 'CANCEL' ? { ...one, cancelled: true } : one;
	if (series === null || method === 'CANCEL')
		return events.flatMap((event) => {
			const one = singleOf(event, wall, method === 'CANCEL');
			return one ? [called(one)] : [];
		});
	const next = nextOf(series, reader) ?? firstOf(series);
	return next ? [next] : [];
}

/** The series that events of one UID are, or null for an event alone. */
export function seriesOf(events: Component[], wall: Wall): Series | null {
	const master = events.find((event) => lineNamed(event, 'RECURRENCE-ID') === null);
	if (master === undefined || !repeats(master)) return null;
	const overrides = new Map(
		events.flatMap((event): [string, Component][] => {
			const of = timeOf(lineNamed(event, 'RECURRENCE-ID'), wall);
			return of ? [[keyOf(of), event]] : [];
		}),
	);
	return { master, overrides, wall };
}

/** The next one of a series from the reader's now on, or null where it is over. */
export function nextOf(series: Series, { zone, now }: Reader): TakenEvent | null {
	const next = nextOccurrence(series, { at: now, day: dayOf(now, zone) });
	return next && occurrenceOf(series, next.key);
}

// A series that is over, or that nobody can work out, is the event that it began with.
function firstOf(series: Series): TakenEvent | null {
	const start = timeOf(lineNamed(series.master, 'DTSTART'), series.wall);
	return start && (occurrenceOf(series, keyOf(start)) ?? singleOf(series.master, series.wall));
}

/** One of a series as it stands now, called off or not; null where the series has none of this key. */
export function occurrenceOf(series: Series, key: string): TakenEvent | null {
	const one = occurrenceAt(series, key);
	const override = series.overrides.get(key);
	if (one === null && override === undefined) return null;
	const event = override ?? series.master;
	const own = timeOf(lineNamed(event, 'DTSTART'), series.wall);
	const start = override ? own : (one?.start ?? own);
	const taken = start && eventTaken(event, series.wall, start);
	if (!taken) return null;
	const cancelled = taken.cancelled || isCalledOff(series, key);
	return { ...taken, occurrence: key, repeats: true, isHead: true, cancelled };
}

/** An event as it stands alone: a single one, or one of a series that came without the rest. */
export function singleOf(event: Component, wall: Wall, mayLackTime = false): TakenEvent | null {
	const start = timeOf(lineNamed(event, 'DTSTART'), wall);
	const of = timeOf(lineNamed(event, 'RECURRENCE-ID'), wall);
	if (start === null && !(mayLackTime && uidIn(event) !== null)) return null;
	const taken = eventTaken(event, wall, start);
	return { ...taken, occurrence: of && keyOf(of), repeats: of !== null || repeats(event) };
}

function eventTaken(event: Component, wall: Wall, start: Time | null): TakenEvent {
	const said = (name: string) => wordsOf(lineNamed(event, name));
	const summary = said('SUMMARY');
	const stamp = timeOf(lineNamed(event, 'DTSTAMP'), wall);
	return {
		uid: said('UID') ?? `${summary} ${start ? keyOf(start) : ''}`,
		occurrence: null,
		sequence: Math.max(0, Math.trunc(Number(said('SEQUENCE') ?? 0)) || 0),
		stamp: stamp && 'at' in stamp ? stamp.at : null,
		summary: summary ?? '',
		description: said('DESCRIPTION'),
		place: said('LOCATION'),
		on: start && 'on' in start ? start.on : null,
		at: start && 'at' in start ? start.at : null,
		lengthMinutes: start && 'at' in start ? minutesOf(event, wall) : null,
		cancelled: said('STATUS')?.toUpperCase() === 'CANCELLED',
		repeats: false,
		isHead: false,
		isPrivate: ['PRIVATE', 'CONFIDENTIAL'].includes(said('CLASS')?.toUpperCase() ?? ''),
		unknownZone: start && 'at' in start ? unknownZone(lineNamed(event, 'DTSTART'), wall) : null,
		mails: linesOf(event, 'ORGANIZER', 'ATTENDEE')
			.map(({ value }) => value.trim().toLowerCase())
			.filter((address) => address.startsWith('mailto:'))
			.map((address) => address.slice('mailto:'.length)),
	};
}

/** How long an event is, in milliseconds; of days a whole number of them. Null where it does not say. */
export function spanOf(event: Component, wall: Wall): number | null {
	const start = timeOf(lineNamed(event, 'DTSTART'), wall);
	const end = timeOf(lineNamed(event, 'DTEND'), wall);
	const duration = lineNamed(event, 'DURATION');
	if (end === null || start === null) return duration && durationOf(duration.value);
	if ('on' in start) return 'on' in end ? Date.parse(end.on) - Date.parse(start.on) : DAY_MS;
	return 'at' in end ? end.at.getTime() - start.at.getTime() : null;
}

function minutesOf(event: Component, wall: Wall): number | null {
	const whole = Math.round((spanOf(event, wall) ?? 0) / MINUTE_MS);
	return whole >= 1 ? Math.min(whole, LONGEST_MINUTES) : null;
}
