import { sql } from 'drizzle-orm';
import type { Feature } from '#src/feature.ts';
import { tagRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const tags: Feature = {
	nouns: {
		tag: {
			title: 'tags.title',
			everywhere: true,
			named: { table: sql`tags`, name: sql`name` },
			happened: {
				'tag.added': 'event.tagAdded',
				'tag.edited': 'event.tagEdited',
				'tag.merged': 'event.tagMerged',
				'tag.removed': 'event.tagRemoved',
			},
		},
	},
	routes: [tagRoutes],
	admin: [
		{
			group: 'sales',
			place: 60,
			path: '/admin/tags',
			permission: 'catalogs',
			title: 'tags.title',
			about: 'admin.aboutTags',
		},
	],
};
