import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/auth/guard.ts';
import { answerChange } from '#src/features/board/answer.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { formatMoney } from '#src/platform/i18n/money.ts';
import type { Language } from '#src/platform/i18n/translate.ts';
import { attempt, drawForm, type Problem } from '#src/platform/web/dialog.ts';
import { wantsFragments } from '#src/platform/web/errors.ts';
import { readForm, readQuery } from '#src/platform/web/forms.ts';
import { type Moved, moveDeal, reassignDeal } from './actions.ts';
import { editDeal } from './editing.ts';
import { ClosureQuery, DealParams, DealsQuery, EditForm, MoveForm, OwnerForm } from './forms.ts';
import { readDealList } from './list.ts';
import { isFinal } from './rules.ts';
import { readClosure, readDealMenu, readDealPage, readEditForm, readMoveMenu } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES_DEAL = { config: { access: 'signed-in' as const, changes: 'deal' as const } };

/** The deal's page and the doors to its verbs. */
export function dealRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(DealParams, request.params).id;

	app.get('/deals', SIGNED_IN, async (request, reply) => {
		const query = readQuery(DealsQuery, request.query);
		return await reply.page(
			'deals/list',
			await readDealList(db, actorOf(request), query, request.viewer),
		);
	});

	app.get('/deals/:id', SIGNED_IN, async (request, reply) => {
		const page = await readDealPage(db, actorOf(request), idOf(request), request.viewer);
		return await reply.page('deals/show', page);
	});

	app.get('/deals/:id/menu', SIGNED_IN, async (request, reply) => {
		const data = await readDealMenu(db, actorOf(request), idOf(request));
		return await drawForm(request, reply, { fragment: 'deals/_menu', title: 'deal.menu', data });
	});

	app.get(
		'/deals/:id/edit',
		SIGNED_IN,
		async (request, reply) => await drawEdit(request, reply, null),
	);

	app.post('/deals/:id', CHANGES_DEAL, async (request, reply) =>
		attempt(
			request,
			async () => {
				const dealId = idOf(request);
				const { version, returnTo, was: _, ...form } = readForm(EditForm, request.body);
				const by = acting(request);
				await editDeal(db, by, dealId, version, {
					title: form.title,
					clientName: form.clientName ?? null,
					amount: form.amount ?? null,
					expectedCloseOn: form.expectedCloseOn ?? null,
					probability: form.probability ?? null,
					source: form.source ?? null,
				});
				const { stageId } = await readEditForm(db, by.actor, dealId);
				const toast = { key: 'toast.dealSaved', args: { title: form.title } } as const;
				return await answerChange(connection, request, reply, {
					dealId,
					stageIds: [stageId],
					toast,
					returnTo,
				});
			},
			async (problem) => await drawEdit(request, reply, problem),
		),
	);

	async function drawEdit(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const data = await readEditForm(db, actorOf(request), idOf(request));
		return await drawForm(
			request,
			reply,
			{ fragment: 'deals/_edit', title: 'deal.edit', data },
			problem && onlyTouched(problem),
		);
	}

	app.get('/deals/:id/moves/new', SIGNED_IN, async (request, reply) => {
		const data = await readMoveMenu(db, actorOf(request), idOf(request));
		return await drawForm(request, reply, { fragment: 'deals/_move', title: 'deal.move', data });
	});

	app.get('/deals/:id/closure/new', SIGNED_IN, async (request, reply) => {
		const { stageId } = readQuery(ClosureQuery, request.query);
		return await drawClosure(request, reply, stageId, null);
	});

	async function drawClosure(
		request: FastifyRequest,
		reply: FastifyReply,
		stageId: number,
		problem: Problem | null,
	) {
		const data = await readClosure(db, actorOf(request), idOf(request), stageId);
		const title = data.stage.kind === 'won' ? 'deal.win' : 'deal.lose';
		return await drawForm(request, reply, { fragment: 'deals/_closure', title, data }, problem);
	}

	app.post('/deals/:id/moves', CHANGES_DEAL, async (request, reply) => {
		const dealId = idOf(request);
		return await attempt(
			request,
			async () => {
				const { returnTo, ...move } = readForm(MoveForm, request.body);
				const moved = await moveDeal(db, acting(request), { dealId, ...move });
				return await answerChange(connection, request, reply, {
					...changeOf(moved, request.viewer.language),
					returnTo,
				});
			},
			async (problem) => await refuseMove(request, reply, dealId, problem),
		);
	});

	// A refused move shows where the deal stands; what a final state lacks is asked for in its form.
	async function refuseMove(
		request: FastifyRequest,
		reply: FastifyReply,
		dealId: number,
		problem: Problem,
	) {
		const { deal, stages } = await readMoveMenu(db, actorOf(request), dealId);
		const wanted = stages.find((stage) => stage.id === Number(problem.typed.stageId));
		// A closure's form comes back with all that was typed; a bare drag has nothing to lose.
		if (wanted && isFinal(wanted.kind) && (problem.conflict === null || hasEnding(problem.typed)))
			return await drawClosure(request, reply, wanted.id, problem);
		if (!wantsFragments(request)) {
			const view = { fragment: 'deals/_move', title: 'deal.move', data: { deal, stages } } as const;
			return await drawForm(request, reply, view, problem);
		}
		const args = {
			title: deal.title,
			now: deal.stageName,
			wanted: wanted?.name ?? '',
			by: problem.conflict?.by ?? 'none',
		};
		const key = problem.conflict ? 'toast.moveConflict' : 'toast.moveRefused';
		const toast = { key, args: { ...args, why: problem.message }, error: true } as const;
		const stageIds = stages.map((stage) => stage.id);
		return await answerChange(
			connection,
			request,
			reply,
			{ dealId, stageIds, toast },
			problem.status,
		);
	}

	app.post('/deals/:id/owner', CHANGES_DEAL, async (request, reply) => {
		const dealId = idOf(request);
		return await attempt(
			request,
			async () => {
				const { version, ownerId, returnTo } = readForm(OwnerForm, request.body);
				const by = acting(request);
				await reassignDeal(db, by, dealId, version, ownerId);
				const { deal, stageId } = await readEditForm(db, by.actor, dealId);
				const toast = {
					key: 'toast.reassigned',
					args: { title: deal.title, name: deal.ownerName },
				} as const;
				return await answerChange(connection, request, reply, {
					dealId,
					stageIds: [stageId],
					toast,
					returnTo,
				});
			},
			async (problem) => {
				const data = await readDealMenu(db, actorOf(request), dealId);
				return await drawForm(
					request,
					reply,
					{ fragment: 'deals/_menu', title: 'deal.menu', data },
					problem,
				);
			},
		);
	});
}

// A field that the person has not touched shows what stands there now: saving «mine» must not bring back
// what a colleague has changed meanwhile.
function onlyTouched(problem: Problem): Problem {
	if (problem.conflict === null || !problem.typed.was) return problem;
	const was = new Map<string, unknown>();
	try {
		for (const [name, value] of Object.entries(JSON.parse(problem.typed.was))) was.set(name, value);
	} catch (error) {
		// Not our form's: then everything typed counts as touched.
		if (!(error instanceof SyntaxError)) throw error;
	}
	const typed = Object.entries(problem.typed).filter(([name, value]) => was.get(name) !== value);
	return { ...problem, typed: Object.fromEntries(typed) };
}

const hasEnding = (typed: Record<string, string>) =>
	Boolean(typed.amount || typed.comment || typed.lossReasonId || typed.closedOn);

function changeOf(moved: Moved, language: Language) {
	const { dealId, from, to, version, amount, currency } = moved;
	const worth = amount === null ? 'none' : formatMoney(language, amount, currency);
	const args = { title: moved.title, from: from.name, to: to.name, worth };
	const key =
		from.id === to.id ? 'toast.notMoved' : isFinal(to.kind) ? 'toast.closed' : 'toast.moved';
	const undo = {
		action: `/deals/${dealId}/moves`,
		fields: { stageId: String(from.id), version: String(version) },
	};
	const undoable = from.id !== to.id && !isFinal(from.kind);
	return {
		dealId,
		stageIds: [from.id, to.id],
		toast: { key, args, ...(undoable ? { undo } : {}) } as const,
		json: { version, stageId: to.id },
	};
}
