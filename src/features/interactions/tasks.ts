import { Type } from 'typebox';
import { extendSeries } from '#src/features/interactions/series/series.ts';
import { type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';

const Extension = Type.Object({ seriesId: Type.Integer({ minimum: 1 }) });

export const tasks: Tasks = {
	'series.extend': task(Extension, async ({ seriesId }, { connection, now }) => {
		await extendSeries(connection.db, { actorId: null, door: 'job', now: now() }, seriesId);
	}),
};

export const schedule: Schedule = {};
