import type { FastifyInstance } from 'fastify';
import type { Config } from '#src/config.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { wantsFragments } from '#src/platform/web/errors.ts';
import { form, optional, readForm, readQuery, text } from '#src/platform/web/forms.ts';
import { localPath } from '#src/platform/web/origin.ts';
import { endSession, startSession } from './actions.ts';
import { cookieName, setSessionCookie } from './guard.ts';
import { listPeople } from './queries.ts';

const SignInQuery = form({ returnTo: optional(text(500)) });
const SignInForm = form({ login: text(100), returnTo: optional(text(500)) });

/** The demo sign-in: there is no single sign-on yet, and the page says so. */
export function authRoutes(
	app: FastifyInstance,
	{ connection, config }: { connection: Connection; config: Config },
): void {
	app.get('/sign-in', { config: { access: 'public' } }, async (request, reply) => {
		const { returnTo } = readQuery(SignInQuery, request.query);
		const people = await listPeople(connection.db);
		return await reply.page('auth/sign-in', {
			people,
			returnTo: localPath(returnTo, '/board'),
			problem: null,
		});
	});

	app.post(
		'/sign-in',
		{ config: { access: 'public', changes: 'session' } },
		async (request, reply) => {
			const { login, returnTo } = readForm(SignInForm, request.body);
			try {
				const session = await startSession(
					connection.db,
					login,
					request.viewer.now,
					request.cookies[cookieName(config)],
				);
				setSessionCookie(reply, config, session.secret, session.expiresAt);
			} catch (error) {
				if (!(error instanceof InvalidForm) || wantsFragments(request)) throw error;
				const people = await listPeople(connection.db);
				reply.code(422);
				return await reply.page('auth/sign-in', {
					people,
					returnTo: localPath(returnTo, '/board'),
					problem: error,
				});
			}
			return reply.redirect(localPath(returnTo, '/board'), 303);
		},
	);

	app.post(
		'/sign-out',
		{ config: { access: 'public', changes: 'session' } },
		async (request, reply) => {
			const secret = request.cookies[cookieName(config)];
			if (secret !== undefined) await endSession(connection.db, secret, request.viewer.now);
			reply.clearCookie(cookieName(config), { path: '/' });
			return reply.redirect('/sign-in', 303);
		},
	);
}
