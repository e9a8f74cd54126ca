import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { actorOf } from '#src/features/access/guard.ts';
import { findSession } from '#src/features/access/queries.ts';
import { sessionIdOf } from '#src/features/access/sessions/actions.ts';
import { cookieName } from '#src/features/access/sessions/cookies.ts';
import type { Connection } from '#src/platform/db/client.ts';
import {
	checked,
	form,
	id,
	optional,
	readForm,
	readQuery,
	text,
} from '#src/platform/forms/readers.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import type { Audience } from '#src/platform/live/news.ts';
import { streamOn } from '#src/platform/live/stream.ts';
import { audienceOf } from './rules.ts';
import { drawAgain } from './screen.ts';
import { leaveDeal, watchDeal } from './viewers.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const TELLS = { config: { access: 'signed-in' as const, changes: 'session' as const } };
const Params = form({ id: id() });
const ViewerForm = form({ leaving: optional(checked()) });
const LiveQuery = form({ since: optional(text(40)) });
/** How long a stream waits for the connection that listens, before it opens without. */
const LISTENING_MS = 5_000;

type Parts = { connection: Connection; config: Config; now: () => Date };

/** What others change: as a stream, by asking for it, and the page that is looked at drawn anew. */
export function liveRoutes(app: FastifyInstance, { connection, config, now }: Parts): void {
	const { live } = app;
	app.get('/live', { ...SIGNED_IN, compress: false }, async (request, reply) => {
		const { since = null } = readQuery(LiveQuery, request.query);
		const audience = audienceOf(actorOf(request));
		const patience = new Promise((resolve) => setTimeout(resolve, LISTENING_MS).unref());
		await Promise.race([live.listening(), patience]);
		reply.header('cache-control', 'no-store');
		if (live.hub.closed) return reply.code(503).header('retry-after', 1).send('');
		if (wantsJson(request)) return live.hub.since(since, audience);
		open(request, reply, audience, since);
		return reply;
	});

	function open(
		request: FastifyRequest,
		reply: FastifyReply,
		audience: Audience,
		since: string | null,
	): void {
		reply.hijack();
		const headers = {
			...reply.getHeaders(),
			'content-type': 'text/event-stream; charset=utf-8',
			// A proxy that gathers before it passes on would make a stream useless.
			'x-accel-buffering': 'no',
			// When it ends, its socket is of no more use: whoever closes the application need not wait for it.
			connection: 'close',
		};
		reply.raw.writeHead(200, headers as Record<string, string>);
		const secret = request.cookies[cookieName(config)] ?? '';
		const again = async () => {
			const session = await findSession(connection.db, sessionIdOf(secret), now());
			return session && audienceOf(session.actor);
		};
		const leave = live.hub.open(streamOn(reply.raw, audience, again), since);
		reply.raw.once('close', leave);
		// A reader that breaks off is no fault; its close follows.
		reply.raw.once('error', () => {});
	}

	app.get('/live/page', SIGNED_IN, async (request, reply) => drawAgain(connection, request, reply));

	app.post('/deals/:id/viewers', TELLS, async (request, reply) => {
		const dealId = readQuery(Params, request.params).id;
		if (readForm(ViewerForm, request.body).leaving) {
			await leaveDeal(connection.db, actorOf(request), dealId);
			return reply.code(204).send();
		}
		const names = await watchDeal(connection.db, actorOf(request), dealId);
		if (wantsJson(request)) return { viewers: names };
		return await reply.fragments('live/watched', { names });
	});
}
