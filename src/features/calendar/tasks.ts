import { Type } from 'typebox';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';
import { dueAccounts, syncPerson } from './accounts.ts';

const Whose = Type.Object({ personId: Type.Integer({ minimum: 1 }) });

export const tasks: Tasks = {
	'calendar.sync': task(Whose, async ({ personId }, setting) => {
		await syncPerson(setting, personId);
	}),
	// One job a person, in a queue of their own: two rounds of one calendar would overtake each other.
	'calendar.watch': task(NOTHING, async (_, { connection: { db }, now }) => {
		for (const personId of await dueAccounts(db, now())) {
			const key = `calendar:${personId}`;
			await enqueue(db, 'calendar.sync', { personId }, { key, queue: key, attempts: 3 });
		}
	}),
};

export const schedule: Schedule = { 'calendar.watch': '* * * * *' };
