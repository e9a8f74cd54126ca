import type { Feature } from '#src/feature.ts';
import { mailRoutes } from './routes.ts';
import { schedule, tasks } from './tasks.ts';

/** What others show, do or open of this feature. */
export const mail: Feature = {
	nouns: {
		mail: {
			title: 'mail.title',
			happened: {
				'mail.retried': 'event.mailRetried',
			},
		},
	},
	routes: [mailRoutes],
	admin: [
		{
			group: 'running',
			place: 40,
			path: '/admin/mail',
			permission: 'mail',
			title: 'mail.title',
			about: 'admin.aboutMail',
		},
	],
	tasks,
	schedule,
	taskWords: {
		'mail.deliver': 'job.mailDeliver',
		'mail.forget': 'job.mailForget',
	},
};
