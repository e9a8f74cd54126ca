import { sql } from 'drizzle-orm';
import type { Feature } from '#src/feature.ts';
import { sourceRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const sources: Feature = {
	nouns: {
		source: {
			title: 'sources.title',
			everywhere: true,
			named: { table: sql`sources`, name: sql`name` },
			happened: {
				'source.added': 'event.sourceAdded',
				'source.edited': 'event.sourceEdited',
				'source.merged': 'event.sourceMerged',
				'source.removed': 'event.sourceRemoved',
			},
		},
	},
	routes: [sourceRoutes],
	admin: [
		{
			group: 'sales',
			place: 50,
			path: '/admin/sources',
			permission: 'catalogs',
			title: 'sources.title',
			about: 'admin.aboutSources',
		},
	],
};
