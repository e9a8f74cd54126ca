import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { answerChange } from '#src/features/deals/board/answer.ts';
import { DealParams, EntryForm, wordsOf } from '#src/features/deals/forms.ts';
import { findDeal } from '#src/features/deals/queries.ts';
import { logInteraction, planInteraction } from '#src/features/interactions/actions.ts';
import { stepOf, suggestedDay } from '#src/features/interactions/forms.ts';
import { answerStep } from '#src/features/interactions/interaction/answer.ts';
import { toastOf } from '#src/features/interactions/interaction/planning.ts';
import {
	findInteraction,
	keptOf,
	listKinds,
	summaryOf,
} from '#src/features/interactions/queries.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import type { Toast } from '#src/platform/pages/flash.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { noteDeal } from './notes.ts';

const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };
const idOf = (request: FastifyRequest) => readQuery(DealParams, request.params).id;

/** The one field for whatever happened: a note, or an interaction of a kind, done just now or planned. */
export function dealEntryRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.post('/deals/:id/entries', MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { kindId, text, returnTo, ...when } = readForm(EntryForm, request.body);
				if (kindId === 'note') return await addNote(request, reply, text, returnTo);
				if (!/^\d+$/.test(kindId)) throw new InvalidForm({ kindId: { key: 'field.choice' } }, {});
				return await addStep(request, reply, { kindId: Number(kindId), text, ...when }, returnTo);
			},
			async (problem) => await drawEntry(request, reply, problem),
		),
	);

	async function addNote(
		request: FastifyRequest,
		reply: FastifyReply,
		text: string | undefined,
		returnTo: string | undefined,
	) {
		if (text === undefined) throw new InvalidForm({ text: { key: 'field.required' } }, {});
		const by = acting(request);
		const dealId = idOf(request);
		const change = await once(db, request, async (sql) => {
			await noteDeal(sql, by, dealId, text);
			const { stageId, title } = await findDeal(sql, by.actor, dealId);
			const toast = { key: 'toast.noted', args: { title } } as const;
			return { dealId, stageIds: [stageId], toast, returnTo };
		});
		return await answerChange(connection, request, reply, change);
	}

	type Said = {
		kindId: number;
		text: string | undefined;
		plan?: boolean;
		plannedDay?: string;
		plannedTime?: string;
	};

	async function addStep(
		request: FastifyRequest,
		reply: FastifyReply,
		{ kindId, text, plan, plannedDay, plannedTime }: Said,
		returnTo: string | undefined,
	) {
		const { viewer } = request;
		const by = acting(request);
		const usual = await summaryOf(db, { kindId }, viewer);
		const { summary, rest } = wordsOf(text, usual);
		const when = { ...(plannedDay && { plannedDay }), ...(plannedTime && { plannedTime }) };
		const step = plan ? stepOf({ kindId, summary, ...when }, viewer) : null;
		const change = await once(db, request, async (sql) => {
			const made = step
				? await planInteraction(sql, by, idOf(request), { ...step, description: rest })
				: await logInteraction(sql, by, idOf(request), { kindId, summary, outcome: rest });
			const now = await findInteraction(sql, by.actor, made);
			const undo = wayBack('step.delete', made, { version: '1' });
			const toast: Toast = plan
				? toastOf(now, viewer)
				: { key: 'toast.completed', args: { summary: now.summary }, undo };
			return { step: keptOf(now), toast, returnTo };
		});
		return await answerStep(connection, request, reply, change);
	}

	// The field comes back in its place, with all that was typed.
	async function drawEntry(request: FastifyRequest, reply: FastifyReply, problem: Problem) {
		const [deal, kinds] = await Promise.all([
			findDeal(db, actorOf(request), idOf(request)),
			listKinds(db),
		]);
		const data = { deal, kinds, suggested: suggestedDay(1, request.viewer) };
		const view = { fragment: 'deals/history/_compose', title: 'interaction.plan', data } as const;
		if (!wantsFragments(request)) return await drawForm(request, reply, view, problem);
		reply.code(problem.status);
		return await reply.fragments('deals/history/composed', {
			...data,
			problem,
			typed: problem.typed,
		});
	}
}
