import { InvalidForm } from '#src/platform/errors.ts';
import {
	checked,
	day,
	form,
	optional,
	readForm,
	text,
	time,
	version,
} from '#src/platform/forms/readers.ts';
import { addDays } from '#src/platform/i18n/dates.ts';
import { clockOf, minutesOf } from '#src/platform/i18n/workdays.ts';
import type { Fields, Shape } from '#src/platform/pages/three-way-merge.ts';
import { type HolidayEdit, MOST_DAYS, type WorkWeekEdit } from './actions.ts';

/** Days of the week, Monday first. */
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const;
/** The box of one. */
export const boxOf = (weekday: number): string => `weekday${weekday}`;

/** The company's week and hours; they are no person's, and so called otherwise than in their settings. */
export const WorkWeekForm = form({
	version: version(),
	...Object.fromEntries(WEEKDAYS.map((one) => [boxOf(one), optional(checked())])),
	companyFrom: time(),
	companyUntil: time(),
	was: optional(text(2_000)),
	returnTo: optional(text(500)),
});
export const WEEK_SHAPE: Shape = { boxes: WEEKDAYS.map(boxOf) };

/** What the fields of the form say. */
export function weekFields({ weekdays, workFrom, workUntil }: WorkWeekEdit): Fields {
	const boxes = WEEKDAYS.map((one) => [boxOf(one), weekdays.includes(one) ? '1' : '']);
	return {
		...Object.fromEntries(boxes),
		...{ companyFrom: clockOf(workFrom), companyUntil: clockOf(workUntil) },
	};
}

/** Reads them. Throws as readForm does, InvalidForm for a week without a day and hours that end before they begin. */
export function readWorkWeek(body: unknown): { version: number; edit: WorkWeekEdit } {
	const { version, companyFrom, companyUntil, ...boxes } = readForm(WorkWeekForm, body);
	const said = boxes as Record<string, unknown>;
	const weekdays = WEEKDAYS.filter((one) => said[boxOf(one)] === true);
	const [workFrom, workUntil] = [minutesOf(companyFrom), minutesOf(companyUntil)];
	if (workUntil <= workFrom)
		throw new InvalidForm({ companyUntil: { key: 'field.workHours' } }, {});
	if (weekdays.length === 0) throw new InvalidForm({ weekday1: { key: 'work.noDays' } }, {});
	return { version, edit: { weekdays, workFrom, workUntil } };
}

const holiday = {
	day: day(),
	name: text(100),
	working: optional(checked()),
	was: optional(text(1_000)),
	returnTo: optional(text(500)),
};
/** A day that differs from the week, or all until another. */
export const NewHolidayForm = form({ ...holiday, until: optional(day()) });
/** Such a day as it is to be. */
export const HolidayForm = form({ version: version(), ...holiday });
export const HOLIDAY_SHAPE: Shape = { boxes: ['working'] };

/** What the fields of its form say. */
export const holidayFields = ({ day, name, working }: HolidayEdit): Fields => ({
	...{ day, name, working: working ? '1' : '' },
});

/** Reads days to add. Throws as readForm does, InvalidForm for a last day before the first or too far from it. */
export function readNewHolidays(body: unknown): HolidayEdit & { until: string } {
	const { day, name, working = false, until = day } = readForm(NewHolidayForm, body);
	if (until < day || until >= addDays(day, MOST_DAYS))
		throw new InvalidForm({ until: { key: 'holiday.until', args: { n: MOST_DAYS } } }, {});
	return { day, name, working, until };
}
