import type { Feature } from '#src/feature.ts';
import { settingsRoutes } from './routes.ts';

/** What others show, do or open of this feature. */
export const settings: Feature = {
	nouns: {
		settings: {
			title: 'audit.settings',
			happened: {
				'settings.saved': 'event.settingsSaved',
			},
		},
	},
	routes: [settingsRoutes],
};
