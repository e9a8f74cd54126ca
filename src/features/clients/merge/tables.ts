import { sql } from 'drizzle-orm';
import { bigint, check, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { people } from '#src/features/access/tables.ts';
import { clients } from '#src/features/clients/tables.ts';
import { exactMoment, id, ref, version } from '#src/platform/db/columns.ts';
import type { Snapshot } from './plan.ts';

/** By what two clients can be one and the same. */
export const DUPLICATE_KINDS = ['inn', 'phone', 'email', 'name'] as const;
export type DuplicateKind = (typeof DUPLICATE_KINDS)[number];

/** Clients that were made one, with all that undoing it needs. */
export const clientMerges = pgTable(
	'client_merges',
	{
		id: id(),
		survivorId: ref()
			.notNull()
			.references(() => clients.id, { onDelete: 'cascade' }),
		mergedIds: bigint({ mode: 'number' }).array().notNull(),
		snapshot: jsonb().$type<Snapshot>().notNull(),
		personId: ref().references(() => people.id),
		at: exactMoment().notNull(),
		undoneBy: ref().references(() => people.id),
		undoneAt: exactMoment(),
		version: version(),
	},
	(t) => [index('client_merges_survivor').on(t.survivorId)],
);

/** Clients that look like doubles by one key, and that somebody has said are none: these, as long as no further comes. */
export const notDuplicates = pgTable(
	'not_duplicates',
	{
		kind: text({ enum: DUPLICATE_KINDS }).notNull(),
		key: text().notNull(),
		clientIds: bigint({ mode: 'number' }).array().notNull(),
		personId: ref()
			.notNull()
			.references(() => people.id),
		at: exactMoment().notNull(),
	},
	(t) => [
		primaryKey({ columns: [t.kind, t.key] }),
		check('not_duplicates_kind', sql`${t.kind} in ('inn', 'phone', 'email', 'name')`),
	],
);
