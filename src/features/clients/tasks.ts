import { foldClientTallies } from '#src/features/clients/list/tallies.ts';
import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';

export const tasks: Tasks = {
	'clients.fold': task(NOTHING, async (_, { connection }) => {
		await foldClientTallies(connection.db);
	}),
};

export const schedule: Schedule = { 'clients.fold': '* * * * *' };
