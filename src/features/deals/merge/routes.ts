import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { listExtraFields } from '#src/features/company/extra-fields/extra-fields.ts';
import { answerChange } from '#src/features/deals/board/answer.ts';
import { readDealMenu } from '#src/features/deals/deal/form-screens.ts';
import { DealParams, RemovalForm } from '#src/features/deals/forms.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { CandidatesQuery, MergeQuery, mergeForm } from './forms.ts';
import { mergeDeals } from './merge.ts';
import type { Choices } from './plan.ts';
import { readCandidates, readMergeForm } from './screen.ts';
import { unmergeDeals } from './unmerge.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES_DEALS = { config: { access: 'signed-in' as const, changes: 'deals' as const } };
const CHANGES_DEAL = { config: { access: 'signed-in' as const, changes: 'deal' as const } };
const idOf = (request: FastifyRequest) => readQuery(DealParams, request.params).id;

/** Two deals that are one are made one, and taken apart again. */
export function dealMergeRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/deals/:id/candidates', SIGNED_IN, async (request, reply) => {
		const { q } = readQuery(CandidatesQuery, request.query);
		const data = await readCandidates(db, actorOf(request), idOf(request), q);
		return await reply.page('deals/merge/candidates', data);
	});

	app.get('/deals/merge', SIGNED_IN, async (request, reply) => {
		const { ids, returnTo } = readQuery(MergeQuery, request.query);
		return await drawMerge(request, reply, ids, returnTo, null);
	});

	async function drawMerge(
		request: FastifyRequest,
		reply: FastifyReply,
		ids: number[],
		returnTo: string | undefined,
		problem: Problem | null,
	) {
		const data = await readMergeForm(db, actorOf(request), ids, request.viewer);
		if (problem) reply.code(problem.status);
		const back = localPath(returnTo, `/deals/${data.survivorId}`);
		const typed = problem?.typed ?? {};
		return await reply.page('deals/merge/merge', { ...data, problem, typed, returnTo: back });
	}

	app.post('/deals/merge', CHANGES_DEALS, async (request, reply) => {
		const Form = mergeForm(await listExtraFields(db, 'deal'));
		const { version: deals, survivorId, returnTo, ...choices } = readForm(Form, request.body);
		return await attempt(
			request,
			async () => {
				const order = { survivorId, deals, choices: choices as Choices };
				const merged = await once(db, request, (sql) => mergeDeals(sql, acting(request), order));
				const { title, mergedId, mergedVersion } = merged;
				const undo = wayBack('deal.separate', mergedId, { version: String(mergedVersion) });
				const toast = { key: 'toast.dealsMerged', args: { title }, undo } as const;
				return leaveFor(request, reply, `/deals/${survivorId}`, toast, merged);
			},
			async (problem) => {
				const ids = deals.map(({ id }) => id);
				return await drawMerge(request, reply, ids, returnTo, problem);
			},
		);
	});

	app.post('/deals/:id/separation', CHANGES_DEAL, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { version, returnTo } = readForm(RemovalForm, request.body);
				const undone = await once(db, request, (sql) =>
					unmergeDeals(sql, acting(request), idOf(request), version),
				);
				const { survivorId, mergedId, kept, stayed, stageIds } = undone;
				const args = { kept: kept.length, stayed };
				return await answerChange(connection, request, reply, {
					...{ dealId: survivorId, stageIds, returnTo },
					toast: { key: 'toast.unmerged', args, open: `/deals/${mergedId}` },
					json: undone,
				});
			},
			async (problem) => {
				const data = await readDealMenu(db, actorOf(request), idOf(request), request.viewer);
				const view = { fragment: 'deals/deal/_menu', title: 'deal.menu', data } as const;
				return await drawForm(request, reply, view, problem);
			},
		),
	);
}
