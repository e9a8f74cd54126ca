import type { Feature } from '#src/feature.ts';
import { reminderRoutes } from './routes.ts';
import { schedule, tasks } from './tasks.ts';

/** What others show, do or open of this feature. */
export const reminders: Feature = {
	pages: [{ path: '/reminders', root: 'reminders-page' }],
	routes: [reminderRoutes],
	tasks,
	schedule,
	taskWords: {
		'reminders.mail': 'job.remindersMail',
		'reminders.digest': 'job.remindersDigest',
	},
};
