import { type SQL, sql } from 'drizzle-orm';
import type { Period } from '#src/features/deals/filter.ts';
import { BadRequest } from '#src/platform/errors.ts';
import { addDays, dayOf, startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';

/*
 * The order of a column: overdue (oldest first), today by time, nothing planned, the future; ties by
 * id. A plan is due at its moment, or at the end of its day in the viewer's zone. Overdue and today
 * are one stretch of due moments (all before tomorrow), so the order is: near, none, far. Moments and
 * days stand in two columns with an index each; a column of the board is the merge of five short
 * index scans, whatever the zone, and no sort key goes stale at midnight.
 */
export const RANKS = { near: 1, none: 2, far: 3 } as const;

/** Half-open for moments, inclusive for days; undefined: no bound. */
export type Reach = { from?: Date; before?: Date; firstDay?: string; lastDay?: string };

/** Everything due before tomorrow begins: overdue and today. */
export function nearReach(viewer: Viewer): Reach {
	return { before: tomorrowOf(viewer), lastDay: viewer.today };
}

/** Everything due later. */
export function farReach(viewer: Viewer): Reach {
	return { from: tomorrowOf(viewer), firstDay: addDays(viewer.today, 1) };
}

/** The first moment of the viewer's tomorrow. */
export function tomorrowOf(viewer: Viewer): Date {
	return startOfDay(addDays(viewer.today, 1), viewer.timeZone);
}

const DAYS_AHEAD = { today: 1, '3days': 3, week: 7, month: 30 } as const;

/** What a period of отбор covers: overdue is what has passed, the others begin now. */
export function periodReach(period: Exclude<Period, 'none'>, viewer: Viewer): Reach {
	if (period === 'overdue') return { before: viewer.now, lastDay: addDays(viewer.today, -1) };
	const days = DAYS_AHEAD[period];
	return {
		from: viewer.now,
		before: startOfDay(addDays(viewer.today, days), viewer.timeZone),
		firstDay: viewer.today,
		lastDay: addDays(viewer.today, days - 1),
	};
}

/** Whether a moment lies in a reach; also false where there is no moment. */
export function momentWithin(at: SQL, reach: Reach): SQL {
	return sql`(${at} is not null${reach.from ? sql` and ${at} >= ${reach.from}` : sql``}${
		reach.before ? sql` and ${at} < ${reach.before}` : sql``
	})`;
}

/** Whether a day lies in a reach; also false where there is no day. */
export function dayWithin(on: SQL, reach: Reach): SQL {
	return sql`(${on} is not null${reach.firstDay ? sql` and ${on} >= ${reach.firstDay}` : sql``}${
		reach.lastDay ? sql` and ${on} <= ${reach.lastDay}` : sql``
	})`;
}

/** When a day is due: at its end in the viewer's zone. */
export function dueOfDay(on: SQL, viewer: Viewer): SQL {
	return sql`((${on} + 1)::timestamp at time zone ${viewer.timeZone})`;
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
