import { sql } from 'drizzle-orm';
import {
	bigint,
	boolean,
	customType,
	index,
	integer,
	jsonb,
	numeric,
	pgTable,
	text,
} from 'drizzle-orm/pg-core';
import { clients } from '#src/features/clients/tables.ts';
import { day, moment, ref, russian } from '#src/platform/db/columns.ts';
import type { OtherSums } from './summaries.ts';

/*
 * What the list of clients and its search read. All of it is derived: triggers of drizzle/0004_clients.sql
 * keep it, whatever writes clients, contacts, deals and interactions.
 */

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });
const xid8 = customType<{ data: string }>({ dataType: () => 'xid8' });
const bytewise = customType<{ data: string }>({ dataType: () => 'text collate "C"' });
const clientId = () =>
	bigint({ mode: 'number' })
		.primaryKey()
		.references(() => clients.id, { onDelete: 'cascade' });

/** What is open with a client, when it was last spoken with, what comes next; over everybody's deals. */
export const clientSummaries = pgTable(
	'client_summaries',
	{
		clientId: clientId(),
		openDeals: integer().notNull().default(0),
		/** Roubles. */
		openAmount: numeric({ precision: 20, scale: 2 }).notNull().default('0'),
		openOther: jsonb().$type<OtherSums>(),
		lastContactAt: moment(),
		/** What the next step is sorted by: its moment, or the end of its day in its owner's zone. */
		nextDueAt: moment(),
		nextPlannedOn: day(),
		nextPlannedAt: moment(),
		nextInteractionId: ref(),
		/** Whose deals and interactions these figures are made of, in order. */
		owners: bigint({ mode: 'number' }).array().notNull().default([]),
	},
	(t) => [
		index('client_summaries_deals').on(t.openDeals, t.clientId),
		index('client_summaries_amount').on(t.openAmount, t.clientId),
		index('client_summaries_contact').on(t.lastContactAt, t.clientId),
		index('client_summaries_next').on(t.nextDueAt, t.clientId),
	],
);

/** What search looks through. */
export const clientSearch = pgTable(
	'client_search',
	{
		clientId: clientId(),
		/** The name without its legal form and signs. */
		bare: russian().notNull(),
		archived: boolean().notNull(),
		/** Words of the name and the contacts, and mails as they are, each between spaces. */
		words: text().notNull(),
		/** ИНН and the keys of phones, each between spaces. */
		numbers: text().notNull(),
		vector: tsvector().notNull(),
		/** Owners of it and of its deals; with a minus, who helps with a deal. */
		seenBy: bigint({ mode: 'number' }).array().notNull().default([]),
	},
	(t) => [
		index('client_search_found').using(
			'gin',
			...[t.seenBy, t.words.op('gin_trgm_ops'), t.numbers.op('gin_trgm_ops'), t.vector],
		),
	],
);

/** Every word of client_search, for finding what was meant where a letter is wrong. */
export const clientWords = pgTable('client_words', { word: bytewise().notNull() }, (t) => [
	index('client_words_word').on(t.word),
	index('client_words_alike').using('gin', t.word.op('gin_trgm_ops')),
]);

/** How many clients the company has, by what a director filters; folded by tallies.ts. */
export const clientTallies = pgTable('client_tallies', {
	segment: russian(),
	region: russian(),
	status: text().notNull(),
	archived: boolean().notNull(),
	owned: boolean().notNull(),
	clients: integer().notNull(),
});

/** … and by the hour (UTC) of the last contact. */
export const clientContactTallies = pgTable('client_contact_tallies', {
	hour: moment(),
	clients: integer().notNull(),
});

/** Clients whose summary or words a transaction has made stale; emptied before it commits. */
export const clientRefreshes = pgTable('client_refreshes', {
	xact: xid8().notNull().default(sql`pg_current_xact_id()`),
	summaries: bigint({ mode: 'number' }).array().notNull().default([]),
	words: bigint({ mode: 'number' }).array().notNull().default([]),
});
