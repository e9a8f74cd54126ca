import { sql } from 'drizzle-orm';
import { Type } from 'typebox';
import { forgetAged } from '#src/platform/db/aging.ts';
import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';
import { deliverMail } from './delivery.ts';

const Delivery = Type.Object({ id: Type.Integer({ minimum: 1 }) });

export const tasks: Tasks = {
	'mail.deliver': task(Delivery, async ({ id }, { connection, config, now }) => {
		await deliverMail({ db: connection.db, config, now }, id);
	}),
	'mail.forget': task(NOTHING, async (_, { connection, config, signal }) => {
		const which = sql`status <> 'queued'`;
		const days = config.KEEP_MAILS_DAYS;
		await forgetAged(connection.db, signal, { table: 'mails', which, days, atOnce: 1_000 });
	}),
};

export const schedule: Schedule = { 'mail.forget': '40 1 * * *' };
