import { sql } from 'drizzle-orm';
import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';

const KEPT_DAYS = 7;

export const tasks: Tasks = {
	'once.forget': task(NOTHING, async (_, { connection, now }) => {
		const before = new Date(now().getTime() - KEPT_DAYS * 86_400_000);
		await connection.db.execute(sql`delete from requests_done where at < ${before}`);
	}),
};

export const schedule: Schedule = { 'once.forget': '20 2 * * *' };
