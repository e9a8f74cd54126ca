import { sql } from 'drizzle-orm';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { actorOf } from '#src/features/access/guard.ts';
import { singleSignOn, waysOf } from '#src/features/access/sign-in/ways.ts';
import type { Connection, Sql } from '#src/platform/db/client.ts';
import { form, optional, readQuery, text } from '#src/platform/forms/readers.ts';
import { wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import type { Problem } from '#src/platform/pages/dialog.ts';

/*
 * Who gives rights has proven lately who they are: a browser that was left open, or a cookie that was taken, gives
 * none. Who is asked to sign in again comes back to the form with what they had typed.
 */

const MINUTES = 15;
const HELD_MS = 3_600_000;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const Query = form({ held: optional(text(36)) });

/** Asks for a new sign-in before a route that demands one, and keeps what was typed; and the page that asks. */
export function setUpFresh(
	app: FastifyInstance,
	{ connection: { db }, config }: { connection: Connection; config: Config },
): void {
	const ways = waysOf(config);

	app.addHook('preHandler', async (request, reply) => {
		const { fresh } = request.routeOptions.config;
		if (fresh === undefined || isFresh(request)) return;
		return await askAgain(db, request, reply, fresh(request.url.split('?')[0] as string));
	});

	app.get('/sign-in/again', { config: { access: 'signed-in' } }, async (request, reply) => {
		const { held } = readQuery(Query, request.query);
		const { id } = actorOf(request);
		const { rows } = await db.execute<{ back: string | null; login: string }>(sql`
			select (select back from held_forms where id = ${idIn(held)} and person_id = ${id}) as back, login
			from people where id = ${id}`);
		const { back = null, login = '' } = rows[0] ?? {};
		return await reply.page('access/sessions/again', {
			...{ login, minutes: MINUTES, demo: ways.has('demo'), local: ways.has('password') },
			oidc: singleSignOn(config) === 'oidc',
			returnTo: back === null ? '/admin' : `${back}?held=${held}`,
		});
	});
}

/**
 * Asks whoever did not sign in of late to do so again, where only what is asked says that this is needed; they come back to
 * `back`. Returns whether it has answered.
 */
export async function askedAgain(
	db: Sql,
	request: FastifyRequest,
	reply: FastifyReply,
	back: string,
): Promise<boolean> {
	if (isFresh(request)) return false;
	await askAgain(db, request, reply, back);
	return true;
}

// A proxy vouches for who it is with every request: when it asks for a password is its business.
function isFresh({ sessionOrNull: session, viewer: { now } }: FastifyRequest): boolean {
	if (session === null || session.way === 'header') return true;
	return now.getTime() - session.provenAt.getTime() <= MINUTES * 60_000;
}

async function askAgain(
	db: Sql,
	request: FastifyRequest,
	reply: FastifyReply,
	back: string,
): Promise<unknown> {
	if (wantsJson(request)) {
		const key = 'error.freshSignIn';
		const message = translate(request.viewer.language, key, { minutes: MINUTES });
		return await reply.code(401).send({ error: { message, requestId: request.id, key } });
	}
	const target = `/sign-in/again?held=${await holdForm(db, request, back)}`;
	if (wantsFragments(request)) return await reply.header('hx-redirect', target).send('');
	return await reply.redirect(target, 303);
}

async function holdForm(db: Sql, request: FastifyRequest, back: string): Promise<string> {
	const { now } = request.viewer;
	const typed = Object.entries(request.body as Record<string, unknown>);
	const fields = Object.fromEntries(typed.filter(([, value]) => typeof value === 'string'));
	const { rows } = await db.execute<{ id: string }>(sql`
		with old as (delete from held_forms where at < ${new Date(now.getTime() - HELD_MS)})
		insert into held_forms (person_id, back, fields, at)
		values (${actorOf(request).id}, ${back}, ${JSON.stringify(fields)}, ${now}) returning id`);
	return rows[0]?.id as string;
}

const idIn = (held: string | undefined) => (held !== undefined && UUID.test(held) ? held : null);

/** What the person had typed in the form of this address before they signed in again, to draw it with; else null. */
export async function takeHeld(db: Sql, request: FastifyRequest): Promise<Problem | null> {
	const { held } = request.query as { held?: unknown };
	const id = typeof held === 'string' ? idIn(held) : null;
	if (id === null) return null;
	const { rows } = await db.execute<{ fields: Record<string, string> }>(sql`
		delete from held_forms where id = ${id} and person_id = ${actorOf(request).id}
			and back = ${request.url.split('?')[0]} returning fields`);
	if (rows[0] === undefined) return null;
	const message = translate(request.viewer.language, 'signIn.provedAgain');
	return { status: 200, message, fields: {}, conflict: null, typed: rows[0].fields };
}
