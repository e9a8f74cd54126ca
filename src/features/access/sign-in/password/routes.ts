import type { FastifyInstance } from 'fastify';
import type { Config } from '#src/config.ts';
import { startSession } from '#src/features/access/sessions/actions.ts';
import { entryOf, giveCookie } from '#src/features/access/sign-in/entry.ts';
import { waysOf } from '#src/features/access/sign-in/ways.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { form, optional, readForm, readQuery, text } from '#src/platform/forms/readers.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { attempt, type Problem } from '#src/platform/pages/dialog.ts';
import { checkPassword, TooManyTries } from './passwords.ts';

const Query = form({ returnTo: optional(text(500)) });
const PasswordForm = form({
	login: text(100),
	password: text(200),
	returnTo: optional(text(500)),
});
const RETRY_SECONDS = 900;

/** The sign-in of an administrator by a local password, for the day when the single sign-on is down. */
export function passwordRoutes(
	app: FastifyInstance,
	{ connection: { db }, config }: { connection: Connection; config: Config },
): void {
	const open = waysOf(config).has('password');
	const draw = (returnTo: string | undefined, problem: Problem | null) => ({
		problem,
		// A password is never sent back to the page.
		typed: { login: problem?.typed.login ?? '' },
		returnTo: localPath(returnTo, '/board'),
	});

	app.get('/sign-in/local', { config: { access: 'public' } }, async (request, reply) => {
		if (!open) throw new NotFound('error.notFound');
		const { returnTo } = readQuery(Query, request.query);
		return await reply.page('access/sign-in/local', draw(returnTo, null));
	});

	app.post(
		'/sign-in/local',
		{ config: { access: 'public', changes: 'session' } },
		async (request, reply) => {
			if (!open) throw new NotFound('error.notFound');
			return await attempt(
				request,
				async () => {
					const { login, password, returnTo } = readForm(PasswordForm, request.body);
					const { now } = request.viewer;
					const tried = { login, password, address: request.ip };
					const personId = await checkPassword(db, tried, now).catch((error: unknown) => {
						if (error instanceof TooManyTries) reply.header('retry-after', RETRY_SECONDS);
						throw error;
					});
					const entry = entryOf(request, config, 'password');
					giveCookie(reply, config, await startSession(db, personId, entry, now));
					return reply.redirect(localPath(returnTo, '/board'), 303);
				},
				async (problem) => {
					reply.code(problem.status);
					return await reply.page('access/sign-in/local', draw(problem.typed.returnTo, problem));
				},
			);
		},
	);
}
