import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Connection } from '#src/platform/db/client.ts';
import { faultOf, mayBeStored } from '#src/platform/db/faults.ts';
import {
	BadRequest,
	Conflict,
	InvalidForm,
	NotFound,
	OtherMethod,
	Told,
	TooOften,
} from '#src/platform/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { localPath } from './origin.ts';

/** Whether htmx asks, and so wants fragments and not a page. */
export function wantsFragments(request: FastifyRequest): boolean {
	return (
		request.headers['hx-request'] === 'true' &&
		request.headers['hx-history-restore-request'] !== 'true'
	);
}

/** Whether a program asks, and so wants JSON. */
export function wantsJson(request: FastifyRequest): boolean {
	const { accept, 'content-type': type } = request.headers;
	return Boolean(accept?.startsWith('application/json') || type?.startsWith('application/json'));
}

const BUSY = { key: 'error.busy', seconds: 5 } as const;

/** 503: more requests wait for the database than it will serve before their readers lose patience. */
class Crowded extends Error {}

/** So many requests for each connection may wait: at a few milliseconds each they are served in time. */
const WAITING_FOR_EACH = 20;

/** Refuses at once what would only make the queue for the database longer. Throws Crowded. */
export function refuseCrowd({ pool, writers }: Connection): void {
	if (pool.waitingCount + writers.waiting() >= pool.options.max * WAITING_FOR_EACH)
		throw new Crowded('too many wait for the database');
}

/** Everything that is thrown becomes an answer here, and only here. */
export function setUpErrors(app: FastifyInstance): void {
	app.setNotFoundHandler({}, async ({ url }) => {
		const methods = app.methodsOf(url.split('?', 1)[0] ?? '');
		if (methods.length > 0) throw new OtherMethod(methods);
		throw new NotFound('error.notFound');
	});
	app.setErrorHandler<FastifyError>(async (error, request, reply) => {
		if (error instanceof Told) return await tell(error, request, reply);
		if (error.statusCode === 413)
			return await say(request, reply, 413, translate(request.viewer.language, 'error.tooLarge'));
		if (error.statusCode !== undefined && error.statusCode < 500)
			return await tell(new BadRequest('error.badRequest', { what: error.code }), request, reply);
		request.log.error({ err: error }, 'request failed');
		const fault = error instanceof Crowded ? BUSY : faultOf(error);
		if (fault !== null) {
			// What is only read leaves nothing behind that could have been stored.
			const unknown = mayBeStored(error) && request.routeOptions.config.changes !== undefined;
			const again = request.onceKey === null ? 'error.maybeStored' : 'error.maybeStoredOnce';
			const key = unknown ? again : fault.key;
			reply.header('retry-after', fault.seconds);
			const { language } = request.viewer;
			return await say(request, reply, 503, translate(language, key, { id: request.id }));
		}
		const message = translate(request.viewer.language, 'error.server', { id: request.id });
		return await say(request, reply, 500, message);
	});
}

/** What is told of an error: who is late because of a change of their own is not told of somebody else. */
export function messageOf(error: Told, request: FastifyRequest): string {
	const { actorOrNull: actor, viewer } = request;
	const own = error instanceof Conflict && error.byId !== null && error.byId === actor?.id;
	return translate(viewer.language, error.key, own ? { own: 'yes' } : error.args);
}

async function tell(error: Told, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
	const { language } = request.viewer;
	if (error.status === 401) return await signInFirst(request, reply);
	if (error instanceof OtherMethod) reply.header('allow', error.allow.join(', '));
	if (error instanceof TooOften) reply.header('retry-after', error.seconds);
	const details: Record<string, unknown> = { key: error.key };
	if (error instanceof Conflict) details.current = error.current;
	if (error instanceof InvalidForm)
		details.fields = Object.fromEntries(
			Object.entries(error.fields).map(([name, { key, args }]) => [
				name,
				translate(language, key, args),
			]),
		);
	return await say(request, reply, error.status, messageOf(error, request), details);
}

async function say(
	request: FastifyRequest,
	reply: FastifyReply,
	status: number,
	message: string,
	details: Record<string, unknown> = {},
): Promise<unknown> {
	reply.code(status);
	if (wantsJson(request)) return { error: { message, requestId: request.id, ...details } };
	if (wantsFragments(request)) return await reply.fragments('shared/failed', { message });
	return await reply.page('shared/error', { status, message });
}

async function signInFirst(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
	const path = pageOf(request);
	const target = `/sign-in?returnTo=${encodeURIComponent(path)}`;
	if (wantsJson(request))
		return reply
			.code(401)
			.send({ error: { message: translate(request.viewer.language, 'error.signIn') } });
	// A form that was being filled in stays as it is: signing in happens in another tab.
	if (wantsFragments(request) && isForm(request))
		return await reply.code(401).fragments('shared/signed-out', {});
	if (wantsFragments(request)) return reply.code(401).header('hx-redirect', target).send('');
	return reply.redirect(target, 303);
}

const isForm = (request: FastifyRequest) =>
	request.method !== 'GET' && String(request.headers['hx-source']).startsWith('form');

// Who is sent to the sign-in comes back to the page that they looked at, with its отбор.
function pageOf(request: FastifyRequest): string {
	const seen = request.headers['hx-current-url'];
	if (typeof seen === 'string' && URL.canParse(seen)) {
		const { pathname, search } = new URL(seen);
		return localPath(pathname + search, '/board');
	}
	return request.method === 'GET' ? request.url : '/board';
}
