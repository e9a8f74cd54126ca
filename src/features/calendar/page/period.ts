import { type Actor, inScope } from '#src/features/access/rights.ts';
import { BadRequest } from '#src/platform/errors.ts';
import { day, form, oneOf, optional, readQuery, text } from '#src/platform/forms/readers.ts';
import { addDays, daysBetween, monthOf, type Viewer } from '#src/platform/i18n/dates.ts';
import { isWorkday, weekdayOf } from '#src/platform/i18n/workdays.ts';

/** `week`: its working days; `seven`: all of them; `list`: those seven as lines. */
export const CALENDAR_VIEWS = ['day', 'week', 'seven', 'month', 'list'] as const;
export type CalendarView = (typeof CALENDAR_VIEWS)[number];

/** What the calendar shows; lives in the address. */
export type CalendarFilter = {
	view: CalendarView;
	/** Whether the address names the view; where it does not, a phone shows of the week the one day. */
	asked: boolean;
	/** A day inside of it. */
	on: string;
	/** As it stands in the address; empty: one's own. */
	owner: string;
	/** Whose; null: the people of the actor's scope. */
	ownerId: number | null;
	/** Only the hours that are taken: a colleague whose records the actor does not see. */
	busyOnly: boolean;
};

/** The address of the calendar. */
export const CalendarQuery = form({
	view: optional(oneOf(...CALENDAR_VIEWS)),
	on: optional(day()),
	owner: optional(text(20)),
});

/** Reads what an address asks for; a week of one's own by default. Throws BadRequest. */
export function readCalendarFilter(actor: Actor, query: unknown, viewer: Viewer): CalendarFilter {
	const { view, on = viewer.today, owner = '' } = readQuery(CalendarQuery, query);
	const own = owner === '' || owner === 'me';
	if (!own && owner !== 'team' && !/^\d{1,15}$/.test(owner))
		throw new BadRequest('error.badRequest', { what: 'owner' });
	const ownerId = own ? actor.id : owner === 'team' ? null : Number(owner);
	const busyOnly = ownerId !== null && ownerId !== actor.id && !inScope(actor, ownerId);
	const asked = view !== undefined;
	return { view: view ?? 'week', asked, on, owner: own ? '' : owner, ownerId, busyOnly };
}

/** The address of a filter with some of it changed. */
export function calendarUrl(
	filter: CalendarFilter,
	change: Partial<Record<'view' | 'on' | 'owner', string>> = {},
	path = '/calendar',
): string {
	const { view, on, owner } = { ...filter, ...change };
	const named = filter.asked || change.view !== undefined;
	const wanted = Object.entries({ view: named ? view : '', on, owner });
	return `${path}?${new URLSearchParams(wanted.filter(([, value]) => value !== ''))}`;
}

/** The Monday of the week that a day lies in. */
export function mondayOf(on: string): string {
	return addDays(on, -(((daysBetween('2024-01-01', on) % 7) + 7) % 7));
}

const WEEK = 7;

/**
 * The days that a view draws: one; a week from Monday on, of which the screen leaves out the days that are free
 * unless all seven are asked for; a month with the rest of its first and last week.
 */
export function daysOf(view: CalendarView, on: string): string[] {
	if (view === 'day') return [on];
	if (view !== 'month') return daysFrom(mondayOf(on), WEEK);
	const { first, last } = monthOf(on);
	const start = mondayOf(first);
	const weeks = Math.floor(daysBetween(start, last) / WEEK) + 1;
	return daysFrom(start, weeks * WEEK);
}

/** The days that are drawn: a week leaves out a free Saturday, unless it is today, and keeps a holiday. */
export function daysDrawn(view: CalendarView, on: string, viewer: Viewer): string[] {
	const { workdays, today } = viewer;
	const worked = (day: string) =>
		workdays.weekdays.includes(weekdayOf(day)) || isWorkday(day, workdays) || day === today;
	return daysOf(view, on).filter((day) => view !== 'week' || worked(day));
}

const daysFrom = (first: string, count: number) =>
	Array.from({ length: count }, (_, n) => addDays(first, n));

/** A day in the period before, or the one after. */
export function turned({ view, on }: CalendarFilter, way: -1 | 1): string {
	if (view === 'day') return addDays(on, way);
	if (view !== 'month') return addDays(on, way * WEEK);
	const { first, last } = monthOf(on);
	return way < 0 ? addDays(first, -1) : addDays(last, 1);
}
