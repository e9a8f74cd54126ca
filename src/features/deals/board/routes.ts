import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { findClient } from '#src/features/clients/record.ts';
import { groupedStages } from '#src/features/deals/moves/stage-choice.ts';
import { listAllStages, listPipelines, stagesIn } from '#src/features/deals/queries.ts';
import { startDeal } from '#src/features/interactions/actions.ts';
import { InterestForm, stepOf, suggestedDay } from '#src/features/interactions/forms.ts';
import { clashNote } from '#src/features/interactions/interaction/answer.ts';
import { listKinds, summaryOf } from '#src/features/interactions/queries.ts';
import { homeOf, leadsTo } from '#src/features/saved-filters/rules.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { form, id, optional, readForm, readQuery, text } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { pageSeen } from '#src/platform/pages/current-page.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { answerChange } from './answer.ts';
import { readPrint } from './print.ts';
import { readBoard, readMore } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };
const NewInterestQuery = form({
	stageId: optional(id()),
	clientId: optional(id()),
	returnTo: optional(text(500)),
});

/** The board: the page, the rest of a column, the printed table. */
export function boardRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/', SIGNED_IN, async (request, reply) =>
		reply.redirect(homeOf(actorOf(request), 'board'), 303),
	);

	app.get('/board', SIGNED_IN, async (request, reply) => {
		const home = wantsFragments(request) ? null : leadsTo(actorOf(request), 'board', request);
		if (home !== null) return reply.redirect(home, 303);
		const board = await readBoard(db, actorOf(request), request.query, request.viewer);
		if (wantsFragments(request)) return await reply.fragments('deals/board/filtered', board);
		return await reply.page('deals/board/show', board);
	});

	app.get('/board/more', SIGNED_IN, async (request, reply) => {
		const more = await readMore(db, actorOf(request), request.query, request.viewer);
		if (more === null) throw new NotFound('error.notFound');
		return await reply.fragments('deals/board/unfolded', more);
	});

	app.get('/board/print', SIGNED_IN, async (request, reply) => {
		const print = await readPrint(db, actorOf(request), request.query, request.viewer);
		return await reply.page('deals/board/print', print);
	});
}

// A new deal begins in the pipeline of the board that it is made on.
function pipelineSeen(request: FastifyRequest): number | null {
	return Number(pageSeen(request).searchParams.get('pipeline')) || null;
}

/** The quick way to a new deal: client, title, amount and the first step, out of a column of the board. */
export function interestRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/deals/new', SIGNED_IN, async (request, reply) => {
		const { stageId, clientId } = readQuery(NewInterestQuery, request.query);
		return await drawInterest(request, reply, { stageId, clientId }, null);
	});

	async function drawInterest(
		request: FastifyRequest,
		reply: FastifyReply,
		{ stageId, clientId }: { stageId: number | undefined; clientId: number | undefined },
		problem: Problem | null,
	) {
		const [stages, pipelines, kinds, client] = await Promise.all([
			listAllStages(db),
			listPipelines(db),
			listKinds(db),
			clientId === undefined ? null : findClient(db, actorOf(request), clientId),
		]);
		const open = stages.filter((stage) => stage.kind === 'open');
		const stage =
			open.find((one) => one.id === stageId) ?? stagesIn(open, pipelineSeen(request))[0] ?? open[0];
		if (stage === undefined) throw new NotFound('error.notFound');
		const suggested = suggestedDay(1, request.viewer);
		const data = { stage, stages: groupedStages(open, pipelines), kinds, suggested, client };
		return await drawForm(
			request,
			reply,
			{ fragment: 'deals/deal/_new', title: 'deal.new', data },
			problem,
		);
	}

	app.post('/deals', MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { returnTo, ...interest } = readForm(InterestForm, request.body);
				const step = stepOf(
					interest,
					request.viewer,
					await summaryOf(db, interest, request.viewer),
				);
				const { stageId, title, clientName, clientId } = interest;
				const by = acting(request);
				const { dealId, stepId } = await once(db, request, async (sql) => {
					const amount = interest.amount ?? null;
					const asked = { stageId, title, clientName, clientId, amount, step };
					return await startDeal(sql, by, asked);
				});
				const note = stepId === null ? {} : await clashNote(db, request, stepId);
				const toast = { key: 'toast.dealCreated', args: { title }, ...note } as const;
				return await answerChange(connection, request, reply, {
					dealId,
					stageIds: [stageId],
					toast,
					made: true,
					returnTo,
				});
			},
			async (problem) =>
				await drawInterest(
					request,
					reply,
					{ stageId: Number(problem.typed.stageId) || undefined, clientId: undefined },
					problem,
				),
		),
	);
}
