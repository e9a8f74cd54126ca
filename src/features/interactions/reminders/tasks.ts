import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';
import { mailDigests, mailReminders } from './letters.ts';

export const tasks: Tasks = {
	'reminders.mail': task(NOTHING, async (_, { connection, now }) => {
		await mailReminders(connection.db, now());
	}),
	'reminders.digest': task(NOTHING, async (_, { connection, now }) => {
		await mailDigests(connection.db, now());
	}),
};

export const schedule: Schedule = {
	'reminders.mail': '* * * * *',
	'reminders.digest': '*/15 * * * *',
};
