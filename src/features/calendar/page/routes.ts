import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { DealsQuery, SlotForm, SlotQuery } from '#src/features/calendar/forms.ts';
import { titleOf } from '#src/features/calendar/words.ts';
import { answerStep } from '#src/features/interactions/interaction/answer.ts';
import { planStep } from '#src/features/interactions/interaction/planning.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { findDeals, readSlotForm, type Slot, targetChosen } from './planning.ts';
import { readCalendarPage } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
/** The calendar: its page, and a step planned in one of its slots. What is dragged is an edit of the interaction. */
export function calendarRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/calendar', SIGNED_IN, async (request, reply) => {
		const screen = await readCalendarPage(db, actorOf(request), request.query, request.viewer);
		const data = { ...screen, title: titleOf(screen.filter, request.viewer) };
		if (wantsFragments(request)) return await reply.fragments('calendar/page/turned', data);
		return await reply.page('calendar/page/show', data);
	});

	app.get('/calendar/print', SIGNED_IN, async (request, reply) => {
		const screen = await readCalendarPage(db, actorOf(request), request.query, request.viewer);
		return await reply.page('calendar/page/print', {
			...screen,
			title: titleOf(screen.filter, request.viewer),
		});
	});

	app.get('/calendar/new', SIGNED_IN, async (request, reply) => {
		const query = readQuery(SlotQuery, request.query);
		return await draw(request, reply, slotOf(query, request.viewer), null);
	});

	async function draw(
		request: FastifyRequest,
		reply: FastifyReply,
		slot: Slot,
		problem: Problem | null,
	) {
		const clientName = problem?.typed.clientName ?? '';
		const data = await readSlotForm(db, actorOf(request), slot, clientName);
		return await drawForm(
			request,
			reply,
			{ fragment: 'calendar/page/_new', title: 'calendar.plan', data },
			problem,
		);
	}

	app.get('/calendar/new/deals', SIGNED_IN, async (request, reply) => {
		const { clientName = '' } = readQuery(DealsQuery, request.query);
		const found = await findDeals(db, actorOf(request), clientName);
		return await reply.fragments('calendar/page/deals-found', found);
	});

	app.post(
		'/calendar/steps',
		{ config: { access: 'signed-in', changes: 'new' } },
		async (request, reply) =>
			attempt(
				request,
				async () => await plan(request, reply),
				(problem) => draw(request, reply, slotOf({}, request.viewer), problem),
			),
	);

	async function plan(request: FastifyRequest, reply: FastifyReply) {
		const { clientName, dealId, returnTo, ...fields } = readForm(SlotForm, request.body);
		const by = acting(request);
		const planned = await once(db, request, async (sql) => {
			const target = await targetChosen(sql, by.actor, { clientName, dealId });
			return await planStep(sql, by, target, fields, request.viewer);
		});
		return await answerStep(connection, request, reply, { ...planned, made: true, returnTo });
	}
}

const slotOf = (query: { day?: string; time?: string; owner?: number }, viewer: Viewer): Slot => ({
	day: query.day ?? viewer.today,
	time: query.time ?? null,
	owner: query.owner ?? null,
});
