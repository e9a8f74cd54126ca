import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';
import { foldTallies } from './tallies.ts';

export const tasks: Tasks = {
	'board.fold': task(NOTHING, async (_, { connection }) => {
		await foldTallies(connection.db);
	}),
};

export const schedule: Schedule = { 'board.fold': '* * * * *' };
