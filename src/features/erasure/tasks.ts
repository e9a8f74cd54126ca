import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';
import { expireEvents } from './expiry.ts';

export const tasks: Tasks = {
	'events.expire': task(NOTHING, async (_, { connection, config, signal }) => {
		await expireEvents(connection.db, config.KEEP_EVENTS_DAYS, signal);
	}),
};

export const schedule: Schedule = { 'events.expire': '50 1 * * *' };
