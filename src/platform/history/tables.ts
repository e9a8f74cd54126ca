import { sql } from 'drizzle-orm';
import { boolean, check, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { exactMoment, id, ref } from '#src/platform/db/columns.ts';

/** Append-only: one row per action of a person. History, exchange and reports read from here. */
export const events = pgTable(
	'events',
	{
		id: id(),
		type: text().notNull(),
		/** What it is about: the first word of its type, and which. Null in a row alone that a trigger has not seen yet. */
		noun: text(),
		recordId: ref(),
		at: exactMoment().notNull(),
		actorId: ref(),
		/** By which way the person came: board, card, form, import, seed. */
		door: text().notNull(),
		/** From which address; absent where the program did it by itself or a command. */
		ip: text(),
		dealId: ref(),
		clientId: ref(),
		interactionId: ref(),
		data: jsonb().$type<Record<string, unknown>>().notNull().default({}),
	},
	(t) => [
		index('events_at').on(t.at.desc().nullsFirst(), t.id.desc().nullsFirst()),
		index('events_actor').on(t.actorId, t.at.desc().nullsFirst(), t.id.desc().nullsFirst()),
		index('events_noun').on(t.noun, t.at.desc().nullsFirst(), t.id.desc().nullsFirst()),
		index('events_of_deal').on(t.dealId, t.id.desc()),
		index('events_of_client').on(t.clientId, t.id.desc()),
		index('events_record')
			.on(t.noun, t.recordId, t.id)
			.where(sql`${t.dealId} is null and ${t.clientId} is null and ${t.recordId} is not null`),
	],
);

/** Up to which moment the values of events are erased because their time is over; one row at most. */
export const eventExpiry = pgTable(
	'event_expiry',
	{ single: boolean().primaryKey().default(true), before: exactMoment().notNull() },
	(t) => [check('event_expiry_one', sql`${t.single}`)],
);

/** Nouns that every screen shows: of what changes of them everybody is told, see news_of. */
export const everywhereNouns = pgTable('everywhere_nouns', { noun: text().primaryKey() });
