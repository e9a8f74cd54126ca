import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import {
	cancelInteraction,
	completeInteraction,
	logInteraction,
	postponeInteraction,
	type Target,
} from '#src/features/interactions/actions.ts';
import {
	CancellationForm,
	CompletionForm,
	doneStepOf,
	PlanForm,
	PostponementForm,
	postponedTo,
	stepOf,
} from '#src/features/interactions/forms.ts';
import {
	findEditableInteraction,
	findInteraction,
	type InteractionView,
	keptOf,
	nextBeside,
	summaryOf,
} from '#src/features/interactions/queries.ts';
import { cancelSeries } from '#src/features/interactions/series/editing.ts';
import { stepArgs } from '#src/features/next-step/words.ts';
import type { Connection } from '#src/platform/db/client.ts';
import {
	checked,
	day,
	form,
	id,
	optional,
	readForm,
	readQuery,
	text,
} from '#src/platform/forms/readers.ts';
import { dayOf, formatTime } from '#src/platform/i18n/dates.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { answerStep } from './answer.ts';
import { planStep } from './planning.ts';
import { readClientPlan, readCompletion, readDealPlan, suggestedNext } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'interaction' as const } };
const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };
const Params = form({ id: id() });
const NewQuery = form({
	done: optional(checked()),
	kindId: optional(id()),
	plannedDay: optional(day()),
	returnTo: optional(text(500)),
});
const idOf = (request: FastifyRequest) => readQuery(Params, request.params).id;

/** Planning steps, and noting what has been done. */
export function planRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;
	const nouns = [
		{ noun: 'deals', target: (id: number): Target => id, read: readDealPlan },
		{ noun: 'clients', target: (id: number): Target => ({ clientId: id }), read: readClientPlan },
	];
	for (const { noun, target, read } of nouns) {
		const draw = async (
			request: FastifyRequest,
			reply: FastifyReply,
			{ done, kindId, plannedDay }: { done?: boolean; kindId?: number; plannedDay?: string },
			problem: Problem | null,
		) => {
			const plan = await read(db, actorOf(request), idOf(request), request.viewer);
			const asked = { ...(kindId ? { kindId } : {}), ...(plannedDay ? { plannedDay } : {}) };
			const data = { ...plan, values: { ...plan.values, ...asked } };
			const view = done
				? ({ fragment: 'interactions/interaction/_log', title: 'interaction.log', data } as const)
				: ({
						fragment: 'interactions/interaction/_plan',
						title: 'interaction.plan',
						data,
					} as const);
			return await drawForm(request, reply, view, problem);
		};
		app.get(
			`/${noun}/:id/interactions/new`,
			SIGNED_IN,
			async (request, reply) =>
				await draw(request, reply, readQuery(NewQuery, request.query), null),
		);
		app.post(`/${noun}/:id/interactions`, MAKES, async (request, reply) =>
			attempt(
				request,
				async () => await addStep(request, reply, target(idOf(request))),
				async (problem) =>
					await draw(request, reply, { done: Boolean(problem.typed.done) }, problem),
			),
		);
	}

	async function addStep(request: FastifyRequest, reply: FastifyReply, target: Target) {
		const { returnTo, done, ...fields } = readForm(PlanForm, request.body);
		const by = acting(request);
		if (!done) {
			const planned = await once(db, request, (sql) =>
				planStep(sql, by, target, fields, request.viewer),
			);
			return await answerStep(connection, request, reply, { ...planned, made: true, returnTo });
		}
		const change = await once(db, request, async (sql) => {
			const summary = await summaryOf(sql, fields, request.viewer);
			const step = doneStepOf(fields, request.viewer, summary);
			const made = await logInteraction(sql, by, target, step);
			const now = await findInteraction(sql, by.actor, made);
			const undo = wayBack('step.delete', made, { version: '1' });
			const toast = { key: 'toast.completed', args: { summary: now.summary }, undo } as const;
			return { step: keptOf(now), toast, made: true, returnTo };
		});
		return await answerStep(connection, request, reply, change);
	}
}

/** Finishing, postponing and giving up steps. */
export function interactionRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get(
		'/interactions/:id/completion/new',
		SIGNED_IN,
		async (request, reply) => await drawCompletion(request, reply, null),
	);

	async function drawCompletion(
		request: FastifyRequest,
		reply: FastifyReply,
		problem: Problem | null,
	) {
		const data = await readCompletion(db, actorOf(request), idOf(request), request.viewer);
		const view = {
			fragment: 'interactions/interaction/_completion',
			title: 'interaction.complete',
			data,
		};
		return await drawForm(request, reply, { ...view, title: 'interaction.complete' }, problem);
	}

	app.post('/interactions/:id/completion', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { returnTo, version, outcome, ...fields } = readForm(CompletionForm, request.body);
				const { viewer } = request;
				const change = await once(db, request, async (sql) => {
					const next = stepOf(fields, viewer, await summaryOf(sql, fields, viewer));
					const step = await completeInteraction(sql, acting(request), idOf(request), {
						version,
						outcome: outcome ?? null,
						next,
					});
					const { nextId } = step;
					const undone = nextId ? { nextId: String(nextId), nextVersion: '1' } : {};
					const toast = {
						key: 'toast.completed',
						args: { summary: step.summary },
						undo: undoBy(step, undone),
					} as const;
					// A program, too, is asked for the next step, where a form would have asked.
					const bare = step.dealOpen && !(await nextBeside(sql, step, viewer.timeZone));
					const json = { nextId, needsNext: bare ? suggestedNext(step, viewer) : null };
					return { step: keptOf(step), toast, returnTo, json };
				});
				return await answerStep(connection, request, reply, change);
			},
			async (problem) => await drawCompletion(request, reply, problem),
		),
	);

	app.get(
		'/interactions/:id/postponement/new',
		SIGNED_IN,
		async (request, reply) => await drawPostponement(request, reply, null),
	);

	async function drawPostponement(
		request: FastifyRequest,
		reply: FastifyReply,
		problem: Problem | null,
	) {
		const step = await findEditableInteraction(db, actorOf(request), idOf(request));
		const view = { fragment: 'interactions/interaction/_postponement', data: { step } };
		return await drawForm(request, reply, { ...view, title: 'interaction.postpone' }, problem);
	}

	app.post('/interactions/:id/postponement', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { returnTo, version, ...to } = readForm(PostponementForm, request.body);
				const { viewer } = request;
				const change = await once(db, request, async (sql) => {
					const was = await findInteraction(sql, actorOf(request), idOf(request));
					const clock = was.plannedAt ? formatTime(was.plannedAt, viewer) : undefined;
					const plan = postponedTo(to, clock, viewer);
					const step = await postponeInteraction(sql, acting(request), was.id, version, plan);
					const day = was.plannedOn ?? (was.plannedAt && dayOf(was.plannedAt, viewer.timeZone));
					const undo = wayBack('step.postpone', was.id, {
						version: String(step.version),
						plannedDay: day ?? '',
						...(clock ? { plannedTime: clock } : {}),
					});
					const toast = { key: 'toast.postponed', args: stepArgs(step, viewer), undo } as const;
					return { step: keptOf(step), toast, returnTo };
				});
				return await answerStep(connection, request, reply, change);
			},
			async (problem) => await drawPostponement(request, reply, problem),
		),
	);

	app.get(
		'/interactions/:id/cancellation/new',
		SIGNED_IN,
		async (request, reply) => await drawCancellation(request, reply, null),
	);

	async function drawCancellation(
		request: FastifyRequest,
		reply: FastifyReply,
		problem: Problem | null,
	) {
		const step = await findEditableInteraction(db, actorOf(request), idOf(request));
		const view = { fragment: 'interactions/interaction/_cancellation', data: { step } };
		return await drawForm(request, reply, { ...view, title: 'interaction.cancel' }, problem);
	}

	app.post('/interactions/:id/cancellation', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const form = readForm(CancellationForm, request.body);
				const { returnTo, version, reason = null, scope = 'one' } = form;
				const [by, id] = [acting(request), idOf(request)];
				const change = await once(db, request, async (sql) => {
					const step =
						scope === 'one'
							? await cancelInteraction(sql, by, id, version, reason)
							: await cancelSeries(sql, by, id, version, scope, reason);
					const undo = scope === 'one' ? { undo: undoBy(step) } : {};
					const args = { summary: step.summary };
					const toast = { key: 'toast.cancelled', args, ...undo } as const;
					return { step: keptOf(step), toast, returnTo };
				});
				return await answerStep(connection, request, reply, change);
			},
			async (problem) => await drawCancellation(request, reply, problem),
		),
	);
}

function undoBy({ id, version }: InteractionView, fields: Record<string, string> = {}) {
	return wayBack('step.reopen', id, { version: String(version), ...fields });
}
