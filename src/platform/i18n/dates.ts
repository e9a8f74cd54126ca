import { DateTime, IANAZone } from 'luxon';
import { type Language, translate } from './translate.ts';
import { FIVE_DAYS, type Workdays } from './work-week.ts';

/**
 * Who reads: decides language, zone and what "today" is. `today` is the zone's day at `now`; `workdays`: when
 * the company works.
 */
export type Viewer = {
	language: Language;
	timeZone: string;
	now: Date;
	today: string;
	workdays: Workdays;
};

const words = (language: Language, key: 'date.weekdays' | 'date.months') =>
	translate(language, key).split(' ');
const WEEKDAYS = { ru: words('ru', 'date.weekdays'), en: words('en', 'date.weekdays') };
const MONTHS = { ru: words('ru', 'date.months'), en: words('en', 'date.months') };

/** A viewer at a moment. `timeZone` is an IANA name. */
export function viewerAt(
	now: Date,
	language: Language,
	timeZone: string,
	workdays: Workdays = FIVE_DAYS,
): Viewer {
	return { language, timeZone, now, today: dayOf(now, timeZone), workdays };
}

/** Whether a text is a day of the calendar that a database knows: `2026-11-23`, not `2026-02-30`. */
export function isDay(text: string): boolean {
	const form = /^(?!0000)\d{4}-\d\d-\d\d$/;
	return form.test(text) && DateTime.fromISO(text, { zone: 'utc' }).isValid;
}

const MINUTE = 60_000;
const MOST_REMEMBERED = 20_000;
const offsets = new Map<string, number>();

// Clocks change on whole minutes, and the moments of a board are the same in every request: asking
// the zone anew for each of a hundred cards took a tenth of the page.
function offsetMs(moment: Date, timeZone: string): number {
	const key = `${timeZone} ${Math.floor(moment.getTime() / MINUTE)}`;
	const known = offsets.get(key);
	if (known !== undefined) return known;
	const offset = IANAZone.create(timeZone).offset(moment.getTime()) * MINUTE;
	if (offsets.size >= MOST_REMEMBERED) offsets.clear();
	offsets.set(key, offset);
	return offset;
}

/** What clocks in a zone show at a moment, as `2026-11-23T15:30:00.000Z` whatever the zone. */
function clockOf(moment: Date, timeZone: string): string {
	return new Date(moment.getTime() + offsetMs(moment, timeZone)).toISOString();
}

/** The calendar day of a moment in a zone, as `2026-11-23`. */
export function dayOf(moment: Date, timeZone: string): string {
	return clockOf(moment, timeZone).split('T')[0] as string;
}

const starts = new Map<string, number>();

/**
 * The first moment of a day in a zone; where a clock change skips midnight, the first after it, and
 * where it strikes twice (the Azores, Havana), the first of the two.
 */
export function startOfDay(day: string, timeZone: string): Date {
	const key = `${timeZone} ${day}`;
	const known = starts.get(key);
	if (known !== undefined) return new Date(known);
	const start = DateTime.fromISO(day, { zone: timeZone }).startOf('day');
	const before = start.minus({ hours: 1 });
	const first = (before.toISODate() === day ? before : start).toMillis();
	if (starts.size >= MOST_REMEMBERED) starts.clear();
	starts.set(key, first);
	return new Date(first);
}

/** The moment of a day and a clock time (`15:30`) in a zone. */
export function momentOf(day: string, time: string, timeZone: string): Date {
	return DateTime.fromISO(`${day}T${time}`, { zone: timeZone }).toJSDate();
}

/** The day `days` later (or earlier, if negative). */
export function addDays(day: string, days: number): string {
	return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Whole days from one day to another; negative when `to` is earlier. */
export function daysBetween(from: string, to: string): number {
	return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000;
}

/** First and last day of the month that a day lies in. */
export function monthOf(day: string): { first: string; last: string; month: number } {
	const at = DateTime.fromISO(day, { zone: 'utc' });
	return {
		first: at.startOf('month').toISODate() as string,
		last: at.endOf('month').toISODate() as string,
		month: at.month,
	};
}

/** «вт, 24 ноя», with the year where it is not the viewer's; «сегодня», «завтра», «вчера» where near. */
export function formatDay(day: string, viewer: Viewer, near = false): string {
	if (near) {
		const distance = daysBetween(viewer.today, day);
		if (distance === 0) return translate(viewer.language, 'date.today');
		if (distance === 1) return translate(viewer.language, 'date.tomorrow');
		if (distance === -1) return translate(viewer.language, 'date.yesterday');
	}
	const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
	const date = `${Number(day.slice(8))} ${MONTHS[viewer.language][Number(day.slice(5, 7)) - 1]}`;
	const year = day.slice(0, 4) === viewer.today.slice(0, 4) ? '' : ` ${day.slice(0, 4)}`;
	return `${WEEKDAYS[viewer.language][weekday]}, ${date}${year}`;
}

/** «24 ноя», with the year where it is not the viewer's: for columns of many days, which have no room for weekdays. */
export function formatDate(day: string, viewer: Viewer): string {
	return formatDay(day, viewer).slice(formatDay(day, viewer).indexOf(',') + 2);
}

/** «15:00» in the viewer's zone. */
export function formatTime(moment: Date, viewer: Viewer): string {
	return (clockOf(moment, viewer.timeZone).split('T')[1] as string).slice(0, 5);
}

/** «вт, 24 ноя, 15:00» in the viewer's zone; near days by their names. */
export function formatMoment(moment: Date, viewer: Viewer, near = false): string {
	const day = formatDay(dayOf(moment, viewer.timeZone), viewer, near);
	return `${day}, ${formatTime(moment, viewer)}`;
}

/** How long: «20 минут», «3 часа», «2 дня»; the largest unit that fits, cut down. */
export function formatSpan(seconds: number, language: Language): string {
	const minutes = Math.max(1, Math.floor(seconds / 60));
	if (minutes < 60) return translate(language, 'span.minutes', { n: minutes });
	const hours = Math.floor(minutes / 60);
	if (hours < 24) return translate(language, 'span.hours', { n: hours });
	return translate(language, 'span.days', { n: Math.floor(hours / 24) });
}
