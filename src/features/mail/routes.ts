import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, type Problem } from '#src/platform/pages/dialog.ts';
import { keepToast, type Toast } from '#src/platform/pages/flash.ts';
import { retryFailedMails, retryMail, sendTestMail } from './actions.ts';
import { MailParams, TestMailForm } from './forms.ts';
import { readMailList } from './list.ts';
import { findMail } from './queries.ts';

const ADMINISTRATOR = { config: { access: 'mail' as const } };
const MAKES = { config: { access: 'mail' as const, changes: 'new' as const } };
/** A letter is looked at in a frame of its own: it may show itself and do nothing, whatever stands in it. */
const LETTER_POLICY =
	"default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'";

/** Letters for administrators: what left, what did not and why, trying again, a letter to try the server with. */
export function mailRoutes(
	app: FastifyInstance,
	{ connection: { db }, config }: { connection: Connection; config: Config },
): void {
	const idOf = (request: FastifyRequest) => readQuery(MailParams, request.params).id;

	app.get('/admin/mail', ADMINISTRATOR, async (request, reply) => drawList(request, reply, null));

	async function drawList(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const list = await readMailList(db, config, problem ? {} : request.query);
		const data = { ...list, problem, typed: problem?.typed ?? {} };
		if (problem) reply.code(problem.status);
		else if (wantsFragments(request)) return await reply.fragments('mail/listed', data);
		return await reply.page('mail/list', data);
	}

	app.post('/admin/mail', MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { address } = readForm(TestMailForm, request.body);
				const by = acting(request);
				const id = await once(db, request, (sql) => sendTestMail(sql, by, by.actor, address));
				return back(request, reply, `/admin/mail/${id}`, { key: 'toast.mailQueued' });
			},
			async (problem) => await drawList(request, reply, problem),
		),
	);

	app.get('/admin/mail/:id', ADMINISTRATOR, async (request, reply) => {
		return await reply.page('mail/show', { mail: await findMail(db, idOf(request)) });
	});

	app.get('/admin/mail/:id/letter', ADMINISTRATOR, async (request, reply) => {
		const { html } = await findMail(db, idOf(request));
		return (
			reply
				// A frame without an origin of its own has nothing to be keyed by; browsers complain.
				.removeHeader('origin-agent-cluster')
				.headers({
					'content-security-policy': LETTER_POLICY,
					'x-frame-options': 'SAMEORIGIN',
					'cache-control': 'no-store',
				})
				.type('text/html; charset=utf-8')
				.send(html ?? '')
		);
	});

	app.post('/admin/mail/:id/deliveries', MAKES, async (request, reply) => {
		const id = idOf(request);
		await once(db, request, (sql) => retryMail(sql, acting(request), id));
		return back(request, reply, `/admin/mail/${id}`, { key: 'toast.mailQueued' });
	});

	app.post('/admin/mail/deliveries', MAKES, async (request, reply) => {
		const n = await once(db, request, (sql) => retryFailedMails(sql, acting(request)));
		return back(request, reply, '/admin/mail', { key: 'toast.mailsQueued', args: { n } });
	});

	function back(request: FastifyRequest, reply: FastifyReply, path: string, toast: Toast) {
		if (wantsJson(request)) return reply.code(204).send();
		keepToast(reply, toast);
		return reply.redirect(path, 303);
	}
}
