import { Type } from 'typebox';
import { dueAccounts, syncPerson, undoPersonsRound } from '#src/features/calendar/sync/accounts.ts';
import { forgetRounds } from '#src/features/calendar/sync/journal.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';

const Whose = Type.Object({ personId: Type.Integer({ minimum: 1 }) });
const Which = Type.Object({
	personId: Type.Integer({ minimum: 1 }),
	roundId: Type.Integer({ minimum: 1 }),
});

export const tasks: Tasks = {
	'calendar.sync': task(Whose, async ({ personId }, setting) => {
		await syncPerson(setting, personId);
	}),
	'calendar.undo': task(Which, async ({ personId, roundId }, setting) => {
		await undoPersonsRound(setting, personId, roundId);
	}),
	'calendar.forget': task(NOTHING, async (_, { connection: { db }, now }) => {
		await forgetRounds(db, now());
	}),
	// One job a person, in a queue of their own: two rounds of one calendar would overtake each other.
	'calendar.watch': task(NOTHING, async (_, { connection: { db } }) => {
		for (const personId of await dueAccounts(db)) {
			const key = `calendar:${personId}`;
			await enqueue(db, 'calendar.sync', { personId }, { key, queue: key, attempts: 3 });
		}
	}),
};

export const schedule: Schedule = {
	'calendar.watch': '* * * * *',
	'calendar.forget': '40 2 * * *',
};
