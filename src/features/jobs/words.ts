import type { MessageKey } from '#src/platform/i18n/translate.ts';

/** What the program does behind people's backs, by the names of src/tasks.ts; tests/jobs knows them all. */
export const TASK_WORDS: Record<string, MessageKey> = {
	'board.fold': 'job.boardFold',
	'calendar.forget': 'job.calendarForget',
	'calendar.sync': 'job.calendarSync',
	'calendar.undo': 'job.calendarUndo',
	'calendar.watch': 'job.calendarWatch',
	'clients.fold': 'job.clientsFold',
	'events.expire': 'job.eventsExpire',
	'import.check': 'job.importCheck',
	'import.forget': 'job.importForget',
	'import.run': 'job.importRun',
	'import.undo': 'job.importUndo',
	'mail.deliver': 'job.mailDeliver',
	'mail.forget': 'job.mailForget',
	'once.forget': 'job.onceForget',
	'reminders.digest': 'job.remindersDigest',
	'reminders.mail': 'job.remindersMail',
	'series.extend': 'job.seriesExtend',
};
