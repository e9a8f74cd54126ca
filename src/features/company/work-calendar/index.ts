import type { Feature } from '#src/feature.ts';
import { workdayRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const workCalendar: Feature = {
	nouns: {
		holiday: {
			title: 'holiday.title',
			everywhere: true,
			happened: {
				'holiday.added': 'event.holidayAdded',
				'holiday.edited': 'event.holidayEdited',
				'holiday.removed': 'event.holidayRemoved',
			},
		},
		work: {
			title: 'work.week',
			everywhere: true,
			happened: {
				'work.edited': 'event.workEdited',
			},
		},
	},
	routes: [workdayRoutes],
	admin: [
		{
			group: 'sales',
			place: 80,
			path: '/admin/workdays',
			permission: 'catalogs',
			title: 'work.title',
			about: 'admin.aboutWork',
		},
	],
};
