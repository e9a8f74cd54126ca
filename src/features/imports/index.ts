import type { Feature } from '#src/feature.ts';
import { importRoutes } from './routes.ts';
import { schedule, tasks } from './tasks.ts';

/** What others show, do or open of this feature. */
export const imports: Feature = {
	nouns: {
		import: {
			title: 'audit.imports',
			everywhere: true,
			happened: {
				'import.finished': 'event.importFinished',
				'import.removed': 'event.importRemoved',
				'import.undone': 'event.importUndone',
			},
		},
	},
	uploads: [importRoutes],
	admin: [
		{
			group: 'running',
			place: 50,
			path: '/import',
			permission: 'imports.all',
			title: 'import.title',
			about: 'admin.aboutImports',
		},
	],
	tasks,
	schedule,
	taskWords: {
		'import.check': 'job.importCheck',
		'import.run': 'job.importRun',
		'import.undo': 'job.importUndo',
		'import.forget': 'job.importForget',
	},
};
