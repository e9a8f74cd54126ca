import { type SQL, sql } from 'drizzle-orm';
import { type Reach, tomorrowOf } from '#src/features/deals/list/period.ts';
import { BadRequest } from '#src/platform/errors.ts';
import { addDays, dayOf, type Viewer } from '#src/platform/i18n/dates.ts';

/*
 * The order of a column: overdue (oldest first), today by time, nothing planned, the future; ties by
 * id. A plan is due at its moment, or at the end of its day in the viewer's zone. Overdue and today
 * are one stretch of due moments (all before tomorrow), so the order is: near, none, far. Moments and
 * days stand in two columns with an index each; a column of the board is the merge of five short
 * index scans, whatever the zone, and no sort key goes stale at midnight.
 */
export const RANKS = { near: 1, none: 2, far: 3 } as const;

/** Everything due before tomorrow begins: overdue and today. */
export function nearReach(viewer: Viewer): Reach {
	return { before: tomorrowOf(viewer), lastDay: viewer.today };
}

/** Everything due later. */
export function farReach(viewer: Viewer): Reach {
	return { from: tomorrowOf(viewer), firstDay: addDays(viewer.today, 1) };
}

/** SQL twin of deals/rules.ts#stepGroup. */
export function groupSql(at: SQL, on: SQL, viewer: Viewer): SQL {
	return sql`case
		when ${at} < ${viewer.now} or ${on} < ${viewer.today} then 'late'
		when ${at} < ${tomorrowOf(viewer)} or ${on} = ${viewer.today} then 'today'
		when ${at} is null and ${on} is null then 'none'
		else 'later' end`;
}

/** The place of a card: rank, due moment in seconds (0 where nothing is planned) and id. */
export type Place = { rank: number; due: number; id: number };

/** A place as text for an address. Carries the moment of the page, so that midnight loses no card. */
export function cursorOf(place: Place, viewer: Viewer): string {
	return [viewer.now.getTime(), place.rank, place.due, place.id].join('.');
}

/** Reads a cursor. Throws BadRequest for anything that cursorOf did not write. */
export function readCursor(cursor: string): { place: Place; asOf: Date } {
	// No more digits than the years 1653 to 2286 need: Postgres does not read every year.
	const match = /^(\d{12,13})\.([123])\.(-?\d{1,10})\.(\d{1,15})$/.exec(cursor);
	if (!match) throw new BadRequest('error.badRequest', { what: 'after' });
	const [asOf, rank, due, id] = match.slice(1).map(Number) as [number, number, number, number];
	return { asOf: new Date(asOf), place: { rank, due, id } };
}

/** The same viewer at another moment. */
export function viewerAsOf(viewer: Viewer, now: Date): Viewer {
	return { ...viewer, now, today: dayOf(now, viewer.timeZone) };
}
