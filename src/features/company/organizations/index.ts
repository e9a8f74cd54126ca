import type { Feature } from '#src/feature.ts';
import { organizationRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const organizations: Feature = {
	nouns: {
		organization: {
			title: 'organizations.title',
			everywhere: true,
			happened: {
				'organization.added': 'event.organizationAdded',
				'organization.edited': 'event.organizationEdited',
				'organization.removed': 'event.organizationRemoved',
			},
		},
	},
	routes: [organizationRoutes],
	admin: [
		{
			group: 'sales',
			place: 70,
			path: '/admin/organizations',
			permission: 'catalogs',
			title: 'organizations.title',
			about: 'admin.aboutOrganizations',
		},
	],
};
