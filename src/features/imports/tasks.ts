import { sql } from 'drizzle-orm';
import { Type } from 'typebox';
import { checkImport } from '#src/features/imports/engine/check.ts';
import { runRows } from '#src/features/imports/engine/run.ts';
import { undoRows } from '#src/features/imports/engine/undo.ts';
import { forgetAged } from '#src/platform/db/aging.ts';
import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';

const Order = Type.Object({ id: Type.Integer({ minimum: 1 }) });

// With all the rows of their files.
const FORGOTTEN_AT_ONCE = 10;

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
	'import.forget': task(NOTHING, async (_, { connection, config, signal }) => {
		const which = sql`worker is null`;
		const days = config.KEEP_IMPORTS_DAYS;
		const aged = { table: 'imports', which, days, atOnce: FORGOTTEN_AT_ONCE };
		await forgetAged(connection.db, signal, aged);
	}),
};

export const schedule: Schedule = { 'import.forget': '10 2 * * *' };
