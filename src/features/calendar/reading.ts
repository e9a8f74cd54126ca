import ICAL from 'ical.js';
import { DateTime, IANAZone } from 'luxon';
import { RuleBroken } from '#src/platform/errors.ts';

/** An event of another program's calendar, as far as an interaction can hold it. */
export type TakenEvent = {
	uid: string;
	sequence: number;
	summary: string;
	description: string | null;
	place: string | null;
	/** A whole day (of several the first), or … */
	on: string | null;
	/** … a moment. */
	at: Date | null;
	lengthMinutes: number | null;
	cancelled: boolean;
	/** It repeats; an interaction takes its first time only. */
	repeats: boolean;
	/** Mails of who calls it together and of who is invited, in lower case. */
	mails: string[];
};

const MOST_EVENTS = 500;
const MOST_BYTES = 1024 * 1024;
const LONGEST_MINUTES = 1440;
const MINUTE_MS = 60_000;

/**
 * Reads the events of an iCalendar text (RFC 5545). Times without a zone are in `zone`, an IANA name.
 * What calls several occurrences of one event by name is left out but for the first. Throws RuleBroken for
 * what is no calendar, is too large, or has no event that an interaction could hold.
 */
export function readCalendar(text: string, zone: string): TakenEvent[] {
	if (Buffer.byteLength(text) > MOST_BYTES) throw new RuleBroken('calendar.tooBig');
	const calendar = parsed(text);
	const cancelled = calendar.getFirstPropertyValue('method') === 'CANCEL';
	const events = calendar.getAllSubcomponents('vevent').slice(0, MOST_EVENTS);
	const taken = new Map<string, TakenEvent>();
	for (const event of events) {
		const one = taken.size < MOST_EVENTS ? eventTaken(event, zone, cancelled) : null;
		if (one && !taken.has(one.uid)) taken.set(one.uid, one);
	}
	if (taken.size === 0) throw new RuleBroken('calendar.noEvents');
	return [...taken.values()];
}

function parsed(text: string): ICAL.Component {
	try {
		// Some programs end lines with a bare line feed, or put a mark of byte order before it all.
		const read: unknown = ICAL.parse(text.replace(/^\ufeff/, ''));
		const calendar = new ICAL.Component(read as ConstructorParameters<typeof ICAL.Component>[0]);
		if (calendar.name === 'vcalendar') return calendar;
	} catch {
		// Whatever the parser stumbles over, the person can only be told that it is no calendar.
	}
	throw new RuleBroken('calendar.unreadable');
}

function eventTaken(event: ICAL.Component, zone: string, allCancelled: boolean): TakenEvent | null {
	const said = (name: string) => words(event.getFirstPropertyValue(name));
	const start = timeOf(event.getFirstProperty('dtstart'), zone);
	if (start === null) return null;
	const summary = said('summary');
	return {
		uid: said('uid') ?? `${summary} ${'on' in start ? start.on : start.at.toISOString()}`,
		sequence: Math.max(0, Math.trunc(Number(said('sequence') ?? 0)) || 0),
		summary: summary ?? '',
		description: said('description'),
		place: said('location'),
		on: 'on' in start ? start.on : null,
		at: 'at' in start ? start.at : null,
		lengthMinutes: 'at' in start ? lengthOf(event, start.at, zone) : null,
		cancelled: allCancelled || said('status') === 'CANCELLED',
		repeats: event.hasProperty('rrule') || event.hasProperty('rdate'),
		mails: [...event.getAllProperties('organizer'), ...event.getAllProperties('attendee')]
			.map((one) => String(one.getFirstValue()).toLowerCase())
			.filter((address) => address.startsWith('mailto:'))
			.map((address) => address.slice('mailto:'.length)),
	};
}

function words(value: unknown): string | null {
	const text = value === null || value === undefined ? '' : String(value);
	return text.replaceAll('\0', '').trim() || null;
}

type Start = { on: string } | { at: Date };

// A wall clock of a zone that the world knows is read by the present rules of that zone, of any other by
// those that the file brings; what has neither is a clock on the reader's own wall.
function timeOf(property: ICAL.Property | null, zone: string): Start | null {
	const time = property?.getFirstValue();
	if (!(time instanceof ICAL.Time)) return null;
	const iso = time.toString();
	// The library rolls the 99th of the 13th month over into another year.
	if (property?.toJSON()[3] !== iso) return null;
	if (time.isDate) return DateTime.fromISO(iso).isValid ? { on: iso } : null;
	if (iso.endsWith('Z')) return valid(new Date(iso));
	const named = property?.getFirstParameter('tzid') ?? '';
	if (IANAZone.isValidZone(named)) return valid(DateTime.fromISO(iso, { zone: named }).toJSDate());
	const known = time.zone && !['floating', 'UTC', ''].includes(time.zone.tzid);
	if (known) return valid(time.toJSDate());
	return valid(DateTime.fromISO(iso, { zone }).toJSDate());
}

const valid = (at: Date): Start | null => (Number.isNaN(at.getTime()) ? null : { at });

function lengthOf(event: ICAL.Component, start: Date, zone: string): number | null {
	const duration = event.getFirstPropertyValue('duration');
	const end = timeOf(event.getFirstProperty('dtend'), zone);
	const minutes =
		duration instanceof ICAL.Duration
			? duration.toSeconds() / 60
			: end && 'at' in end
				? (end.at.getTime() - start.getTime()) / MINUTE_MS
				: 0;
	const whole = Math.round(minutes);
	return whole >= 1 ? Math.min(whole, LONGEST_MINUTES) : null;
}
