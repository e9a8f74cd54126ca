import { DateTime, IANAZone } from 'luxon';
import { type Language, translate } from './translate.ts';

/** Who reads: decides language, zone and what "today" is. `today` is the zone's day at `now`. */
export type Viewer = { language: Language; timeZone: string; now: Date; today: string };

const words = (language: Language, key: 'date.weekdays' | 'date.months') =>
	translate(language, key).split(' ');
const WEEKDAYS = { ru: words('ru', 'date.weekdays'), en: words('en', 'date.weekdays') };
const MONTHS = { ru: words('ru', 'date.months'), en: words('en', 'date.months') };

/** A viewer at a moment. `timeZone` is an IANA name. */
export function viewerAt(now: Date, language: Language, timeZone: string): Viewer {
	return { language, timeZone, now, today: dayOf(now, timeZone) };
}

/** Whether the name is a time zone that this machine knows. */
export function isTimeZone(name: string): boolean {
	return IANAZone.isValidZone(name);
}

/** Whether a text is a day of the calendar that a database knows: `2026-11-23`, not `2026-02-30`. */
export function isDay(text: string): boolean {
	const form = /^(?!0000)\d{4}-\d\d-\d\d$/;
	return form.test(text) && DateTime.fromISO(text, { zone: 'utc' }).isValid;
}

/** The calendar day of a moment in a zone, as `2026-11-23`. */
export function dayOf(moment: Date, timeZone: string): string {
	return DateTime.fromJSDate(moment, { zone: timeZone }).toISODate() as string;
}

/**
 * The first moment of a day in a zone; where a clock change skips midnight, the first after it, and
 * where it strikes twice (the Azores, Havana), the first of the two.
 */
export function startOfDay(day: string, timeZone: string): Date {
	const start = DateTime.fromISO(day, { zone: timeZone }).startOf('day');
	const before = start.minus({ hours: 1 });
	return (before.toISODate() === day ? before : start).toJSDate();
}

/** The moment of a day and a clock time (`15:30`) in a zone. */
export function momentOf(day: string, time: string, timeZone: string): Date {
	return DateTime.fromISO(`${day}T${time}`, { zone: timeZone }).toJSDate();
}

/** The day `days` later (or earlier, if negative). */
export function addDays(day: string, days: number): string {
	return DateTime.fromISO(day, { zone: 'utc' }).plus({ days }).toISODate() as string;
}

/** Whole days from one day to another; negative when `to` is earlier. */
export function daysBetween(from: string, to: string): number {
	return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000;
}

/** The day `count` working days (Monday to Friday) after a day; before it, if negative. */
export function addWorkingDays(day: string, count: number): string {
	let at = DateTime.fromISO(day, { zone: 'utc' });
	for (let left = Math.abs(count); left > 0; ) {
		at = at.plus({ days: Math.sign(count) });
		if (at.weekday <= 5) left -= 1;
	}
	return at.toISODate() as string;
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

/** «15:00» in the viewer's zone. */
export function formatTime(moment: Date, viewer: Viewer): string {
	return DateTime.fromJSDate(moment, { zone: viewer.timeZone }).toFormat('HH:mm');
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
