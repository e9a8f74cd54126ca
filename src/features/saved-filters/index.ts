import { sql } from 'drizzle-orm';
import type { Feature } from '#src/feature.ts';
import { filterRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const savedFilters: Feature = {
	nouns: {
		filter: {
			title: 'audit.filters',
			everywhere: true,
			named: { table: sql`saved_filters`, name: sql`name` },
			happened: {
				'filter.changed': 'event.filterChanged',
				'filter.removed': 'event.filterRemoved',
				'filter.saved': 'event.filterSaved',
			},
		},
	},
	routes: [filterRoutes],
};
