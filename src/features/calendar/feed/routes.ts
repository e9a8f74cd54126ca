import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { calendarText } from '#src/features/calendar/ical/ics.ts';
import { calendarSteps, feedMadeAt, findFeedOwner } from '#src/features/calendar/queries.ts';
import { eventOf } from '#src/features/calendar/words.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { form, readForm } from '#src/platform/forms/readers.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { feedHash, makeFeed, revokeFeed } from './actions.ts';

const SECRET = /^[\w-]{32}$/;

/** A person's private, revocable calendar for other programs, and the page where it is made and revoked. */
export function feedRoutes(
	app: FastifyInstance,
	{ connection, config }: { connection: Connection; config: Config },
): void {
	const { db } = connection;
	const home = (request: FastifyRequest) =>
		config.PUBLIC_URL || `${request.protocol}://${request.host}`;

	// The secret is the key, so calendars come in without a session. Its owner must be active still.
	app.get<{ Params: { secret: string } }>(
		'/calendar/feeds/:secret.ics',
		{ config: { access: 'public' } },
		async (request, reply) => {
			const { secret } = request.params;
			const owner = SECRET.test(secret) ? await findFeedOwner(db, feedHash(secret)) : null;
			if (owner === null) throw new NotFound('error.notFound');
			const steps = await calendarSteps(db, owner.id, request.viewer.now);
			const name = `${translate(owner.language, 'app.name')} · ${owner.name}`;
			const events = steps.map((step) => eventOf(step, owner, home(request)));
			const text = calendarText(name, events);
			const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
			reply.header('etag', etag).header('cache-control', 'private, no-cache');
			// The proxy's compression may mark an ETag as weak on its way out and back.
			const known = request.headers['if-none-match']
				?.split(/,\s*/)
				.map((one) => one.replace(/^W\//, ''));
			if (known?.includes(etag)) return await reply.code(304).send();
			return await reply.type('text/calendar; charset=utf-8').send(text);
		},
	);

	app.get('/calendar/feed', { config: { access: 'signed-in' } }, async (request, reply) => {
		const madeAt = await feedMadeAt(db, actorOf(request).id);
		return await reply.page('calendar/feed/feed', { madeAt, address: null });
	});

	app.post(
		'/calendar/feed',
		{ config: { access: 'signed-in', changes: 'new' } },
		async (request, reply) => {
			readForm(form({}), request.body);
			const secret = await makeFeed(db, acting(request));
			const address = `${home(request)}/calendar/feeds/${secret}.ics`;
			return await reply.page('calendar/feed/feed', { madeAt: request.viewer.now, address });
		},
	);

	app.post(
		'/calendar/feed/revocation',
		{ config: { access: 'signed-in', changes: 'new' } },
		async (request, reply) => {
			readForm(form({}), request.body);
			await once(db, request, (sql) => revokeFeed(sql, acting(request)));
			return await reply.redirect('/calendar/feed', 303);
		},
	);
}
