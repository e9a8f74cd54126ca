import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { demand } from '#src/features/access/rights.ts';
import { answerChange } from '#src/features/deals/board/answer.ts';
import { copyDeal } from '#src/features/deals/deal/copying.ts';
import { readDealMenu, readRemoval } from '#src/features/deals/deal/form-screens.ts';
import { CopyForm, DealParams, RemovalForm } from '#src/features/deals/forms.ts';
import { findDeal } from '#src/features/deals/queries.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { pageSeen } from '#src/platform/pages/current-page.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { archiveDeal } from './archive.ts';
import { recoverDeal, removeDeal } from './removal.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };
const CHANGES_DEAL = { config: { access: 'signed-in' as const, changes: 'deal' as const } };
const idOf = (request: FastifyRequest) => readQuery(DealParams, request.params).id;

/** Deals are made again, put into the archive, deleted and brought back. */
export function dealRemovalRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.post('/deals/:id/copies', MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { title: typed } = readForm(CopyForm, request.body);
				const by = acting(request);
				const { made, title } = await once(db, request, async (sql) => {
					const { title: old } = await findDeal(sql, by.actor, idOf(request));
					const title = typed ?? translate(request.viewer.language, 'deal.copyOf', { title: old });
					return { made: await copyDeal(sql, by, idOf(request), title), title };
				});
				const toast = { key: 'toast.dealCopied', args: { title } } as const;
				return leaveFor(request, reply, `/deals/${made}`, toast, { dealId: made });
			},
			async (problem) => await drawMenu(request, reply, problem),
		),
	);

	async function drawMenu(request: FastifyRequest, reply: FastifyReply, problem: Problem) {
		const data = await readDealMenu(db, actorOf(request), idOf(request), request.viewer);
		const view = { fragment: 'deals/deal/_menu', title: 'deal.menu', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.get(
		'/deals/:id/removal',
		SIGNED_IN,
		async (request, reply) => await drawRemoval(request, reply, null),
	);

	async function drawRemoval(
		request: FastifyRequest,
		reply: FastifyReply,
		problem: Problem | null,
	) {
		const actor = actorOf(request);
		const data = await readRemoval(db, actor, idOf(request));
		demand({ actor }, 'deals.remove');
		const view = { fragment: 'deals/removal/_removal', title: 'deal.remove', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.post('/deals/:id/removal', CHANGES_DEAL, async (request, reply) =>
		attempt(
			request,
			async () => {
				const dealId = idOf(request);
				const { version, returnTo } = readForm(RemovalForm, request.body);
				const { title, stageId } = await once(db, request, async (sql) => {
					const { title, stageId } = await removeDeal(sql, acting(request), dealId, version);
					return { dealId, title, stageId };
				});
				const undo = wayBack('deal.recover', dealId, { version: String(version) });
				const toast = { key: 'toast.dealRemoved', args: { title }, undo } as const;
				// Its page is not there any more.
				const home = `/deals/${dealId}`;
				const seen = wantsFragments(request)
					? pageSeen(request).pathname
					: localPath(returnTo, home);
				if (seen.startsWith(home)) return leaveFor(request, reply, '/deals', toast, { dealId });
				return await answerChange(connection, request, reply, {
					...{ dealId, home: '/deals', stageIds: [stageId], toast, returnTo },
				});
			},
			async (problem) => await drawRemoval(request, reply, problem),
		),
	);

	for (const [noun, archived] of [
		['archive', true],
		['restoration', false],
	] as const)
		app.post(`/deals/:id/${noun}`, CHANGES_DEAL, async (request, reply) =>
			attempt(
				request,
				async () => {
					const dealId = idOf(request);
					const { version, returnTo } = readForm(RemovalForm, request.body);
					const done = await once(db, request, async (sql) => ({
						...{ dealId, ...(await archiveDeal(sql, acting(request), dealId, version, archived)) },
					}));
					const way = archived ? 'deal.restore' : 'deal.archive';
					const undo = wayBack(way, dealId, { version: String(done.version) });
					const key = archived ? 'toast.dealArchived' : 'toast.dealRestored';
					const toast = { key, args: { title: done.title }, undo } as const;
					return await answerChange(connection, request, reply, {
						...{ dealId, stageIds: [done.stageId], toast, returnTo },
						json: { version: done.version },
					});
				},
				async (problem) => await drawMenu(request, reply, problem),
			),
		);

	app.post('/deals/:id/recovery', CHANGES_DEAL, async (request, reply) =>
		attempt(
			request,
			async () => {
				const dealId = idOf(request);
				const { version, returnTo } = readForm(RemovalForm, request.body);
				const { title, stageId } = await once(db, request, async (sql) => {
					const { title, stageId } = await recoverDeal(sql, acting(request), dealId, version);
					return { dealId, title, stageId };
				});
				const toast = { key: 'toast.dealRecovered', args: { title } } as const;
				return await answerChange(connection, request, reply, {
					...{ dealId, stageIds: [stageId], toast, returnTo },
				});
			},
			async (problem) => await drawRemoval(request, reply, problem),
		),
	);
}
