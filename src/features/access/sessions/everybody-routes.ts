import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { form, id, optional, readForm, readQuery, text } from '#src/platform/forms/readers.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import { keepToast } from '#src/platform/pages/flash.ts';
import { endAnySession, endSessionsOf, sessionIdOf } from './actions.ts';
import { cookieName } from './cookies.ts';
import { readEverybody } from './screen.ts';

const READS = { config: { access: 'people' as const } };
const ENDS = { config: { access: 'people' as const, changes: 'session' as const } };
const Query = form({ q: optional(text(200)) });
const PersonParams = form({ id: id() });

/** Who is signed in, for administrators: where, by which way, since when; ending one session and all of a person's. */
export function everybodyRoutes(
	app: FastifyInstance,
	{ connection: { db }, config }: { connection: Connection; config: Config },
): void {
	const mine = (request: FastifyRequest) => sessionIdOf(request.cookies[cookieName(config)] ?? '');

	app.get('/admin/sessions', READS, async (request, reply) => {
		const { q } = readQuery(Query, request.query);
		const everybody = await readEverybody(db, request, { q: q ?? null, currentId: mine(request) });
		return await reply.page('access/sessions/everybody', everybody);
	});

	app.post<{ Params: { id: string } }>(
		'/admin/sessions/:id/ending',
		ENDS,
		async (request, reply) => {
			const { q } = readForm(Query, request.body);
			await endAnySession(db, acting(request), request.params.id);
			return told(request, reply, 1, q);
		},
	);

	app.post('/admin/people/:id/sessions/ending', ENDS, async (request, reply) => {
		const { q } = readForm(Query, request.body);
		const { id: personId } = readQuery(PersonParams, request.params);
		return told(request, reply, await endSessionsOf(db, acting(request), personId), q);
	});

	function told(request: FastifyRequest, reply: FastifyReply, ended: number, q?: string) {
		if (wantsJson(request)) return { ended };
		keepToast(reply, { key: 'toast.sessionsEnded', args: { sessions: ended } });
		return reply.redirect(`/admin/sessions${q ? `?q=${encodeURIComponent(q)}` : ''}`, 303);
	}
}
