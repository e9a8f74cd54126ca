import type { Feature } from '#src/feature.ts';
import { feedRoutes } from './feed/routes.ts';
import { intakeRoutes } from './intake/routes.ts';
import { calendarPage } from './page/page.ts';
import { calendarRoutes } from './page/routes.ts';
import { accountRoutes } from './sync/routes.ts';
import { schedule, tasks } from './tasks.ts';

/** What others show, do or open of this feature. */
export const calendar: Feature = {
	nouns: {
		calendar: {
			title: 'audit.calendars',
			happened: {
				'calendar.answered': 'event.calendarAnswered',
				'calendar.connected': 'event.calendarConnected',
				'calendar.disconnected': 'event.calendarDisconnected',
				'calendar.undone': 'event.calendarUndone',
			},
		},
		feed: {
			title: 'audit.feeds',
			happened: {
				'feed.made': 'event.feedMade',
				'feed.revoked': 'event.feedRevoked',
			},
		},
	},
	pages: [calendarPage],
	routes: [calendarRoutes, feedRoutes, accountRoutes],
	uploads: [intakeRoutes],
	tasks,
	schedule,
	taskWords: {
		'calendar.sync': 'job.calendarSync',
		'calendar.undo': 'job.calendarUndo',
		'calendar.forget': 'job.calendarForget',
		'calendar.watch': 'job.calendarWatch',
	},
};
