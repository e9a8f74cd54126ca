import { sql } from 'drizzle-orm';
import { check, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { id, russian, version } from '#src/platform/db/columns.ts';

/** Tags of clients and deals, one directory; a new word typed makes a new one. */
export const tags = pgTable(
	'tags',
	{
		id: id(),
		name: russian().notNull(),
		/** A name out of the palette of the style sheet. */
		colour: text().notNull().default('grey'),
		version: version(),
	},
	(t) => [
		uniqueIndex('tags_name').on(sql`lower(${t.name} collate "russian")`),
		check('tags_named', sql`length(btrim(${t.name})) > 0`),
	],
);
