import { initialsOf } from '#src/features/access/names.ts';
import { type Actor, can, inScope } from '#src/features/access/rights.ts';
import { DEFAULT_MINUTES, titleOf } from '#src/features/calendar/words.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { addDays, dayOf, formatTime, startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';
import {
	type CalendarEntry,
	type CalendarPerson,
	listCalendarPeople,
	listEntries,
} from './days.ts';
import { type Crowd, hoursFor, type Placed, place } from './grid.ts';
import {
	type CalendarFilter,
	calendarUrl,
	daysDrawn,
	daysOf,
	readCalendarFilter,
	turned,
} from './period.ts';

/** An entry on the clock of the viewer; `title` is its time. */
export type Shown = CalendarEntry & { start: number; minutes: number; clock: string };

/** One column: a day, or in a day of the team a person. */
export type Column = {
	day: string;
	person: CalendarPerson | null;
	/** For the whole day. */
	wholeDay: CalendarEntry[];
	placed: Placed<Shown>[];
	/** What has no room beside the others at its hour. */
	crowds: Crowd<Shown>[];
	/** Everything in order, for a month. */
	all: (CalendarEntry | Shown)[];
	today: boolean;
	/** Working minutes of whose calendar it is. */
	work: { from: number; until: number };
};

export type CalendarScreen = {
	filter: CalendarFilter;
	columns: Column[];
	/** First and last hour of the grid. */
	hours: { first: number; last: number };
	people: CalendarPerson[];
	/** Whose calendar it is; null for the team's. */
	owner: CalendarPerson | null;
	/** How many plans stand on the free days that a working week leaves out. */
	onFreeDays: number;
	initials: typeof initialsOf;
	/** Which of the six colours of the team a person has. */
	tint: (ownerId: number) => number;
	/** How many people a team's day leaves out. */
	leftOut: number;
	me: number;
	mayLead: boolean;
	/** The viewer's clock now, in minutes. */
	minute: number;
	url: (change?: Parameters<typeof calendarUrl>[1]) => string;
	printUrl: string;
	turns: Turn[];
};

/** The heading of a period and the way to the ones beside it; `width`: on which screens. */
export type Turn = {
	width: 'any' | 'wide' | 'narrow';
	view: CalendarFilter['view'];
	on: string;
	title: string;
	before: string;
	after: string;
	today: string;
};

const TINTS = 6;
/** People beside each other in a team's day; more would be too narrow. */
const MOST_PEOPLE = 12;

/**
 * Reads the calendar that an address asks for, in two statements besides the session's. Throws BadRequest
 * for an address that makes no sense, NotFound for a person who does not work here.
 */
export async function readCalendarPage(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<CalendarScreen> {
	const filter = readCalendarFilter(actor, query, viewer);
	const people = await listCalendarPeople(db);
	const owner = people.find(({ id }) => id === filter.ownerId) ?? null;
	if (filter.ownerId !== null && owner === null) throw new NotFound('error.notFound');
	const team = people.filter(({ id }) => inScope(actor, id));
	const side = filter.view === 'day' ? team.slice(0, MOST_PEOPLE) : team;
	const shown = owner ? [owner] : side;
	const days = daysOf(filter.view, filter.on);
	const [first, last] = [days[0] as string, days.at(-1) as string];
	const span = {
		from: startOfDay(first, viewer.timeZone),
		before: startOfDay(addDays(last, 1), viewer.timeZone),
		firstDay: first,
		lastDay: last,
	};
	const entries = await listEntries(
		db,
		actor,
		shown.map(({ id }) => id),
		span,
		filter.busyOnly,
	);
	const told = filter.busyOnly ? entries.map(silent) : entries;
	const timed = told.map((entry) => onClock(entry, viewer));
	const work = hoursOf(owner ? [owner] : shown, viewer);
	const hours = hoursFor(
		timed.flatMap((one) => ('start' in one ? [one] : [])),
		work.from,
		work.until,
	);
	const column = (day: string, person: CalendarPerson | null): Column =>
		columnOf(day, person, timed, viewer, person ? hoursOf([person], viewer) : work, hours.first);
	const columns =
		filter.view === 'day' && owner === null
			? shown.map((person) => column(filter.on, person))
			: days.map((day) => column(day, null));
	const shownDays = daysDrawn(filter.view, filter.on, viewer);
	const drawn = (one: Column) => shownDays.includes(one.day);
	return {
		...{ filter, hours, people, owner, me: actor.id },
		columns: columns.filter(drawn),
		onFreeDays: columns.reduce((count, one) => count + (drawn(one) ? 0 : one.all.length), 0),
		initials: initialsOf,
		tint: (ownerId) => ownerId % TINTS,
		leftOut: owner ? 0 : team.length - side.length,
		mayLead: can(actor, 'deals.reassign'),
		minute: minuteOf(viewer.now, viewer),
		url: (change) => calendarUrl(filter, change),
		printUrl: calendarUrl(filter, {}, '/calendar/print'),
		turns: turnsOf(filter, columns.find(drawn)?.day ?? filter.on, shownDays, viewer),
	};
}

// A week that nobody asked for by name is its day on a phone: drawn for both, and shown to one.
function turnsOf(filter: CalendarFilter, first: string, days: string[], viewer: Viewer): Turn[] {
	const turn = (one: CalendarFilter, width: Turn['width']): Turn => ({
		...{ width, view: one.view, on: one.on, title: titleOf(one, viewer) },
		before: calendarUrl(one, { on: turned(one, -1) }),
		after: calendarUrl(one, { on: turned(one, 1) }),
		today: calendarUrl(one, { on: viewer.today }),
	});
	if (filter.asked) return [turn(filter, 'any')];
	const on = days.includes(filter.on) ? filter.on : first;
	const day = { ...filter, view: 'day' as const, asked: true, on };
	return [turn(filter, 'wide'), turn(day, 'narrow')];
}

// Whose records one does not see, of those one learns when they are taken, and nothing else.
const silent = (entry: CalendarEntry): CalendarEntry => ({
	...{ id: 0, version: 0, kindName: '', kindIcon: '', summary: '', done: false, editable: false },
	...{ place: null, clientName: null, dealTitle: null },
	...{ ownerId: entry.ownerId, ownerName: entry.ownerName, plannedOn: entry.plannedOn },
	...{ plannedAt: entry.plannedAt, lengthMinutes: entry.lengthMinutes },
});

function hoursOf(shown: CalendarPerson[], { workdays }: Viewer): { from: number; until: number } {
	return {
		from: Math.min(...shown.map(({ workFrom }) => workFrom), workdays.from),
		until: Math.max(...shown.map(({ workUntil }) => workUntil), workdays.until),
	};
}

function minuteOf(moment: Date, viewer: Viewer): number {
	const [hours, minutes] = formatTime(moment, viewer).split(':').map(Number);
	return (hours ?? 0) * 60 + (minutes ?? 0);
}

function onClock(entry: CalendarEntry, viewer: Viewer): CalendarEntry | Shown {
	if (entry.plannedAt === null) return entry;
	const minutes = entry.lengthMinutes ?? DEFAULT_MINUTES;
	const end = new Date(entry.plannedAt.getTime() + minutes * 60_000);
	const clock = entry.lengthMinutes
		? `${formatTime(entry.plannedAt, viewer)}–${formatTime(end, viewer)}`
		: formatTime(entry.plannedAt, viewer);
	return { ...entry, start: minuteOf(entry.plannedAt, viewer), minutes, clock };
}

function columnOf(
	day: string,
	person: CalendarPerson | null,
	entries: (CalendarEntry | Shown)[],
	viewer: Viewer,
	work: { from: number; until: number },
	firstHour: number,
): Column {
	const all = entries.filter(
		(entry) =>
			(person === null || entry.ownerId === person.id) &&
			(entry.plannedOn ?? dayOf(entry.plannedAt as Date, viewer.timeZone)) === day,
	);
	const timed = all.filter((entry) => 'start' in entry);
	return {
		...{ day, person, all, work },
		wholeDay: all.filter(({ plannedOn }) => plannedOn !== null),
		...place(timed, firstHour),
		today: day === viewer.today,
	};
}
