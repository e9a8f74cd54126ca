import { sql } from 'drizzle-orm';
import { Type } from 'typebox';
import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';
import { checkImport } from './checking.ts';
import { runRows } from './running.ts';
import { undoRows } from './undoing.ts';

const Order = Type.Object({ id: Type.Integer({ minimum: 1 }) });

/** So long the file and its rows are kept, in days: to be undone, and to get the rejected rows. */
const KEPT_DAYS = 90;
const FORGOTTEN_AT_ONCE = 50;

export const tasks: Tasks = {
	'import.check': task(Order, async ({ id }, setting) => {
		await checkImport(setting, id);
	}),
	'import.run': task(Order, async ({ id }, setting) => {
		await runRows(setting, id);
	}),
	'import.undo': task(Order, async ({ id }, setting) => {
		await undoRows(setting, id);
	}),
	'import.forget': task(NOTHING, async (_, { connection, now }) => {
		const before = new Date(now().getTime() - KEPT_DAYS * 86_400_000);
		await connection.db.execute(sql`
			delete from imports where id in (
				select id from imports where created_at < ${before} and worker is null
				order by id limit ${FORGOTTEN_AT_ONCE})`);
	}),
};

export const schedule: Schedule = { 'import.forget': '10 2 * * *' };
