import { sql } from 'drizzle-orm';
import { bigint, check, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { exactMoment } from '#src/platform/db/columns.ts';

/** What was asked for under a key, and what came of it: asked again, it is answered and not done. */
export const requestsDone = pgTable(
	'requests_done',
	{
		personId: bigint({ mode: 'number' }).notNull(),
		key: text().notNull(),
		at: exactMoment().notNull(),
		/** SHA-256 of the door and of what was sent. */
		asked: text().notNull(),
		/** What the door draws its answer from; null only inside the transaction that makes it. */
		result: jsonb().$type<unknown>(),
	},
	(t) => [
		primaryKey({ columns: [t.personId, t.key] }),
		index('requests_done_at').on(t.at),
		check('requests_done_key', sql`${t.key} ~ '^[A-Za-z0-9_-]{8,100}$'`),
	],
);
