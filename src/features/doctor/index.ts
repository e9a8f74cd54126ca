import type { Feature } from '#src/feature.ts';
import { doctorRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const doctor: Feature = {
	routes: [doctorRoutes],
	admin: [
		{
			group: 'running',
			place: 30,
			path: '/admin/doctor',
			permission: 'jobs',
			title: 'doctor.title',
			about: 'admin.aboutDoctor',
		},
	],
};
