import { Type } from 'typebox';
import { NOTHING, type Schedule, type Tasks, task } from '#src/platform/jobs/task.ts';
import { forgetOldMails } from './actions.ts';
import { deliverMail } from './delivery.ts';

const Delivery = Type.Object({ id: Type.Integer({ minimum: 1 }) });

export const tasks: Tasks = {
	'mail.deliver': task(Delivery, async ({ id }, { connection, config, now }) => {
		await deliverMail({ db: connection.db, config, now }, id);
	}),
	'mail.forget': task(NOTHING, async (_, { connection, now }) => {
		await forgetOldMails(connection.db, now());
	}),
};

export const schedule: Schedule = { 'mail.forget': '40 1 * * *' };
