import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/auth/guard.ts';
import { answerChange } from '#src/features/board/answer.ts';
import { findDeal } from '#src/features/deals/queries.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { formatTime } from '#src/platform/i18n/dates.ts';
import { attempt, drawForm, type Problem } from '#src/platform/web/dialog.ts';
import { form, id, readForm, readQuery } from '#src/platform/web/forms.ts';
import {
	cancelInteraction,
	completeInteraction,
	logInteraction,
	planInteraction,
	postponeInteraction,
} from './actions.ts';
import {
	CancellationForm,
	CompletionForm,
	PlanForm,
	PostponementForm,
	postponedTo,
	stepOf,
	suggestedDay,
} from './forms.ts';
import { findInteraction, listKinds, summaryOf } from './queries.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'interaction' as const } };
const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };
const Params = form({ id: id() });

/** Planning, finishing, postponing and giving up steps. */
export function interactionRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(Params, request.params).id;

	app.get(
		'/deals/:id/interactions/new',
		SIGNED_IN,
		async (request, reply) => await drawPlan(request, reply, null),
	);

	async function drawPlan(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const [deal, kinds] = await Promise.all([
			findDeal(db, actorOf(request), idOf(request)),
			listKinds(db),
		]);
		const data = { deal, kinds, suggested: suggestedDay(1, request.viewer) };
		return await drawForm(
			request,
			reply,
			{ fragment: 'interactions/_plan', title: 'interaction.plan', data },
			problem,
		);
	}

	app.post('/deals/:id/interactions', MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const dealId = idOf(request);
				const { returnTo, done, ...fields } = readForm(PlanForm, request.body);
				if (done) return await answerDone(request, reply, dealId, fields, returnTo);
				const step = stepOf(fields, request.viewer, await summaryOf(db, fields, request.viewer));
				if (step === null) throw new InvalidForm({ plannedDay: { key: 'field.required' } }, {});
				await planInteraction(db, acting(request), dealId, step);
				return await answer(request, reply, dealId, 'toast.planned', step.summary, returnTo);
			},
			async (problem) => await drawPlan(request, reply, problem),
		),
	);

	async function answerDone(
		request: FastifyRequest,
		reply: FastifyReply,
		dealId: number,
		fields: { kindId?: number; summary?: string },
		returnTo: string | undefined,
	) {
		const { kindId } = fields;
		if (kindId === undefined) throw new InvalidForm({ kindId: { key: 'field.choice' } }, {});
		const summary = fields.summary ?? (await summaryOf(db, fields, request.viewer));
		const step = { kindId, summary, outcome: null };
		await logInteraction(db, acting(request), dealId, step);
		return await answer(request, reply, dealId, 'toast.completed', summary, returnTo);
	}

	app.get(
		'/interactions/:id/completion/new',
		SIGNED_IN,
		async (request, reply) => await drawStep(request, reply, 'completion', null),
	);
	app.get(
		'/interactions/:id/postponement/new',
		SIGNED_IN,
		async (request, reply) => await drawStep(request, reply, 'postponement', null),
	);

	async function drawStep(
		request: FastifyRequest,
		reply: FastifyReply,
		verb: 'completion' | 'postponement' | 'cancellation',
		problem: Problem | null,
	) {
		const [step, kinds] = await Promise.all([
			findInteraction(db, actorOf(request), idOf(request)),
			listKinds(db),
		]);
		const data = { step, kinds, suggested: suggestedDay(step.nextInDays, request.viewer) };
		// The way to give a step up stands in the form of its completion.
		const view =
			verb === 'postponement'
				? ({
						fragment: 'interactions/_postponement',
						title: 'interaction.postpone',
						data,
					} as const)
				: ({ fragment: 'interactions/_completion', title: 'interaction.complete', data } as const);
		return await drawForm(request, reply, view, problem);
	}

	app.post('/interactions/:id/completion', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { returnTo, version, outcome, ...fields } = readForm(CompletionForm, request.body);
				const next = stepOf(fields, request.viewer, await summaryOf(db, fields, request.viewer));
				const done = await completeInteraction(db, acting(request), idOf(request), {
					version,
					outcome: outcome ?? null,
					next,
				});
				return await answer(request, reply, done.dealId, 'toast.completed', done.summary, returnTo);
			},
			async (problem) => await drawStep(request, reply, 'completion', problem),
		),
	);

	app.post('/interactions/:id/postponement', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { returnTo, version, ...to } = readForm(PostponementForm, request.body);
				const now = await findInteraction(db, actorOf(request), idOf(request));
				const clock = now.plannedAt ? formatTime(now.plannedAt, request.viewer) : undefined;
				const plan = postponedTo(to, clock, request.viewer);
				const step = await postponeInteraction(db, acting(request), idOf(request), version, plan);
				return await answer(request, reply, step.dealId, 'toast.postponed', step.summary, returnTo);
			},
			async (problem) => await drawStep(request, reply, 'postponement', problem),
		),
	);

	app.post('/interactions/:id/cancellation', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { returnTo, version, reason } = readForm(CancellationForm, request.body);
				const step = await cancelInteraction(
					db,
					acting(request),
					idOf(request),
					version,
					reason ?? null,
				);
				return await answer(request, reply, step.dealId, 'toast.cancelled', step.summary, returnTo);
			},
			async (problem) => await drawStep(request, reply, 'cancellation', problem),
		),
	);

	async function answer(
		request: FastifyRequest,
		reply: FastifyReply,
		dealId: number,
		key: 'toast.planned' | 'toast.completed' | 'toast.postponed' | 'toast.cancelled',
		summary: string,
		returnTo: string | undefined,
	) {
		const { stageId } = await findDeal(db, actorOf(request), dealId);
		const toast = { key, args: { summary } };
		return await answerChange(connection, request, reply, {
			dealId,
			stageIds: [stageId],
			toast,
			returnTo,
		});
	}
}
