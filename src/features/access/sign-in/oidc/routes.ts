import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { type EndedSession, endSession } from '#src/features/access/sessions/actions.ts';
import { clearSessionCookie, cookieName } from '#src/features/access/sessions/cookies.ts';
import { enter, entryOf, orRefuse, SignInRefused } from '#src/features/access/sign-in/entry.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { checked, form, optional, readQuery, text } from '#src/platform/forms/readers.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { seal, secretKey, Unsealable, unseal } from '#src/platform/secrets.ts';
import { obeyLogout } from './logout.ts';
import { DirectoryAway, NoLogin, NotBelieved, openDirectory } from './oidc.ts';
import { pendingSignIns } from './pending.ts';

const Query = form({ returnTo: optional(text(500)), again: optional(checked()) });
const PUBLIC = { config: { access: 'public' as const } };
const ENDS = { config: { access: 'public' as const, changes: 'session' as const } };
const MOST_TOKEN = 20_000;

/** Leaving for the company's directory, coming back, signing out, and being signed out by the directory. */
export function oidcRoutes(
	app: FastifyInstance,
	parts: { connection: Connection; config: Config },
): void {
	const { connection, config } = parts;
	const directory = config.OIDC_ISSUER ? openDirectory(config) : null;
	const pendings = directory && pendingSignIns(config);
	const key = directory && secretKey(config);

	app.get('/sign-in/oidc', PUBLIC, async (request, reply) => {
		if (!directory || !pendings) throw new NotFound('error.notFound');
		const { returnTo, again } = readQuery(Query, request.query);
		return await orRefuse(parts, request, reply, 'oidc', async () => {
			const { url, pending } = await directory.begin(again).catch(toRefusal);
			pendings.keep(request, reply, pending, localPath(returnTo, '/board'));
			return reply.header('cache-control', 'no-store').redirect(url, 303);
		});
	});

	app.get('/sign-in/callback', PUBLIC, async (request, reply) => {
		if (!directory || !pendings || !key) throw new NotFound('error.notFound');
		return await orRefuse(parts, request, reply, 'oidc', async () => {
			const { search, state, error } = answerIn(request);
			const kept = pendings.take(request, reply, state);
			if (kept === null) throw new SignInRefused('signIn.lost', { status: 400 });
			if (error === 'access_denied') throw new SignInRefused('signIn.denied', { detail: error });
			const told = await directory.finish(search, kept.pending).catch(toRefusal);
			const { claims, sid, idToken, provenAt } = told;
			const sealed = (id: string) => seal(key, idToken, placeOf(id));
			const account = { issuer: claims.issuer, subject: claims.subject, sid, sealed, provenAt };
			await enter(parts, request, reply, claims, { ...entryOf(request, config, 'oidc'), account });
			return reply.header('cache-control', 'no-store').redirect(kept.returnTo, 303);
		});
	});

	app.post('/sign-out', ENDS, async (request, reply) => {
		const secret = request.cookies[cookieName(config)];
		const by = { now: request.viewer.now, ip: request.ip };
		const ended = secret === undefined ? null : await endSession(connection.db, secret, by);
		clearSessionCookie(reply, config);
		// Whoever comes to this browser next finds nothing that was kept or half typed.
		reply.header('clear-site-data', '"cache", "storage"');
		const away = ended?.way === 'oidc' && key ? await directory?.leave(tokenOf(key, ended)) : null;
		if (!away) return reply.redirect('/sign-in', 303);
		// Not a redirect: browsers let a form of ours lead only to ourselves (form-action), however it goes.
		reply.header('refresh', `0; url=${away}`);
		return await reply.page('access/sign-in/leaving', { away });
	});

	app.post(
		'/sign-out/directory',
		{ ...ENDS, bodyLimit: 2 * MOST_TOKEN },
		async (request, reply) => {
			if (!directory) throw new NotFound('error.notFound');
			reply.header('cache-control', 'no-store');
			const body = request.body as Record<string, unknown> | undefined;
			const token = body?.logout_token;
			try {
				if (typeof token !== 'string' || token.length > MOST_TOKEN)
					throw new NotBelieved('no token');
				const { now } = request.viewer;
				await obeyLogout(connection.db, await directory.readLogout(token, now), now);
				return await reply.code(200).send();
			} catch (error) {
				if (!(error instanceof NotBelieved || error instanceof DirectoryAway)) throw error;
				request.log.warn({ detail: error.message, address: request.ip }, 'logout token refused');
				const status = error instanceof DirectoryAway ? 503 : 400;
				return await reply.code(status).send({ error: 'invalid_request' });
			}
		},
	);
}

const placeOf = (sessionId: string) => `session:${sessionId}`;

function tokenOf(key: Buffer, { id, sealedIdToken }: EndedSession): string | null {
	try {
		return sealedIdToken === null ? null : unseal(key, sealedIdToken, placeOf(id));
	} catch (error) {
		// The key was changed meanwhile: the directory asks the person then.
		if (error instanceof Unsealable) return null;
		throw error;
	}
}

// What came back is judged as it was written: the library refuses what is doubled.
function answerIn(request: FastifyRequest): { search: string; state: string; error: string } {
	const at = request.url.indexOf('?');
	const search = at < 0 ? '' : request.url.slice(at);
	const query = new URLSearchParams(search);
	return { search, state: query.get('state') ?? '', error: query.get('error') ?? '' };
}

function toRefusal(error: unknown): never {
	if (error instanceof DirectoryAway)
		throw new SignInRefused('signIn.away', { status: 503, detail: error.message });
	if (error instanceof NoLogin)
		throw new SignInRefused('signIn.noLogin', { detail: error.message });
	if (error instanceof NotBelieved)
		throw new SignInRefused('signIn.notBelieved', { detail: error.message });
	throw error;
}
