import { DateTime } from 'luxon';
import type { Component, Line } from './content.ts';
import { newLine } from './content.ts';
import { type Clock, clockNamed, clockOf } from './zones.ts';

/** A time as a calendar says it: a whole day, or a moment with the clock that it was read from. */
export type Time = { on: string } | { at: Date; wall: string; clock: Clock; form: Form };

/** How a moment was written, so that another one can be written alike. */
type Form = 'utc' | 'floating' | { tzid: string };

/** What times are read by: the calendar that they stand in, and the reader's own clock for those without a zone. */
export type Wall = { calendar: Component; zone: string };

const UTC = clockOf('UTC');

/**
 * The time that a line says, as the big programs read it: a date needs no VALUE, seconds and the signs between
 * the numbers may be missing. Null for what is no time. A zone that nobody knows is the reader's own: see unknownZone.
 */
export function timeOf(line: Line | null, wall: Wall): Time | null {
	return line === null ? null : readTime(line.value, line, wall);
}

/** The times that a line lists (EXDATE, RDATE); of periods their beginnings, without those that are none. */
export function timesOf(line: Line, wall: Wall): Time[] {
	return line.value
		.split(',')
		.flatMap((one) => readTime(one.split('/')[0] ?? '', line, wall) ?? []);
}

const TIME =
	/^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?$/i;

function readTime(value: string, { params }: Line, wall: Wall): Time | null {
	const match = TIME.exec(value.trim());
	if (match === null) return null;
	const [, year, month, day, hours, minutes, seconds = '00', zone] = match;
	const on = `${year}-${month}-${day}`;
	if (!DateTime.fromISO(on).isValid) return null;
	if (hours === undefined || params.get('VALUE')?.toUpperCase() === 'DATE') return { on };
	const clock = `${on}T${hours}:${minutes}:${seconds === '60' ? '59' : seconds}`;
	const [by, form] = clockBy(zone, params.get('TZID'), wall);
	const at = by.momentOf(clock);
	return Number.isNaN(at.getTime()) ? null : { at, wall: by.wallOf(at), clock: by, form };
}

function clockBy(zone: string | undefined, tzid: string | undefined, wall: Wall): [Clock, Form] {
	if (zone?.toUpperCase() === 'Z') return [UTC, 'utc'];
	if (zone) return [clockNamed(zone, wall.calendar) ?? UTC, 'utc'];
	const named = tzid ? clockNamed(tzid, wall.calendar) : null;
	return [named ?? clockOf(wall.zone), tzid ? { tzid } : 'floating'];
}

/** The name of the zone of a line that says nothing to anybody; null where all is clear. */
export function unknownZone(line: Line | null, { calendar }: Wall): string | null {
	const tzid = line?.params.get('TZID');
	if (!tzid || line?.value.trim().toUpperCase().endsWith('Z')) return null;
	return clockNamed(tzid, calendar) === null ? tzid : null;
}

/** What a time is told apart by, in whatever zone it is written: `2026-12-14` or a moment in UTC. */
export const keyOf = (time: Time): string => ('on' in time ? time.on : time.at.toISOString());

const bare = (iso: string) => iso.replace(/[-:]/g, '');

/** A line that says a moment in the same form as another time, or a day. */
export function timeLine(name: string, to: { on: string } | { at: Date }, like: Time): Line {
	if ('on' in to) return newLine(name, bare(to.on), ';VALUE=DATE');
	if ('on' in like || like.form === 'utc') return newLine(name, `${bare(UTC.wallOf(to.at))}Z`);
	const wall = bare(like.clock.wallOf(to.at));
	if (like.form === 'floating') return newLine(name, wall);
	const { tzid } = like.form;
	return newLine(name, wall, /[:;,]/.test(tzid) ? `;TZID="${tzid}"` : `;TZID=${tzid}`);
}

const DURATION =
	/^\+?P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?$/i;

/** A length (RFC 5545, 3.3.6) in milliseconds, or null for none that lies ahead. */
export function durationOf(value: string): number | null {
	const match = DURATION.exec(value.trim());
	if (match === null) return null;
	const [, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match;
	const all = ((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 60 + Number(minutes);
	return (all * 60 + Number(seconds)) * 1000;
}
