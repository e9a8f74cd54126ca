import { sql } from 'drizzle-orm';
import type { Feature } from '#src/feature.ts';
import { agendaPage } from './agenda/page.ts';
import { agendaRoutes } from './agenda/routes.ts';
import { stepBulkRoutes } from './bulk/routes.ts';
import { editingRoutes } from './interaction/editing-routes.ts';
import { interactionRoutes, planRoutes } from './interaction/routes.ts';
import { kindRoutes } from './kinds/routes.ts';
import { schedule, tasks } from './tasks.ts';

/** What others show, do or open of this feature. */
export const interactions: Feature = {
	nouns: {
		interaction: {
			title: 'audit.steps',
			happened: {
				'interaction.cancelled': 'event.stepCancelled',
				'interaction.completed': 'event.stepCompleted',
				'interaction.deleted': 'event.stepDeleted',
				'interaction.edited': 'event.stepEdited',
				'interaction.planned': 'event.stepPlanned',
				'interaction.postponed': 'event.stepPostponed',
				'interaction.reassigned': 'event.stepReassigned',
				'interaction.reopened': 'event.stepReopened',
				'interaction.restored': 'history.stepRestored',
			},
		},
		series: {
			title: 'audit.series',
			happened: {
				'series.extended': 'event.seriesExtended',
			},
		},
		kind: {
			title: 'kind.title',
			everywhere: true,
			named: { table: sql`interaction_kinds`, name: sql`name` },
			happened: {
				'kind.created': 'event.kindCreated',
				'kind.edited': 'event.kindEdited',
				'kind.removed': 'event.kindRemoved',
			},
		},
	},
	pages: [agendaPage],
	routes: [stepBulkRoutes, planRoutes, interactionRoutes, editingRoutes, agendaRoutes, kindRoutes],
	admin: [
		{
			group: 'sales',
			place: 40,
			path: '/admin/kinds',
			permission: 'catalogs',
			title: 'kind.title',
			about: 'admin.aboutKinds',
		},
	],
	tasks,
	schedule,
	taskWords: {
		'series.extend': 'job.seriesExtend',
	},
};
