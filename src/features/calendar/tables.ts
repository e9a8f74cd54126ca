import { sql } from 'drizzle-orm';
import {
	boolean,
	check,
	index,
	integer,
	jsonb,
	pgTable,
	primaryKey,
	smallint,
	text,
	uniqueIndex,
} from 'drizzle-orm/pg-core';
import { people } from '#src/features/access/tables.ts';
import { interactions } from '#src/features/interactions/tables.ts';
import { createdAt, exactMoment, id, ref } from '#src/platform/db/columns.ts';

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

export const ACCOUNT_STATES = ['ok', 'failing', 'refused', 'asking', 'broken'] as const;

/** `allow`: the events of a question may be taken away. `keep`: it is a fault, both sides keep what they have. */
export const ANSWERS = ['allow', 'keep'] as const;

/** What would be cancelled here and removed there, as addresses of events, and of how many events in all. */
export type Question = { cancel: string[]; remove: string[]; of: number };

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
		/**
		 * `refused`: login or password are wrong; nothing is tried until they are given anew. `asking`: the round would
		 * take away a great deal, and waits for its person. `broken`: it failed within this program.
		 */
		state: text({ enum: ACCOUNT_STATES }).notNull().default('ok'),
		/** What the server answered when it failed; absent: nothing. */
		answered: smallint(),
		triedAt: exactMoment(),
		/** When the last round began that came to its end. */
		syncedAt: exactMoment(),
		/** What a round would take away, and of how many. */
		question: jsonb().$type<Question>(),
		/** Addresses of events that may be taken away, as their person has said. */
		allowed: jsonb().$type<string[]>(),
		createdAt: createdAt(),
	},
	(t) => [
		check(
			'calendar_accounts_state',
			sql`${t.state} in ('ok', 'failing', 'refused', 'asking', 'broken')`,
		),
	],
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
		/** The event as both sides had it: only what is ours in it is ever written anew. */
		text: text(),
		/** Of a series, which one the interaction stands for: its day or its moment in UTC by the rule. */
		occurrence: text(),
		fault: text(),
		faultCount: integer().notNull().default(0),
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

/** A round that changed something on either side; kept for a month, so that it can be undone. */
export const calendarRounds = pgTable(
	'calendar_rounds',
	{
		id: id(),
		personId: ref()
			.notNull()
			.references(() => calendarAccounts.personId, { onDelete: 'cascade' }),
		begunAt: exactMoment().notNull(),
		undoingAt: exactMoment(),
		undoneAt: exactMoment(),
	},
	(t) => [index('calendar_rounds_of_person').on(t.personId, t.id)],
);

/** What a round did: here, in which version it left the interaction, and what that was before; there, the text before. */
export const calendarRoundChanges = pgTable(
	'calendar_round_changes',
	{
		id: id(),
		roundId: ref()
			.notNull()
			.references(() => calendarRounds.id, { onDelete: 'cascade' }),
		change: text().notNull(),
		href: text().notNull(),
		/** No reference: the history tells what became of it. */
		interactionId: ref(),
		version: integer(),
		was: jsonb(),
		text: text(),
		occurrence: text(),
		/** Whether it could be taken back; absent: nobody has tried. */
		undone: boolean(),
	},
	(t) => [index('calendar_round_changes_of_round').on(t.roundId, t.id)],
);

/** What is known of the event of another program that a step was made of. */
export const calendarOrigins = pgTable('calendar_origins', {
	interactionId: ref()
		.primaryKey()
		.references(() => interactions.id, { onDelete: 'cascade' }),
	occurrence: text(),
	sequence: integer().notNull().default(0),
	stamp: exactMoment(),
});
