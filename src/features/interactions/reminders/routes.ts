import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { form, id, readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { formatMoment } from '#src/platform/i18n/dates.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { pageSeen } from '#src/platform/pages/current-page.ts';
import { keepToast, type Toast } from '#src/platform/pages/flash.ts';
import { dismissReminder, snoozeReminder } from './actions.ts';
import { ReminderForm, untilOf } from './forms.ts';
import { findWorkFrom } from './queries.ts';
import { type DueReminders, readReminders } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'interaction' as const } };
const Params = form({ id: id() });

/** What is due to be remembered: asked for by every open page, now and then, and a page of its own. */
export function reminderRoutes(
	app: FastifyInstance,
	{ connection: { db } }: { connection: Connection },
): void {
	app.get('/reminders', SIGNED_IN, async (request, reply) => {
		const reminders = await readReminders(db, request);
		if (wantsJson(request)) return reminders.all;
		if (wantsFragments(request)) return await redraw(request, reply, reminders, null);
		return await reply.page('interactions/reminders/show', { reminders });
	});

	app.post('/interactions/:id/reminder', CHANGES, async (request, reply) => {
		const stepId = readQuery(Params, request.params).id;
		const { version, until, returnTo } = readForm(ReminderForm, request.body);
		if (until === undefined) {
			const { summary } = await once(db, request, async (sql) => {
				const { summary } = await dismissReminder(sql, acting(request), stepId, version);
				return { summary };
			});
			return await answer(request, reply, { key: 'toast.dismissed', args: { summary } }, returnTo);
		}
		const args = await once(db, request, async (sql) => {
			const workFrom = await findWorkFrom(sql, actorOf(request));
			const at = untilOf(until, request.viewer, workFrom);
			const { summary } = await snoozeReminder(sql, acting(request), stepId, version, at);
			return { when: formatMoment(at, request.viewer, true), summary };
		});
		return await answer(request, reply, { key: 'toast.snoozed', args }, returnTo);
	});

	async function answer(
		request: FastifyRequest,
		reply: FastifyReply,
		toast: Toast,
		returnTo: string | undefined,
	) {
		const reminders = await readReminders(db, request);
		if (wantsJson(request)) return reminders.all;
		if (wantsFragments(request)) return await redraw(request, reply, reminders, toast);
		keepToast(reply, toast);
		return reply.redirect(localPath(returnTo, '/reminders'), 303);
	}
}

async function redraw(
	request: FastifyRequest,
	reply: FastifyReply,
	reminders: DueReminders,
	toast: Toast | null,
): Promise<string> {
	const onPage = pageSeen(request).pathname === '/reminders';
	return await reply.fragments('interactions/reminders/listed', { reminders, toast, onPage });
}
