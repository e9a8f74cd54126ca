import type { Feature } from '#src/feature.ts';
import { jobRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const jobs: Feature = {
	nouns: {
		job: {
			title: 'audit.jobs',
			happened: {
				'job.removed': 'event.jobRemoved',
				'job.retried': 'event.jobRetried',
			},
		},
	},
	routes: [jobRoutes],
	admin: [
		{
			group: 'running',
			place: 20,
			path: '/admin/jobs',
			permission: 'jobs',
			title: 'job.title',
			about: 'admin.aboutJobs',
		},
	],
};
