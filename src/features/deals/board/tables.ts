import { sql } from 'drizzle-orm';
import { index, integer, numeric, pgTable } from 'drizzle-orm/pg-core';
import { currency, day, moment, ref } from '#src/platform/db/columns.ts';

/**
 * How many deals of how much money stand where, for the whole company: a trigger on `deals`
 * appends the difference in the same transaction, tallies.ts adds up and folds.
 * Exactly one of hour, day, closedOn is set; none of them: nothing is planned.
 */
export const dealTallies = pgTable(
	'deal_tallies',
	{
		stageId: ref().notNull(),
		currency: currency(),
		/** The hour (UTC) of the next planned moment. */
		hour: moment(),
		/** The day of the next planned day. */
		day: day(),
		closedOn: day(),
		lossReasonId: ref(),
		deals: integer().notNull(),
		amount: numeric({ precision: 20, scale: 2 }).notNull(),
	},
	(t) => [
		index('deal_tallies_open').on(t.stageId).where(sql`${t.closedOn} is null`),
		index('deal_tallies_closed').on(t.closedOn).where(sql`${t.closedOn} is not null`),
	],
);
