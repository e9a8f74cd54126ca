import { sql } from 'drizzle-orm';
import { boolean, check, pgTable, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { day, id, version } from '#src/platform/db/columns.ts';

/** One row: the company's working week and hours. */
export const workCalendar = pgTable(
	'work_calendar',
	{
		id: id(),
		/** Monday is 1. */
		weekdays: smallint().array().notNull().default([1, 2, 3, 4, 5]),
		/** Minutes after midnight. */
		workFrom: smallint().notNull().default(540),
		workUntil: smallint().notNull().default(1080),
		version: version(),
	},
	(t) => [
		check(
			'work_calendar_week',
			sql`cardinality(${t.weekdays}) > 0 and ${t.weekdays} <@ '{1,2,3,4,5,6,7}'`,
		),
		check(
			'work_calendar_hours',
			sql`${t.workFrom} >= 0 and ${t.workFrom} < ${t.workUntil} and ${t.workUntil} <= 1440`,
		),
	],
);

/** Days on which the week does not hold: holidays, and weekends that are worked. */
export const holidays = pgTable(
	'holidays',
	{
		id: id(),
		day: day().notNull(),
		name: text().notNull(),
		working: boolean().notNull().default(false),
		version: version(),
	},
	(t) => [
		uniqueIndex('holidays_day').on(t.day),
		check('holidays_named', sql`length(btrim(${t.name})) > 0`),
	],
);
