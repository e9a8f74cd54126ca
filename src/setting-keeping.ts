import { daysKept } from './setting-readers.ts';

/** For how long what people did and wrote is kept; part of the settings in config.ts. */
export const KEEPING = {
	KEEP_EVENTS_DAYS: {
		fallback: '0',
		read: daysKept(30),
		sentence:
			'After how many days the events of the log lose their values: what happened, when and by whom stays; 0: never.',
	},
	KEEP_MAILS_DAYS: {
		fallback: '90',
		read: daysKept(1),
		sentence: 'For how many days letters that have left are kept; 0: for ever.',
	},
	KEEP_IMPORTS_DAYS: {
		fallback: '90',
		read: daysKept(1),
		sentence:
			'For how many days the files of imports are kept, to be undone and looked at; 0: for ever.',
	},
} as const;
