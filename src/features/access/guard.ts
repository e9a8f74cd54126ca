import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import type { Door, Noun } from '#src/events.ts';
import { sessionIdOf, touchSession } from '#src/features/access/sessions/actions.ts';
import { cookieName, setSessionCookie } from '#src/features/access/sessions/cookies.ts';
import { ForgedIdentity, headerReader, UnfitLogin } from '#src/features/access/sign-in/header.ts';
import type { Claims } from '#src/features/access/sign-in/identities.ts';
import { noteForbidden, noteRefusal } from '#src/features/access/sign-in/refusals.ts';
import { limitsOf, singleSignOn, waysOf } from '#src/features/access/sign-in/ways.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { Forbidden, Told } from '#src/platform/errors.ts';
import { refuseCrowd, wantsJson } from '#src/platform/http/errors.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type FoundSession, findSession } from './queries.ts';
import { type Acting, type Actor, can } from './rights.ts';
import type { Permission } from './tables.ts';

/** Who may come through a route. */
export type Access = 'public' | 'signed-in' | Permission;

declare module 'fastify' {
	interface FastifyContextConfig {
		/** Who may come in: everybody, who is signed in, or whose role permits this. Every route says it. */
		access?: Access;
		/**
		 * Demands that who asks has proven lately who they are (sessions/fresh-sign-in.ts); says on which page their form stands,
		 * to come back to.
		 */
		fresh?: (path: string) => string;
		/** What a changing route changes, and so whose version it demands; `new` makes a record. */
		changes?: Noun | 'clients' | 'deals' | 'interactions' | 'merge' | 'new';
	}
	interface FastifyRequest {
		/** The signed-in person; null only on public routes. */
		actorOrNull: Actor | null;
		/** The session that they ask by; null on public routes. */
		sessionOrNull: FoundSession | null;
		/** Whom a trusted proxy in front vouches for; null where none does. */
		vouchedFor: Claims | null;
	}
}

/** 401: not signed in. Drawn as the sign-in page where a page was asked for. */
export class SignInNeeded extends Told {
	readonly status = 401;
	constructor() {
		super('error.signIn');
	}
}

/** The signed-in person of a guarded route. */
export function actorOf(request: FastifyRequest): Actor {
	if (request.actorOrNull === null) throw new SignInNeeded();
	return request.actorOrNull;
}

/** The signed-in person doing something, by the door that they came through, at the time of the request. */
export function acting(request: FastifyRequest): Acting {
	const actor = actorOf(request);
	const { now } = request.viewer;
	const [door, tab] = [doorOf(request), tabOf(request)];
	return { actor, actorId: actor.id, door, now, ip: request.ip, tab };
}

/** The open page that asks, as public/js/stream.js names it; null for any other client. */
function tabOf(request: FastifyRequest): string | null {
	const tab = request.headers['x-tab'];
	return typeof tab === 'string' && /^[\da-f]{16}$/.test(tab) ? tab : null;
}

// History names the door, so nobody may choose it: it is the page that the person was looking at.
function doorOf(request: FastifyRequest): Door {
	if (wantsJson(request)) return 'api';
	const body = request.body as Record<string, unknown> | undefined;
	const seen = request.headers['hx-current-url'] ?? body?.returnTo ?? request.headers.referer;
	if (typeof seen !== 'string' || !URL.canParse(seen, 'http://here')) return 'form';
	const { pathname } = new URL(seen, 'http://here');
	if (pathname === '/board' || pathname === '/agenda') return pathname.slice(1) as Door;
	return /^\/(deals|clients)\/\d+$/.test(pathname) ? 'card' : 'form';
}

type Guard = { connection: Connection; config: Config; now: () => Date };

/** Who reads an answer, before anybody knows who that is: the settings' language and zone. */
export function setUpViewer(
	app: FastifyInstance,
	{ config, now }: Omit<Guard, 'connection'>,
): void {
	app.decorateRequest('viewer');
	app.addHook('onRequest', (request, _reply, done) => {
		request.viewer = viewerAt(now(), config.LANGUAGE, config.TIME_ZONE);
		done();
	});
}

/** Denies by default: a route without an access rule stops the start, a request without a session its route. */
export function setUpGuard(app: FastifyInstance, { connection, config }: Omit<Guard, 'now'>): void {
	app.addHook('onRoute', (route) => {
		if (route.config?.access === undefined)
			throw new Error(`route ${route.method} ${route.url} has no access rule`);
		const changing = [route.method].flat().some((method) => !/^(GET|HEAD)$/.test(method));
		if (changing && route.config.changes === undefined)
			throw new Error(`route ${route.method} ${route.url} does not say what it changes`);
	});
	app.decorateRequest('actorOrNull', null);
	app.decorateRequest('sessionOrNull', null);
	app.decorateRequest('vouchedFor', null);
	const ways = waysOf(config);
	const limits = limitsOf(config);
	const read = singleSignOn(config) === 'header' ? headerReader(config) : () => null;
	app.addHook('onRequest', async (request, reply) => {
		const { now: at } = request.viewer;
		try {
			request.vouchedFor = read(request);
		} catch (error) {
			if (error instanceof ForgedIdentity) await noteForged(connection, request, error);
			if (error instanceof UnfitLogin) await noteUnfit(connection, request, error);
			throw error;
		}
		const access = request.routeOptions.config.access ?? 'public';
		const secret = request.cookies[cookieName(config)];
		// Files and probes must not cost a query.
		const { probe } = request.routeOptions.config;
		if (secret === undefined || probe || request.url.startsWith('/assets/'))
			return refuse(access, null);
		refuseCrowd(connection);
		const session = await findSession(connection.db, sessionIdOf(secret), at);
		// A way that is closed closes its sessions, and the proxy must go on vouching for the same person.
		const stands =
			session !== null &&
			ways.has(session.way) &&
			(session.way !== 'header' || session.subject === request.vouchedFor?.subject);
		if (!stands) return refuse(access, null);
		const { actor } = session;
		request.actorOrNull = actor;
		request.sessionOrNull = session;
		request.viewer = viewerAt(at, actor.language, actor.timeZone, session.workdays);
		refuse(access, actor);
		// What an open page asks for by itself is no sign that somebody is there.
		if (request.headers['x-background'] !== undefined) return;
		const expiresAt = await touchSession(connection.db, secret, session, limits, at);
		if (expiresAt) setSessionCookie(reply, config, secret, expiresAt);
	});
	app.addHook('onSend', async (request, { statusCode }, payload) => {
		if (statusCode === 403 && request.routeOptions.config.changes && request.actorOrNull)
			await noteForbidden(connection.db, acting(request), request);
		return payload;
	});
}

async function noteForged(
	{ db }: Connection,
	request: FastifyRequest,
	{ detail }: ForgedIdentity,
): Promise<void> {
	const address = request.socket.remoteAddress ?? '';
	request.log.warn({ address, detail }, 'forged identity');
	const refusal = {
		way: 'header',
		why: 'error.forgedIdentity',
		login: '',
		address,
		detail,
	} as const;
	await noteRefusal(db, refusal, request.viewer.now);
}

async function noteUnfit(
	{ db }: Connection,
	request: FastifyRequest,
	{ key, header, told }: UnfitLogin,
): Promise<void> {
	const hint = 'set OIDCRemoteUserClaim at the proxy, or REALMS here';
	request.log.warn({ header, login: told, hint }, 'the proxy names no login');
	const address = request.socket.remoteAddress ?? '';
	const refusal = { way: 'header', why: key, login: told, address, detail: header } as const;
	await noteRefusal(db, refusal, request.viewer.now);
}

function refuse(access: Access, actor: Actor | null): void {
	if (access === 'public') return;
	if (actor === null) throw new SignInNeeded();
	if (access !== 'signed-in' && !can(actor, access)) throw new Forbidden('error.forbidden');
}
