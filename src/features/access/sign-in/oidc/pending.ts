import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { behindTls } from '#src/features/access/sessions/cookies.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { seal, secretKey, Unsealable, unseal } from '#src/platform/secrets.ts';
import type { Pending } from './oidc.ts';

const PLACE = 'sign-in';
const MINUTES = 10;
/** Tabs that may be on their way to the directory at once; more would fill up the browser's headers. */
const MOST_TABS = 4;

type Kept = Pending & { returnTo: string; until: number };

/**
 * Sign-ins that are under way, each in a sealed cookie of its own: any instance can finish what another
 * began, two tabs do not disturb each other, and nobody can finish a sign-in in a browser that did not
 * begin it.
 */
export function pendingSignIns(config: Config) {
	const prefix = `${behindTls(config) ? '__Host-' : ''}sign-in-`;
	const key = secretKey(config);
	const nameOf = (state: string) =>
		prefix + createHash('sha256').update(state).digest('hex').slice(0, 12);
	const options = {
		path: '/',
		httpOnly: true,
		sameSite: 'lax',
		secure: behindTls(config),
	} as const;
	const forget = (reply: FastifyReply, name: string) => reply.clearCookie(name, options);

	return {
		keep(request: FastifyRequest, reply: FastifyReply, pending: Pending, returnTo: string): void {
			const others = Object.keys(request.cookies).filter((name) => name.startsWith(prefix));
			for (const name of others.slice(0, Math.max(0, others.length - MOST_TABS + 1)))
				forget(reply, name);
			const until = request.viewer.now.getTime() + MINUTES * 60_000;
			const kept: Kept = { ...pending, returnTo, until };
			reply.setCookie(nameOf(pending.state), seal(key, JSON.stringify(kept), PLACE), {
				...options,
				maxAge: MINUTES * 60,
			});
		},
		/** The sign-in that an answer belongs to, once; null where this browser began none, or too long ago. */
		take(
			request: FastifyRequest,
			reply: FastifyReply,
			state: string,
		): { pending: Pending; returnTo: string } | null {
			const name = nameOf(state);
			const sealed = request.cookies[name];
			if (sealed === undefined) return null;
			forget(reply, name);
			const kept = opened(key, sealed);
			if (kept === null || kept.until < request.viewer.now.getTime()) return null;
			const { returnTo, until: _, ...pending } = kept;
			return { pending, returnTo: localPath(returnTo, '/board') };
		},
	};
}

function opened(key: Buffer, sealed: string): Kept | null {
	try {
		return JSON.parse(unseal(key, sealed, PLACE)) as Kept;
	} catch (error) {
		if (error instanceof Unsealable) return null;
		throw error;
	}
}
