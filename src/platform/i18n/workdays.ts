import { addDays } from './dates.ts';
import type { Workdays } from './work-week.ts';

/** Monday is 1, Sunday 7. */
export function weekdayOf(day: string): number {
	return new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
}

/** Whether the company works on a day. */
export function isWorkday(day: string, { weekdays, days }: Workdays): boolean {
	return days[day]?.working ?? weekdays.includes(weekdayOf(day));
}

/** The day `count` working days after a day; before it, if negative. */
export function addWorkingDays(day: string, count: number, workdays: Workdays): string {
	let at = day;
	for (let left = Math.abs(count); left > 0; ) {
		at = addDays(at, Math.sign(count));
		if (isWorkday(at, workdays)) left -= 1;
	}
	return at;
}

/** The day itself where it is worked, or else the first one behind it that is. */
export function workdayFrom(day: string, workdays: Workdays): string {
	return isWorkday(day, workdays) ? day : addWorkingDays(day, 1, workdays);
}

/** `09:00` as minutes after midnight. */
export const minutesOf = (clock: string): number =>
	Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** Minutes after midnight as a form shows them: `09:00`; midnight at the end of a day as its last minute. */
export function clockOf(minutes: number): string {
	const shown = Math.min(minutes, 24 * 60 - 1);
	return `${String(Math.floor(shown / 60)).padStart(2, '0')}:${String(shown % 60).padStart(2, '0')}`;
}
