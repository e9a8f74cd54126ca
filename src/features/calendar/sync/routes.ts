import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Gauge } from 'prom-client';
import type { Config } from '#src/config.ts';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { AccountForm, AnswerForm, RoundParams } from '#src/features/calendar/forms.ts';
import type { Reader, TakenEvent } from '#src/features/calendar/ical/reading.ts';
import type { Connection, Sql } from '#src/platform/db/client.ts';
import { form, readForm, readQuery } from '#src/platform/forms/readers.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { attempt, type Problem } from '#src/platform/pages/dialog.ts';
import { countStates, findAccount } from './account-view.ts';
import { connectCalendar, disconnectCalendar } from './accounts.ts';
import { answerQuestion } from './answers.ts';
import { standing, titleIn } from './merge.ts';
import { askUndo } from './undo.ts';

const Nothing = form({});

/** The page where a person connects with the company's calendar server, sees how it goes, and disconnects. */
export function accountRoutes(
	app: FastifyInstance,
	{ connection, config }: { connection: Connection; config: Config },
): void {
	const { db } = connection;
	const makes = { config: { access: 'signed-in' as const, changes: 'new' as const } };

	watchAccounts(app, connection);

	app.get(
		'/calendar/account',
		{ config: { access: 'signed-in' } },
		async (request, reply) => await draw(request, reply, null),
	);

	async function draw(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const actor = actorOf(request);
		const account = await findAccount(db, actor.id, request.viewer.now);
		const reader: Reader = { zone: actor.timeZone, now: request.viewer.now };
		const read = (ics: string): TakenEvent | null => standing(ics, null, null, reader);
		const strangers = (account?.strangers ?? []).map(({ text: ics }) => ({
			ics,
			event: read(ics),
		}));
		const faults = (account?.faults ?? []).map(({ text, ...one }) => ({
			...one,
			title: titleIn(text ?? ''),
			event: text === null ? null : read(text),
		}));
		if (problem) reply.code(problem.status);
		// A password goes nowhere but to the server that asks for it, not even back into its own field.
		const { password: _, ...typed } = problem?.typed ?? {};
		const server = config.CALDAV_URL;
		return await reply.page('calendar/sync/account', {
			...{ account, strangers, faults, server, problem, typed },
		});
	}

	app.post('/calendar/account', makes, async (request, reply) =>
		attempt(
			request,
			async () => {
				await connectCalendar(db, acting(request), config, readForm(AccountForm, request.body));
				await syncNow(db, actorOf(request).id);
				return await reply.redirect('/calendar/account', 303);
			},
			(problem) => draw(request, reply, problem),
		),
	);

	async function syncNow(sql: Sql, personId: number): Promise<void> {
		const key = `calendar:${personId}`;
		await enqueue(sql, 'calendar.sync', { personId }, { key, queue: key, attempts: 3 });
	}

	app.post('/calendar/account/rounds', makes, async (request, reply) => {
		readForm(Nothing, request.body);
		await once(db, request, (sql) => syncNow(sql, actorOf(request).id));
		return await reply.redirect('/calendar/account', 303);
	});

	app.post('/calendar/account/answer', makes, async (request, reply) =>
		attempt(
			request,
			async () => {
				await once(db, request, async (sql) => {
					await answerQuestion(sql, acting(request), readForm(AnswerForm, request.body).answer);
					await syncNow(sql, actorOf(request).id);
				});
				return await reply.redirect('/calendar/account', 303);
			},
			(problem) => draw(request, reply, problem),
		),
	);

	app.post('/calendar/account/rounds/:id/undoing', makes, async (request, reply) => {
		readForm(Nothing, request.body);
		const { id: roundId } = readQuery(RoundParams, request.params);
		const personId = actorOf(request).id;
		const queue = `calendar:${personId}`;
		const key = `calendar-undo:${roundId}`;
		await once(db, request, async (sql) => {
			await askUndo(sql, acting(request), roundId);
			await enqueue(sql, 'calendar.undo', { personId, roundId }, { key, queue, attempts: 3 });
		});
		return await reply.redirect('/calendar/account', 303);
	});

	app.post('/calendar/account/removal', makes, async (request, reply) => {
		readForm(Nothing, request.body);
		await once(db, request, (sql) => disconnectCalendar(sql, acting(request)));
		return await reply.redirect('/calendar/account', 303);
	});
}

function watchAccounts(app: FastifyInstance, { db }: Connection): void {
	new Gauge({
		name: 'calendar_accounts',
		help: 'Calendars of people on the company’s server, by how their last round went.',
		labelNames: ['state'],
		registers: [app.metrics],
		async collect() {
			// A database that is away must not take the other figures with it.
			const states = await countStates(db).catch(() => []);
			this.reset();
			for (const { state, n } of states) this.set({ state }, n);
		},
	});
}
