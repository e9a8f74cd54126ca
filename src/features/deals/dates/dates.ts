import { type SQL, sql } from 'drizzle-orm';
import { type Reach, tomorrowOf } from '#src/features/deals/list/period.ts';
import { type NextStep, stepGroup } from '#src/features/next-step/rules.ts';
import { addDays, dayOf, startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { isWorkday, weekdayOf, workdayFrom } from '#src/platform/i18n/workdays.ts';

/*
 * The board by dates: stretches of days as the viewer's calendar has them. The week ends on Sunday; what
 * lies in it is what neither today nor tomorrow is, so on its last days that column is empty.
 */
export const STRETCHES = ['late', 'today', 'tomorrow', 'week', 'later', 'none'] as const;
export type Stretch = (typeof STRETCHES)[number];

/** Sunday of the week that the viewer is in, or tomorrow where that is later: the last day before «Позже». */
function lastNearDay({ today }: Viewer): string {
	return addDays(today, Math.max(1, 7 - weekdayOf(today)));
}

/** What each stretch covers; null: nothing can lie there today. «none» is what has no plan at all. */
export function stretchReach(stretch: Exclude<Stretch, 'none'>, viewer: Viewer): Reach | null {
	const { now, today, timeZone } = viewer;
	const tomorrow = addDays(today, 1);
	const last = lastNearDay(viewer);
	const between = (firstDay: string, lastDay: string): Reach => ({
		from: startOfDay(firstDay, timeZone),
		before: startOfDay(addDays(lastDay, 1), timeZone),
		firstDay,
		lastDay,
	});
	if (stretch === 'late') return { before: now, lastDay: addDays(today, -1) };
	if (stretch === 'today') return { ...between(today, today), from: now };
	if (stretch === 'tomorrow') return between(tomorrow, tomorrow);
	if (stretch === 'week') return last > tomorrow ? between(addDays(tomorrow, 1), last) : null;
	return { from: startOfDay(addDays(last, 1), timeZone), firstDay: addDays(last, 1) };
}

/** The moments between the stretches. */
export function stretchBounds(viewer: Viewer): Date[] {
	const { now, today, timeZone } = viewer;
	const days = [addDays(today, 2), addDays(lastNearDay(viewer), 1)];
	return [now, tomorrowOf(viewer), ...days.map((day) => startOfDay(day, timeZone))];
}

/** SQL twin of stretchOf. */
export function stretchSql(at: SQL, on: SQL, viewer: Viewer): SQL {
	const { now, today } = viewer;
	const [, , afterTomorrow, later] = stretchBounds(viewer);
	const last = lastNearDay(viewer);
	return sql`case
		when ${at} < ${now} or ${on} < ${today} then 'late'
		when ${at} < ${tomorrowOf(viewer)} or ${on} = ${today} then 'today'
		when ${at} < ${afterTomorrow} or ${on} = ${addDays(today, 1)} then 'tomorrow'
		when ${at} is null and ${on} is null then 'none'
		when ${at} < ${later} or ${on} <= ${last} then 'week'
		else 'later' end`;
}

/** The stretch that a next step lies in for a viewer. */
export function stretchOf(step: NextStep, viewer: Viewer): Stretch {
	const group = stepGroup(step, viewer);
	if (group !== 'later') return group;
	const day = step.plannedOn ?? dayOf(step.plannedAt as Date, viewer.timeZone);
	if (day === addDays(viewer.today, 1)) return 'tomorrow';
	return day <= lastNearDay(viewer) ? 'week' : 'later';
}

/**
 * The day that a card dropped on a stretch is planned for: «Эта неделя» means its last working day, «Позже»
 * the first one from the next Monday on that is not tomorrow. Null: nothing can be put there (the past, no
 * plan, a week without a working day left).
 */
export function dropDay(stretch: Stretch, { today, workdays }: Viewer): string | null {
	if (stretch === 'today') return today;
	if (stretch === 'tomorrow') return addDays(today, 1);
	const left = 7 - weekdayOf(today);
	if (stretch === 'week') {
		for (let ahead = left; ahead > 1; ahead -= 1)
			if (isWorkday(addDays(today, ahead), workdays)) return addDays(today, ahead);
		return null;
	}
	if (stretch !== 'later') return null;
	return workdayFrom(addDays(today, left === 0 ? 8 : left + 1), workdays);
}
