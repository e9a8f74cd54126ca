import { sql } from 'drizzle-orm';
import { boolean, check, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { people } from '#src/features/access/tables.ts';
import { createdAt, id, ref, russian, version } from '#src/platform/db/columns.ts';

export const FILTER_SCREENS = ['board', 'deals', 'clients'] as const;

/** Named filters of a screen: what stands in its address after the question mark. */
export const savedFilters = pgTable(
	'saved_filters',
	{
		id: id(),
		ownerId: ref()
			.notNull()
			.references(() => people.id),
		screen: text({ enum: FILTER_SCREENS }).notNull(),
		name: russian().notNull(),
		query: text().notNull(),
		/** The owner's team sees it too, and its sub-teams. */
		shared: boolean().notNull().default(false),
		version: version(),
		createdAt: createdAt(),
	},
	(t) => [
		index('saved_filters_owner').on(t.ownerId, t.screen),
		uniqueIndex('saved_filters_name').on(
			t.ownerId,
			t.screen,
			sql`lower(${t.name} collate "russian")`,
		),
		index('saved_filters_shared').on(t.screen).where(sql`${t.shared}`),
		check('saved_filters_screen', sql`${t.screen} in ('board', 'deals', 'clients')`),
	],
);

/** Screens that a person may begin with a filter on. */
export const DEFAULT_SCREENS = ['board', 'deals'] as const;

/** The saved filter that a person begins with on a screen. */
export const defaultFilters = pgTable(
	'default_filters',
	{
		personId: ref()
			.notNull()
			.references(() => people.id, { onDelete: 'cascade' }),
		screen: text({ enum: DEFAULT_SCREENS }).notNull(),
		filterId: ref()
			.notNull()
			.references(() => savedFilters.id, { onDelete: 'cascade' }),
	},
	(t) => [
		primaryKey({ columns: [t.personId, t.screen] }),
		index('default_filters_filter').on(t.filterId),
		check('default_filters_screen', sql`${t.screen} in ('board', 'deals')`),
	],
);
