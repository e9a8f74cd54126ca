import type { Feature } from '#src/feature.ts';
import { auditRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const audit: Feature = {
	routes: [auditRoutes],
	admin: [
		{
			group: 'running',
			place: 10,
			path: '/admin/audit',
			permission: 'audit',
			title: 'audit.title',
			about: 'admin.aboutAudit',
		},
	],
};
