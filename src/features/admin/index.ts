import type { Feature } from '#src/feature.ts';
import { adminRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const admin: Feature = {
	routes: [adminRoutes],
};
