import { sql } from 'drizzle-orm';
import { boolean, check, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { exactMoment, id, ref } from '#src/platform/db/columns.ts';

/** Append-only: one row per action of a person. History, exchange and reports read from here. */
export const events = pgTable(
	'events',
	{
		id: id(),
		type: text().notNull(),
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
		index('events_noun').on(
			sql`split_part(${t.type}, '.', 1)`,
			t.at.desc().nullsFirst(),
			t.id.desc().nullsFirst(),
		),
		index('events_of_deal').on(t.dealId, t.id.desc()),
		index('events_of_client').on(t.clientId, t.id.desc()),
		index('events_people')
			.on(
				sql`(coalesce(${t.data}->>'personId', ${t.data}->>'teamId', ${t.data}->>'roleId', ${t.data}->>'mappingId'))`,
				t.id,
			)
			.where(
				sql`${t.type} like 'person.%' or ${t.type} like 'team.%' or ${t.type} like 'role.%' or ${t.type} like 'mapping.%'`,
			),
		index('events_catalogs')
			.on(t.id)
			.where(
				sql`${t.type} ~ '^(extra|holiday|kind|organization|pipeline|reason|source|stage|tag|work)\\.'`,
			),
	],
);

/** Up to which moment the values of events are erased because their time is over; one row at most. */
export const eventExpiry = pgTable(
	'event_expiry',
	{ single: boolean().primaryKey().default(true), before: exactMoment().notNull() },
	(t) => [check('event_expiry_one', sql`${t.single}`)],
);
