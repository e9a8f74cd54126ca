import { sql } from 'drizzle-orm';
import type { Feature } from '#src/feature.ts';
import { clientBulkRoutes } from './bulk/routes.ts';
import { clientPage } from './client/page.ts';
import { clientRoutes } from './client/routes.ts';
import { contactRoutes } from './contacts/routes.ts';
import { clientsPage } from './list/page.ts';
import { clientListRoutes } from './list/routes.ts';
import { mergeRoutes } from './merge/routes.ts';
import { removalRoutes } from './removal/routes.ts';
import { schedule, tasks } from './tasks.ts';
import { cardRoutes } from './vcard/routes.ts';

/** What others show, do or open of this feature. */
export const clients: Feature = {
	nouns: {
		client: {
			title: 'nav.clients',
			named: { table: sql`clients`, name: sql`name` },
			page: (id) => `/clients/${id}`,
			happened: {
				'client.archived': 'history.clientArchived',
				'client.created': 'history.clientCreated',
				'client.edited': 'history.clientEdited',
				'client.erased': 'event.clientErased',
				'client.merged': 'event.clientMerged',
				'client.removed': 'event.clientRemoved',
				'client.restored': 'history.clientRestored',
				'client.unmerged': 'event.clientUnmerged',
			},
		},
		contact: {
			title: 'audit.contacts',
			happened: {
				'contact.added': 'event.contactAdded',
				'contact.archived': 'event.contactArchived',
				'contact.edited': 'event.contactEdited',
				'contact.erased': 'event.contactErased',
				'contact.removed': 'event.contactRemoved',
				'contact.restored': 'event.contactRestored',
			},
		},
	},
	pages: [clientsPage, clientPage],
	routes: [
		clientListRoutes,
		clientRoutes,
		mergeRoutes,
		removalRoutes,
		contactRoutes,
		clientBulkRoutes,
	],
	uploads: [cardRoutes],
	tasks,
	schedule,
	taskWords: {
		'clients.fold': 'job.clientsFold',
	},
};
