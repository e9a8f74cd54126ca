import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { answerChange } from '#src/features/deals/board/answer.ts';
import { listAllStages } from '#src/features/deals/queries.ts';
import { postponeInteraction } from '#src/features/interactions/actions.ts';
import { clashNote } from '#src/features/interactions/interaction/answer.ts';
import { findInteraction } from '#src/features/interactions/queries.ts';
import { plannedWords } from '#src/features/next-step/words.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { form, id, readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, type Problem } from '#src/platform/pages/dialog.ts';
import type { Toast } from '#src/platform/pages/flash.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { DateForm, datePlan } from './forms.ts';

const CHANGES = { config: { access: 'signed-in' as const, changes: 'interaction' as const } };
const Params = form({ id: id() });

/** The date of a next step, moved by dropping its card on a stretch of days. */
export function dateRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;

	app.post('/interactions/:id/date', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => await moveDate(request, reply),
			async (problem) => await refuse(request, reply, problem),
		),
	);

	async function moveDate(request: FastifyRequest, reply: FastifyReply) {
		const { version, returnTo, ...asked } = readForm(DateForm, request.body);
		const { viewer } = request;
		const stepId = readQuery(Params, request.params).id;
		const { dealId, toast } = await once(db, request, async (sql) => {
			const step = await findInteraction(sql, actorOf(request), stepId);
			const plan = datePlan(asked, step, viewer);
			await postponeInteraction(sql, acting(request), stepId, version, plan);
			const when = plannedWords({ plannedOn: null, plannedAt: null, ...plan }, viewer);
			const before = step.plannedOn
				? { plannedOn: step.plannedOn }
				: { plannedAt: step.plannedAt?.toISOString() ?? '' };
			const toast: Toast = {
				key: 'toast.dateMoved',
				args: { title: step.dealTitle ?? step.summary, when },
				undo: wayBack('step.date', stepId, { version: String(version + 1), ...before }),
				...(await clashNote(sql, request, stepId)),
			};
			return { dealId: step.dealId, toast };
		});
		return await answer(request, reply, dealId, toast, 200, returnTo);
	}

	// The card goes home, and the toast says why.
	async function refuse(request: FastifyRequest, reply: FastifyReply, problem: Problem) {
		const { status, message, conflict } = problem;
		if (!wantsFragments(request))
			return await reply.code(status).page('shared/error', { status, message });
		const step = await findInteraction(db, actorOf(request), readQuery(Params, request.params).id);
		const args = { title: step.dealTitle ?? step.summary, by: conflict?.by ?? 'none' };
		const toast: Toast = conflict
			? { key: 'toast.dateConflict', args, error: true }
			: { key: 'toast.dateRefused', args: { ...args, why: message }, error: true };
		return await answer(request, reply, step.dealId, toast, status);
	}

	async function answer(
		request: FastifyRequest,
		reply: FastifyReply,
		dealId: number | null,
		toast: Toast,
		status: number,
		returnTo?: string,
	) {
		const stageIds = (await listAllStages(db)).map((stage) => stage.id);
		const change = { dealId, home: '/board?view=dates', stageIds, toast, returnTo };
		return await answerChange(connection, request, reply, change, status);
	}
}
