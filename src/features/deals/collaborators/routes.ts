import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { answerChange } from '#src/features/deals/board/answer.ts';
import { readHelpers } from '#src/features/deals/deal/form-screens.ts';
import { CollaboratorForm, DealParams } from '#src/features/deals/forms.ts';
import { type DealView, findDeal } from '#src/features/deals/queries.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { keepToast } from '#src/platform/pages/flash.ts';
import { addCollaborator, removeCollaborator } from './collaborators.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES_DEAL = { config: { access: 'signed-in' as const, changes: 'deal' as const } };
const idOf = (request: FastifyRequest) => readQuery(DealParams, request.params).id;

/** Who helps with a deal. */
export function collaboratorRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get(
		'/deals/:id/collaborators/new',
		SIGNED_IN,
		async (request, reply) => await draw(request, reply, null),
	);

	async function draw(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const data = await readHelpers(db, actorOf(request), idOf(request));
		const view = {
			fragment: 'deals/deal/_collaborator',
			title: 'deal.addCollaborator',
			data,
		} as const;
		return await drawForm(request, reply, view, problem);
	}

	const doors = [
		{ path: 'collaborators', change: addCollaborator },
		{ path: 'collaborators/removal', change: removeCollaborator },
	];
	for (const { path, change } of doors)
		app.post(`/deals/:id/${path}`, CHANGES_DEAL, async (request, reply) =>
			attempt(
				request,
				async () => {
					const { version, personId, returnTo } = readForm(CollaboratorForm, request.body);
					const by = acting(request);
					const deal = await once(db, request, async (sql) => {
						const { id, title, stageId } = await findDeal(sql, by.actor, idOf(request));
						await change(sql, by, id, { version, personId });
						return { id, title, stageId };
					});
					return await answer(request, reply, deal, returnTo);
				},
				async (problem) => await draw(request, reply, problem),
			),
		);

	// Who has let themselves go does not see the deal any more: its page would be none.
	async function answer(
		request: FastifyRequest,
		reply: FastifyReply,
		deal: Pick<DealView, 'id' | 'title' | 'stageId'>,
		returnTo: string | undefined,
	) {
		const toast = { key: 'toast.dealSaved', args: { title: deal.title } } as const;
		const change = { dealId: deal.id, stageIds: [deal.stageId], toast, returnTo };
		try {
			await findDeal(db, actorOf(request), deal.id);
		} catch (error) {
			if (!(error instanceof NotFound)) throw error;
			if (wantsJson(request)) return { dealId: deal.id };
			keepToast(reply, toast);
			if (!wantsFragments(request)) return reply.redirect('/board', 303);
			return reply.header('hx-redirect', '/board').send('');
		}
		return await answerChange(connection, request, reply, change);
	}
}
