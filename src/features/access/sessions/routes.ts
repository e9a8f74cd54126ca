import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { form, readForm } from '#src/platform/forms/readers.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import { keepToast } from '#src/platform/pages/flash.ts';
import { endOtherSessions, endSessionOf, sessionIdOf } from './actions.ts';
import { cookieName } from './cookies.ts';

const ENDS = { config: { access: 'signed-in' as const, changes: 'session' as const } };

/** A person's own sessions: ending one of them, and all the others. */
export function sessionRoutes(
	app: FastifyInstance,
	{ connection: { db }, config }: { connection: Connection; config: Config },
): void {
	const mine = (request: FastifyRequest) => sessionIdOf(request.cookies[cookieName(config)] ?? '');

	app.post<{ Params: { id: string } }>('/sessions/:id/ending', ENDS, async (request, reply) => {
		readForm(form({}), request.body);
		await endSessionOf(db, acting(request), request.params.id);
		if (wantsJson(request)) return { ended: 1 };
		keepToast(reply, { key: 'toast.sessionsEnded', args: { sessions: 1 } });
		return reply.redirect('/settings#sessions', 303);
	});

	app.post('/sessions/others/ending', ENDS, async (request, reply) => {
		readForm(form({}), request.body);
		const ended = await endOtherSessions(db, acting(request), mine(request));
		if (wantsJson(request)) return { ended };
		keepToast(reply, { key: 'toast.sessionsEnded', args: { sessions: ended } });
		return reply.redirect('/settings#sessions', 303);
	});
}
