import type { Feature } from '#src/feature.ts';
import { erasureRoutes } from './routes.ts';
import { schedule, tasks } from './tasks.ts';

/** What others show, do or open of this feature. */
export const erasure: Feature = {
	routes: [erasureRoutes],
	admin: [
		{
			group: 'people',
			place: 60,
			path: '/admin/erasure',
			permission: 'people',
			title: 'erasure.title',
			about: 'admin.aboutErasure',
		},
	],
	tasks,
	schedule,
	taskWords: {
		'events.expire': 'job.eventsExpire',
	},
};
