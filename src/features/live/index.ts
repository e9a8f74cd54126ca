import type { Feature } from '#src/feature.ts';
import { liveRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const live: Feature = {
	routes: [liveRoutes],
};
