import { type Actor, scopeChosen } from '#src/features/access/rights.ts';
import { BadRequest } from '#src/platform/errors.ts';
import {
	checked,
	day,
	form,
	id,
	oneOf,
	optional,
	readQuery,
	text,
} from '#src/platform/forms/readers.ts';
import {
	addDays,
	dayOf,
	daysBetween,
	isDay,
	startOfDay,
	type Viewer,
} from '#src/platform/i18n/dates.ts';

/** The groups of «Мои дела», in their order; what is done stands apart. */
export const TODO_GROUPS = ['late', 'today', 'tomorrow', 'week', 'later'] as const;
export type TodoGroup = (typeof TODO_GROUPS)[number];
/** What the list can be narrowed to: a group of what is planned, or what has been done. */
export const TODO_PERIODS = [...TODO_GROUPS, 'done', 'doneweek'] as const;
export type TodoPeriod = (typeof TODO_PERIODS)[number];

/** Отбор of «Мои дела». Lives in the address. */
export type TodoFilter = {
	/** As it stands in the address; empty: one's own. */
	owner: string;
	/** Whose; null: the people of the actor's scope, one by one. */
	ownerId: number | null;
	kindId: number | null;
	text: string | null;
	period: TodoPeriod | null;
	/** Only what is planned on deals that are finished. */
	finished: boolean;
};

/** Where a group goes on: behind this due moment (seconds) and id, judged at `asOf`. */
export type TodoPlace = { group: TodoPeriod; due: number; id: number; asOf: Date };

/** The address of «Мои дела». */
export const AgendaQuery = form({
	owner: optional(text(20)),
	kind: optional(id()),
	q: optional(text(200)),
	period: optional(oneOf(...TODO_PERIODS)),
	finished: optional(checked()),
	after: optional(text(80)),
});

/** Reads отбор and paging out of an address. Throws BadRequest, NotFound for a foreign owner. */
export function readTodoFilter(
	actor: Actor,
	query: unknown,
): { filter: TodoFilter; after: TodoPlace | null } {
	const read = readQuery(AgendaQuery, query);
	const { owner = '', kind = null, q = null, period = null, finished = false, after } = read;
	const ownerId = owner === 'team' ? null : ownerOf(actor, owner);
	const filter = { owner, ownerId, kindId: kind, text: q, period, finished };
	return { filter, after: after === undefined ? null : readTodoPlace(after) };
}

function ownerOf(actor: Actor, owner: string): number {
	const scope = owner === '' ? [actor.id] : scopeChosen(actor, owner);
	if (scope === 'all' || scope.length !== 1)
		throw new BadRequest('error.badRequest', { what: 'owner' });
	return scope[0] as number;
}

/** A place as text for an address; with the moment of the page, so that midnight loses nothing. */
export function todoCursor({ group, due, id, asOf }: TodoPlace): string {
	return [group, due, id, asOf.getTime()].join('.');
}

/** The place that such a text tells. Throws BadRequest. */
export function readTodoPlace(typed: string): TodoPlace {
	const match = /^([a-z]{1,9})\.(-?\d{1,10})\.(\d{1,15})\.(\d{12,13})$/.exec(typed);
	const group = TODO_PERIODS.find((one) => one === match?.[1]);
	if (!match || group === undefined) throw new BadRequest('error.badRequest', { what: 'after' });
	const [due, id, asOf] = match.slice(2).map(Number) as [number, number, number];
	return { group, due, id, asOf: new Date(asOf) };
}

/** The address of a filter with some of it changed. */
export function agendaUrl(
	filter: TodoFilter,
	change: Partial<
		Record<'owner' | 'kind' | 'q' | 'period' | 'finished' | 'after' | 'format', string>
	> = {},
	path = '/agenda',
): string {
	const now = {
		owner: filter.owner,
		kind: filter.kindId === null ? '' : String(filter.kindId),
		q: filter.text ?? '',
		period: filter.period ?? '',
		finished: filter.finished ? '1' : '',
		...change,
	};
	const query = new URLSearchParams(Object.entries(now).filter(([, value]) => value !== ''));
	return query.size === 0 ? path : `${path}?${query}`;
}

/** Half-open for moments, inclusive for days. */
export type Span = { from?: Date; before?: Date; firstDay?: string; lastDay?: string };

/**
 * What a group covers, seen by a viewer: a moment is late when it has passed, a day when it is over; the
 * week ends with its Sunday.
 */
export function spanOf(group: TodoPeriod, viewer: Viewer): Span {
	const { now, today, timeZone } = viewer;
	const start = (of: string) => startOfDay(of, timeZone);
	const tomorrow = addDays(today, 1);
	const then = addDays(today, 2);
	const monday = mondayAfter(today);
	const later = daysBetween(then, monday) > 0 ? monday : then;
	if (group === 'late') return { before: now, lastDay: addDays(today, -1) };
	if (group === 'today')
		return { from: now, before: start(tomorrow), firstDay: today, lastDay: today };
	if (group === 'tomorrow')
		return { from: start(tomorrow), before: start(then), firstDay: tomorrow, lastDay: tomorrow };
	if (group === 'week')
		return { from: start(then), before: start(later), firstDay: then, lastDay: addDays(later, -1) };
	if (group === 'later') return { from: start(later), firstDay: later };
	return { from: start(group === 'done' ? today : addDays(monday, -7)) };
}

/** The Monday after a day. */
export function mondayAfter(today: string): string {
	return addDays(today, 7 - (daysBetween('2024-01-01', today) % 7));
}

const SheetQuery = form({ day: optional(day()), owner: optional(text(20)) });

/** Whose day is printed, and which. Throws BadRequest, NotFound for a foreign owner. */
export function readSheetQuery(
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): { ownerId: number; day: string } {
	const { day: wanted = dayOf(viewer.now, viewer.timeZone), owner = '' } = readQuery(
		SheetQuery,
		query,
	);
	if (!isDay(wanted)) throw new BadRequest('error.badRequest', { what: 'day' });
	return { ownerId: ownerOf(actor, owner), day: wanted };
}
