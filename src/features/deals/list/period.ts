import { type SQL, sql } from 'drizzle-orm';
import { addDays, startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';
import type { Period } from './filter.ts';

/** Half-open for moments, inclusive for days; undefined: no bound. */
export type Reach = { from?: Date; before?: Date; firstDay?: string; lastDay?: string };

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
