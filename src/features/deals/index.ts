import { sql } from 'drizzle-orm';
import type { Feature } from '#src/feature.ts';
import { bulkRoutes } from './bulk/routes.ts';
import { collaboratorRoutes } from './collaborators/routes.ts';
import { dateRoutes } from './dates/routes.ts';
import { dealPage } from './deal/page.ts';
import { dealRoutes } from './deal/routes.ts';
import { dealsPage } from './list/page.ts';
import { dealListRoutes } from './list/routes.ts';
import { dealMergeRoutes } from './merge/routes.ts';
import { dealMoveRoutes } from './moves/routes.ts';
import { dealEntryRoutes } from './notes/routes.ts';
import { pipelineRoutes } from './pipelines/pipeline-routes.ts';
import { stageRoutes } from './pipelines/stage-routes.ts';
import { dealProductRoutes } from './products/routes.ts';
import { reasonRoutes } from './reasons/routes.ts';
import { dealRemovalRoutes } from './removal/routes.ts';

/** What others show, do or open of this feature. */
export const deals: Feature = {
	nouns: {
		deal: {
			title: 'nav.deals',
			named: { table: sql`deals`, name: sql`title` },
			page: (id) => `/deals/${id}`,
			happened: {
				'deal.archived': 'event.dealArchived',
				'deal.created': 'event.dealCreated',
				'deal.edited': 'event.dealEdited',
				'deal.joined': 'event.dealJoined',
				'deal.left': 'event.dealLeft',
				'deal.lost': 'event.dealLost',
				'deal.merged': 'event.dealMerged',
				'deal.moved': 'event.dealMoved',
				'deal.noted': 'event.dealNoted',
				'deal.reassigned': 'event.dealReassigned',
				'deal.reopened': 'event.dealReopened',
				'deal.recovered': 'event.dealRecovered',
				'deal.removed': 'event.dealRemoved',
				'deal.restored': 'event.dealRestored',
				'deal.unmerged': 'event.dealUnmerged',
				'deal.won': 'event.dealWon',
			},
		},
		pipeline: {
			title: 'pipelines.title',
			everywhere: true,
			named: { table: sql`pipelines`, name: sql`name` },
			happened: {
				'pipeline.added': 'event.pipelineAdded',
				'pipeline.edited': 'event.pipelineEdited',
				'pipeline.removed': 'event.pipelineRemoved',
			},
		},
		stage: {
			title: 'stages.title',
			everywhere: true,
			named: { table: sql`stages`, name: sql`name` },
			happened: {
				'stage.added': 'event.stageAdded',
				'stage.edited': 'event.stageEdited',
				'stage.removed': 'event.stageRemoved',
			},
		},
		reason: {
			title: 'reasons.title',
			everywhere: true,
			named: { table: sql`loss_reasons`, name: sql`name` },
			happened: {
				'reason.added': 'event.reasonAdded',
				'reason.edited': 'event.reasonEdited',
				'reason.removed': 'event.reasonRemoved',
			},
		},
	},
	pages: [dealsPage, dealPage],
	routes: [
		dateRoutes,
		dealListRoutes,
		bulkRoutes,
		dealRoutes,
		dealMoveRoutes,
		dealMergeRoutes,
		dealRemovalRoutes,
		dealEntryRoutes,
		collaboratorRoutes,
		dealProductRoutes,
		pipelineRoutes,
		stageRoutes,
		reasonRoutes,
	],
	admin: [
		{
			group: 'sales',
			place: 10,
			path: '/admin/pipelines',
			permission: 'catalogs',
			title: 'pipelines.title',
			about: 'admin.aboutPipelines',
		},
		{
			group: 'sales',
			place: 20,
			path: '/admin/stages',
			permission: 'catalogs',
			title: 'stages.title',
			about: 'admin.aboutStages',
		},
		{
			group: 'sales',
			place: 30,
			path: '/admin/reasons',
			permission: 'catalogs',
			title: 'reasons.title',
			about: 'admin.aboutReasons',
		},
	],
};
