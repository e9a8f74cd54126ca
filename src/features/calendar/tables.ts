import { sql } from 'drizzle-orm';
import {
	check,
	integer,
	pgTable,
	primaryKey,
	smallint,
	text,
	uniqueIndex,
} from 'drizzle-orm/pg-core';
import { people } from '#src/features/auth/tables.ts';
import { createdAt, exactMoment, ref } from '#src/platform/db/columns.ts';

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

export const ACCOUNT_STATES = ['ok', 'failing', 'refused'] as const;

/** A person's place on the company's calendar server. */
export const calendarAccounts = pgTable(
	'calendar_accounts',
	{
		personId: ref()
			.primaryKey()
			.references(() => people.id),
		login: text().notNull(),
		/** The app password, sealed: see platform/secrets.ts. */
		sealedPassword: text().notNull(),
		calendarUrl: text(),
		/** `refused`: login or password are wrong; nothing is tried until they are given anew. */
		state: text({ enum: ACCOUNT_STATES }).notNull().default('ok'),
		/** What the server answered when it failed; absent: nothing. */
		answered: smallint(),
		triedAt: exactMoment(),
		/** When the last round began that came to its end. */
		syncedAt: exactMoment(),
		createdAt: createdAt(),
	},
	(t) => [check('calendar_accounts_state', sql`${t.state} in ('ok', 'failing', 'refused')`)],
);

/** What stands on the server and which interaction it is; without one it is a stranger, kept as text. */
export const calendarLinks = pgTable(
	'calendar_links',
	{
		personId: ref()
			.notNull()
			.references(() => calendarAccounts.personId, { onDelete: 'cascade' }),
		href: text().notNull(),
		etag: text().notNull(),
		/** No reference: it may have been deleted here, and has to be there too. */
		interactionId: ref(),
		/** The interaction's version that both sides had. */
		syncedVersion: integer(),
		stranger: text(),
		/** Both sides had changed: this is what the server had, kept beside ours. */
		copyId: ref(),
		conflictedAt: exactMoment(),
	},
	(t) => [
		primaryKey({ columns: [t.personId, t.href] }),
		uniqueIndex('calendar_links_interaction').on(t.personId, t.interactionId),
		check('calendar_links_whole', sql`(${t.interactionId} is null) = (${t.syncedVersion} is null)`),
	],
);
