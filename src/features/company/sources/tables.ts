import { sql } from 'drizzle-orm';
import { boolean, check, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { id, russian, version } from '#src/platform/db/columns.ts';

export const SOURCE_KINDS = ['source', 'campaign'] as const;

export type SourceKind = (typeof SOURCE_KINDS)[number];

/** Where clients and deals come from: what the fields `source` and `campaign` suggest. */
export const sources = pgTable(
	'sources',
	{
		id: id(),
		kind: text({ enum: SOURCE_KINDS }).notNull(),
		name: russian().notNull(),
		active: boolean().notNull().default(true),
		version: version(),
	},
	(t) => [
		uniqueIndex('sources_name').on(t.kind, sql`lower(${t.name} collate "russian")`),
		check('sources_kind', sql`${t.kind} in ('source', 'campaign')`),
	],
);
