import { sql } from 'drizzle-orm';
import {
	check,
	index,
	jsonb,
	pgTable,
	smallint,
	text,
	uniqueIndex,
	uuid,
} from 'drizzle-orm/pg-core';
import { people } from '#src/features/access/tables.ts';
import { createdAt, exactMoment, id, ref, russian } from '#src/platform/db/columns.ts';
import type { LetterPart } from './letter.ts';

/** queued: will be tried; kept: there is no mail server; failed: given up, `error` says why. */
export const MAIL_STATUSES = ['queued', 'sent', 'failed', 'kept'] as const;
export type MailStatus = (typeof MAIL_STATUSES)[number];

/** One row per letter to one address; written with what it tells of, in one transaction. */
export const mails = pgTable(
	'mails',
	{
		id: id(),
		/** What it is about: reminder, digest, reassigned, assigned, test … */
		kind: text().notNull(),
		/** What may be written only once, as `digest:7:2026-11-24`. */
		key: text(),
		personId: ref().references(() => people.id, { onDelete: 'set null' }),
		/** Whose action it tells of; absent: the clock's. */
		authorId: ref().references(() => people.id, { onDelete: 'set null' }),
		dealId: ref(),
		clientId: ref(),
		interactionId: ref(),
		address: text().notNull(),
		name: russian().notNull(),
		/** The reader's, when it was written. */
		language: text({ enum: ['ru', 'en'] }).notNull(),
		timeZone: text().notNull(),
		subject: russian().notNull(),
		/** What it says; drawn into html and text once, at the first attempt. */
		content: jsonb().$type<LetterPart[]>().notNull(),
		html: text(),
		text: text(),
		/** The left side of Message-ID: the same in every attempt, so that a doubled letter can be told. */
		messageId: uuid().notNull().defaultRandom(),
		status: text({ enum: MAIL_STATUSES }).notNull().default('queued'),
		attempts: smallint().notNull().default(0),
		/** What the mail server answered last. */
		error: text(),
		nextAttemptAt: exactMoment(),
		sentAt: exactMoment(),
		createdAt: createdAt(),
	},
	(t) => [
		uniqueIndex('mails_key').on(t.key),
		index('mails_created').on(t.createdAt, t.id),
		index('mails_status_created').on(t.status, t.createdAt, t.id),
		index('mails_sent_at').on(t.sentAt, t.id),
		index('mails_name').on(t.name, t.id),
		index('mails_subject').on(t.subject, t.id),
		check('mails_status', sql`${t.status} in ('queued', 'sent', 'failed', 'kept')`),
		check('mails_language', sql`${t.language} in ('ru', 'en')`),
		check('mails_sent', sql`(${t.status} = 'sent') = (${t.sentAt} is not null)`),
	],
);
