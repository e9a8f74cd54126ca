import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { listPeople } from '#src/features/access/queries.ts';
import { signInByName } from '#src/features/access/sessions/actions.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { InvalidForm, NotFound } from '#src/platform/errors.ts';
import { form, optional, readForm, readQuery, text } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { enter, entryOf, giveCookie, orRefuse, SignInRefused } from './entry.ts';
import { singleSignOn, waysOf } from './ways.ts';

const SignInQuery = form({ returnTo: optional(text(500)) });
const SignInForm = form({ login: text(100), returnTo: optional(text(500)) });

/**
 * The page of the sign-in, and behind it the demo's, where nothing else is set up. Who was sent here
 * from a page goes straight on to the single sign-on and comes back to it; who signed out chooses.
 */
export function authRoutes(
	app: FastifyInstance,
	parts: { connection: Connection; config: Config },
): void {
	const { connection, config } = parts;
	const ways = waysOf(config);
	const single = singleSignOn(config);

	app.get('/sign-in', { config: { access: 'public' } }, async (request, reply) => {
		const { returnTo } = readQuery(SignInQuery, request.query);
		const target = localPath(returnTo, '/board');
		if (ways.has('demo')) return await demoPage(reply, target, null);
		if (single === null) return reply.redirect(localPage(target), 303);
		if (returnTo === undefined || request.actorOrNull !== null)
			return returnTo === undefined
				? await reply.page('access/sign-in/single', {
						single,
						who: request.vouchedFor?.login ?? null,
						local: ways.has('password'),
					})
				: reply.redirect(target, 303);
		if (single === 'oidc')
			return reply.redirect(`/sign-in/oidc?returnTo=${encodeURIComponent(target)}`, 303);
		return await orRefuse(parts, request, reply, 'header', async () => {
			const claims = request.vouchedFor;
			if (claims === null) throw new SignInRefused('signIn.noIdentity');
			await enter(parts, request, reply, claims, entryOf(request, config, 'header'));
			return reply.redirect(target, 303);
		});
	});

	const demoPage = async (reply: FastifyReply, returnTo: string, problem: InvalidForm | null) =>
		await reply.page('access/sign-in/sign-in', {
			people: await listPeople(connection.db),
			...{ returnTo, problem },
		});

	app.post(
		'/sign-in',
		{ config: { access: 'public', changes: 'session' } },
		async (request: FastifyRequest, reply) => {
			if (!ways.has('demo')) throw new NotFound('error.notFound');
			const { login, returnTo } = readForm(SignInForm, request.body);
			const target = localPath(returnTo, '/board');
			try {
				const entry = entryOf(request, config, 'demo');
				const { now } = request.viewer;
				giveCookie(reply, config, await signInByName(connection.db, login, entry, now));
			} catch (error) {
				if (!(error instanceof InvalidForm) || wantsFragments(request)) throw error;
				reply.code(422);
				return await demoPage(reply, target, error);
			}
			return reply.redirect(target, 303);
		},
	);
}

const localPage = (returnTo: string) => `/sign-in/local?returnTo=${encodeURIComponent(returnTo)}`;
