import { pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { people } from '#src/features/auth/tables.ts';
import { createdAt, ref } from '#src/platform/db/columns.ts';

/** The secret address under which a person's calendar is read; only its SHA-256 is kept. One a person. */
export const calendarFeeds = pgTable(
	'calendar_feeds',
	{
		personId: ref()
			.primaryKey()
			.references(() => people.id),
		secretHash: text().notNull(),
		createdAt: createdAt(),
	},
	(t) => [uniqueIndex('calendar_feeds_secret').on(t.secretHash)],
);
