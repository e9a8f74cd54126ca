import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { readWithExtra } from '#src/features/company/extra-fields/extra-fields.ts';
import { answerChange, type Change } from '#src/features/deals/board/answer.ts';
import { DealParams, EditForm, OwnerForm } from '#src/features/deals/forms.ts';
import { handOverDeal } from '#src/features/deals/handover/reassign.ts';
import { heirOf } from '#src/features/deals/merge/queries.ts';
import { findDealToEdit } from '#src/features/deals/queries.ts';
import type { Connection, Sql, Tx } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { pageSeen } from '#src/platform/pages/current-page.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { drawFacts, standing } from '#src/platform/pages/fields.ts';
import type { Toast } from '#src/platform/pages/flash.ts';
import { mergedBody, mergeEdit } from '#src/platform/pages/three-way-merge.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { findReceiver } from './around.ts';
import { type DealEdit, editDeal } from './editing.ts';
import { readDealMenu, readEditForm } from './form-screens.ts';
import { readDealPage } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES_DEAL = { config: { access: 'signed-in' as const, changes: 'deal' as const } };
const idOf = (request: FastifyRequest) => readQuery(DealParams, request.params).id;

/** The deal's page, its facts and its owner. */
export function dealRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;

	app.get('/deals/:id', SIGNED_IN, async (request, reply) => {
		const { query, viewer } = request;
		const page = await readDealPage(db, actorOf(request), idOf(request), viewer, query);
		const { id, mergedInto } = page.deal;
		if (mergedInto !== null) return reply.redirect(`/deals/${await heirOf(db, id)}`, 303);
		if (!wantsFragments(request)) return await reply.page('deals/deal/show', page);
		return await reply.fragments(
			page.history.continued ? 'deals/history/continued' : 'deals/history/retold',
			page,
		);
	});

	app.get('/deals/:id/menu', SIGNED_IN, async (request, reply) => {
		const data = await readDealMenu(db, actorOf(request), idOf(request), request.viewer);
		return await drawForm(request, reply, {
			fragment: 'deals/deal/_menu',
			title: 'deal.menu',
			data,
		});
	});

	app.get(
		'/deals/:id/edit',
		SIGNED_IN,
		async (request, reply) => await drawEdit(request, reply, null),
	);

	// One field or all of them: the page's facts, the form and programs come by the same door.
	for (const url of ['/deals/:id', '/deals/:id/edit'])
		app.post(url, CHANGES_DEAL, async (request, reply) =>
			attempt(
				request,
				async () => await saveEdit(request, reply),
				async (problem) => await drawEdit(request, reply, problem),
			),
		);

	async function saveEdit(request: FastifyRequest, reply: FastifyReply) {
		const dealId = idOf(request);
		const by = acting(request);
		const { actor } = by;
		const lock = async (tx: Tx) => await findDealToEdit(tx, actor, dealId);
		const edit = async (sql: Sql): Promise<Change> => {
			const { deal, frame, facts } = await readEditForm(sql, actor, dealId, request.viewer);
			const body = mergedBody(request.body, standing(deal, facts));
			const { part, extra } = readWithExtra(EditForm, frame.extraFields, deal.extra, body);
			const { version, returnTo, was: _, ...edit } = part;
			await editDeal(sql, by, dealId, version, { ...edit, extra } as DealEdit);
			const toast = { key: 'toast.dealSaved', args: { title: edit.title ?? deal.title } } as const;
			return { dealId, stageIds: [deal.stageId], toast, returnTo: returnTo ?? undefined };
		};
		const change = await once(db, request, (sql) => mergeEdit(sql, request.body, lock, edit));
		return await answerChange(connection, request, reply, change);
	}

	async function drawEdit(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const dealId = idOf(request);
		const { deal, facts } = await readEditForm(db, actorOf(request), dealId, request.viewer);
		const { version } = deal;
		const action = `/deals/${dealId}/edit`;
		const data = { deal, facts, action, version };
		const view = { fragment: 'deals/deal/_edit', title: 'deal.edit', data } as const;
		return await drawFacts(request, reply, view, problem);
	}

	app.post('/deals/:id/owner', CHANGES_DEAL, async (request, reply) => {
		const dealId = idOf(request);
		return await attempt(
			request,
			async () => {
				const { version, ownerId, note = null, returnTo } = readForm(OwnerForm, request.body);
				const by = acting(request);
				const { seen, ...change } = await once(db, request, async (sql) => {
					const handed = await handOverDeal(sql, by, dealId, version, ownerId, note);
					const { title, stageId } = handed.deal;
					const { name, seen } = await findReceiver(sql, by.actor, dealId);
					const toast: Toast = {
						...{ key: 'toast.reassigned', args: { title, name } },
						...(handed.version === version ? {} : { undo: takeBack(dealId, handed.version) }),
					};
					return { seen, dealId, stageIds: [stageId], toast, returnTo };
				});
				// Its page is not there any more for who gave it out of their sight.
				const home = `/deals/${dealId}`;
				const here = wantsFragments(request)
					? pageSeen(request).pathname
					: localPath(returnTo, home);
				if (!seen && here.startsWith(home)) return leaveFor(request, reply, '/deals', change.toast);
				return await answerChange(connection, request, reply, change);
			},
			async (problem) => {
				const data = await readDealMenu(db, actorOf(request), dealId, request.viewer);
				return await drawForm(
					request,
					reply,
					{ fragment: 'deals/deal/_menu', title: 'deal.menu', data },
					problem,
				);
			},
		);
	});
}

// One deal goes back by the door of many.
const takeBack = (dealId: number, version: number) =>
	wayBack('deals.bulk', 0, { verb: 'back', back: 'owner', deal: `${dealId}.${version}` });
