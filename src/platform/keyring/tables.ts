import { sql } from 'drizzle-orm';
import { boolean, check, pgTable, text } from 'drizzle-orm/pg-core';
import { exactMoment } from '#src/platform/db/columns.ts';

/** By which key the secrets of this database are sealed; one row at most. */
export const sealingKeys = pgTable(
	'sealing_keys',
	{
		single: boolean().primaryKey().default(true),
		print: text().notNull(),
		since: exactMoment().notNull().default(sql`now()`),
	},
	(t) => [check('sealing_keys_one', sql`${t.single}`)],
);
