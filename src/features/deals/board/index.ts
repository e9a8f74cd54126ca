import type { Feature } from '#src/feature.ts';
import { boardPage } from './page.ts';
import { boardRoutes, interestRoutes } from './routes.ts';
import { schedule, tasks } from './tasks.ts';

/** What others show, do or open of this feature. */
export const board: Feature = {
	pages: [boardPage],
	routes: [boardRoutes, interestRoutes],
	tasks,
	schedule,
	taskWords: {
		'board.fold': 'job.boardFold',
	},
};
