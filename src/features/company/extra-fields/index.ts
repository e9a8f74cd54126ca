import { sql } from 'drizzle-orm';
import type { Feature } from '#src/feature.ts';
import { extraFieldRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const extraFields: Feature = {
	nouns: {
		extra: {
			title: 'extra.title',
			everywhere: true,
			named: { table: sql`extra_fields`, name: sql`name` },
			happened: {
				'extra.added': 'event.extraAdded',
				'extra.changed': 'event.extraChanged',
				'extra.removed': 'event.extraRemoved',
			},
		},
	},
	routes: [extraFieldRoutes],
	admin: [
		{
			group: 'sales',
			place: 90,
			path: '/admin/extra-fields',
			permission: 'catalogs',
			title: 'extra.title',
			about: 'admin.aboutFields',
		},
	],
};
