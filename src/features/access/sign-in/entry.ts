import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import {
	type Entry,
	type StartedSession,
	startSession,
} from '#src/features/access/sessions/actions.ts';
import { cookieName, setSessionCookie } from '#src/features/access/sessions/cookies.ts';
import type { Way } from '#src/features/access/tables.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Told } from '#src/platform/errors.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import { admit, type Claims, keepWaiting, LoginTaken } from './identities.ts';
import { noteRefusal } from './refusals.ts';
import { limitsOf, singleSignOn, waysOf } from './ways.ts';

/** A sign-in that came to nothing, as the person is told; `detail` and `login` are for the history. */
export class SignInRefused extends Told {
	readonly status: number;
	readonly login: string;
	readonly detail: string | undefined;
	constructor(
		key: RefusedKey,
		{ status = 403, login = '', detail }: { status?: number; login?: string; detail?: string } = {},
	) {
		super(key, { login });
		this.status = status;
		this.login = login;
		this.detail = detail;
	}
}

type RefusedKey =
	| 'signIn.away'
	| 'signIn.denied'
	| 'signIn.disabled'
	| 'signIn.loginTaken'
	| 'signIn.lost'
	| 'signIn.noIdentity'
	| 'signIn.noLogin'
	| 'signIn.notBelieved'
	| 'signIn.waiting';

type Parts = { connection: Connection; config: Config };

/** By which way and from where a request comes in. */
export function entryOf(request: FastifyRequest, config: Config, way: Way): Entry {
	return {
		way,
		limits: limitsOf(config),
		address: request.ip,
		agent: String(request.headers['user-agent'] ?? ''),
		before: request.cookies[cookieName(config)],
	};
}

/**
 * Lets in whom the directory vouches for: finds or makes the person, starts a session, gives the browser
 * its cookie. Throws SignInRefused.
 */
export async function enter(
	{ connection: { db }, config }: Parts,
	request: FastifyRequest,
	reply: FastifyReply,
	claims: Claims,
	entry: Entry,
): Promise<void> {
	const { now } = request.viewer;
	const admission = {
		newPeople: config.NEW_PEOPLE,
		linkByLogin: config.LINK_BY_LOGIN === 'on',
		language: config.LANGUAGE,
		timeZone: config.TIME_ZONE,
	};
	const { issuer, subject, login } = claims;
	const entered = await transact(db, async (tx) => {
		const admitted = await admit(tx, claims, admission, { now, ip: entry.address });
		if (admitted.state !== 'active') return admitted.state;
		const account = { issuer, subject, ...entry.account };
		return await startSession(tx, admitted.personId, { ...entry, account }, now);
	}).catch(async (error: unknown) => {
		if (!(error instanceof LoginTaken)) throw error;
		await keepWaiting(db, claims, error.personId, now);
		throw new SignInRefused('signIn.loginTaken', { login });
	});
	if (entered === 'waiting') throw new SignInRefused('signIn.waiting', { login });
	if (entered === 'disabled') throw new SignInRefused('signIn.disabled', { login });
	giveCookie(reply, config, entered);
}

/** Gives the browser the cookie of a session that just started. */
export function giveCookie(reply: FastifyReply, config: Config, session: StartedSession): void {
	setSessionCookie(reply, config, session.secret, session.expiresAt);
}

/** Does what a sign-in asks; a refusal is written into the history and drawn as a page that says why. */
export async function orRefuse(
	{ connection: { db }, config }: Parts,
	request: FastifyRequest,
	reply: FastifyReply,
	way: Way,
	work: () => Promise<unknown>,
): Promise<unknown> {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof SignInRefused)) throw error;
		const { key, login, detail, status, args } = error;
		request.log.warn({ way, why: key, login, detail }, 'sign-in refused');
		const refusal = { way, why: key, login, address: request.ip, ...(detail && { detail }) };
		await noteRefusal(db, refusal, request.viewer.now);
		if (wantsJson(request)) throw error;
		reply.code(status);
		return await reply.page('access/sign-in/refused', {
			...{ key, args, id: request.id, waiting: key === 'signIn.waiting' },
			again: singleSignOn(config) === 'oidc' ? '/sign-in/oidc' : '/sign-in?returnTo=%2Fboard',
			local: waysOf(config).has('password'),
		});
	}
}
