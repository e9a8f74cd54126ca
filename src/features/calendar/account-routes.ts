import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { acting, actorOf } from '#src/features/auth/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { attempt, type Problem } from '#src/platform/web/dialog.ts';
import { form, readForm } from '#src/platform/web/forms.ts';
import { connectCalendar, disconnectCalendar, findAccount } from './accounts.ts';
import { AccountForm } from './forms.ts';
import { readCalendar, type TakenEvent } from './reading.ts';

const Nothing = form({});

/** The page where a person connects with the company's calendar server, sees how it goes, and disconnects. */
export function accountRoutes(
	app: FastifyInstance,
	{ connection, config }: { connection: Connection; config: Config },
): void {
	const { db } = connection;
	const makes = { config: { access: 'signed-in' as const, changes: 'new' as const } };

	app.get(
		'/calendar/account',
		{ config: { access: 'signed-in' } },
		async (request, reply) => await draw(request, reply, null),
	);

	async function draw(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const actor = actorOf(request);
		const account = await findAccount(db, actor.id, request.viewer.now);
		const strangers = (account?.strangers ?? []).map(({ text: ics }) => ({
			ics,
			event: firstEvent(ics, actor.timeZone),
		}));
		if (problem) reply.code(problem.status);
		// A password goes nowhere but to the server that asks for it, not even back into its own field.
		const { password: _, ...typed } = problem?.typed ?? {};
		const server = config.CALDAV_URL;
		return await reply.page('calendar/account', { account, strangers, server, problem, typed });
	}

	app.post('/calendar/account', makes, async (request, reply) =>
		attempt(
			request,
			async () => {
				await connectCalendar(db, acting(request), config, readForm(AccountForm, request.body));
				await syncNow(actorOf(request).id);
				return await reply.redirect('/calendar/account', 303);
			},
			(problem) => draw(request, reply, problem),
		),
	);

	async function syncNow(personId: number): Promise<void> {
		const key = `calendar:${personId}`;
		await enqueue(db, 'calendar.sync', { personId }, { key, queue: key, attempts: 3 });
	}

	app.post('/calendar/account/rounds', makes, async (request, reply) => {
		readForm(Nothing, request.body);
		await syncNow(actorOf(request).id);
		return await reply.redirect('/calendar/account', 303);
	});

	app.post('/calendar/account/removal', makes, async (request, reply) => {
		readForm(Nothing, request.body);
		await disconnectCalendar(db, acting(request));
		return await reply.redirect('/calendar/account', 303);
	});
}

function firstEvent(ics: string, zone: string): TakenEvent | null {
	try {
		return readCalendar(ics, zone)[0] ?? null;
	} catch {
		// What cannot be read is listed all the same, without words.
		return null;
	}
}
