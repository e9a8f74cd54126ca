import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { StaticDecode } from 'typebox';
import type { Settled } from '#src/event-shapes.ts';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { readWithExtra } from '#src/features/company/extra-fields/extra-fields.ts';
import { type Move, type Moved, moveDeal } from '#src/features/deals/actions.ts';
import { answerChange } from '#src/features/deals/board/answer.ts';
import {
	readClosure,
	readEditForm,
	readEntry,
	readMoveMenu,
} from '#src/features/deals/deal/form-screens.ts';
import { ClosureQuery, DealParams, MoveForm } from '#src/features/deals/forms.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import type { Connection, Sql } from '#src/platform/db/client.ts';
import { form, readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { formatMoney } from '#src/platform/i18n/money.ts';
import type { Language } from '#src/platform/i18n/translate.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, filledIn, type Problem } from '#src/platform/pages/dialog.ts';
import type { Toast } from '#src/platform/pages/flash.ts';
import { wayBack } from '#src/platform/pages/undo.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES_DEAL = { config: { access: 'signed-in' as const, changes: 'deal' as const } };
const idOf = (request: FastifyRequest) => readQuery(DealParams, request.params).id;

/** Moves of deals between states, and what states ask for. */
export function dealMoveRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/deals/:id/moves/new', SIGNED_IN, async (request, reply) => {
		const data = await readMoveMenu(db, actorOf(request), idOf(request));
		return await drawForm(request, reply, {
			fragment: 'deals/moves/_move',
			title: 'deal.move',
			data,
		});
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
		const data = await readClosure(db, actorOf(request), idOf(request), stageId, request.viewer);
		const title = data.stage.kind === 'won' ? 'deal.win' : 'deal.lose';
		return await drawForm(
			request,
			reply,
			{ fragment: 'deals/moves/_closure', title, data },
			problem,
		);
	}

	app.post('/deals/:id/moves', CHANGES_DEAL, async (request, reply) => {
		const dealId = idOf(request);
		return await attempt(
			request,
			async () => {
				const change = await once(db, request, async (sql) => {
					const { returnTo, ...move } = await readMove(sql, request, dealId);
					const moved = await moveDeal(sql, acting(request), move);
					return { ...changeOf(moved, request.viewer.language), returnTo };
				});
				return await answerChange(connection, request, reply, change);
			},
			async (problem) => await refuseMove(request, reply, dealId, problem),
		);
	});

	// Extra fields are the company's own: which there are is asked only where a form has some.
	async function readMove(
		sql: Sql,
		request: FastifyRequest,
		dealId: number,
	): Promise<Move & Returning> {
		const { body } = request;
		if (typeof body !== 'object' || body === null || Array.isArray(body))
			return moveOf(dealId, readForm(MoveForm, body));
		const own = Object.entries(body).filter(([name]) => !name.startsWith('extra_'));
		const move = moveOf(dealId, readForm(MoveForm, Object.fromEntries(own)));
		const more = Object.entries(body).filter(([name]) => name.startsWith('extra_'));
		if (more.length === 0) return move;
		const { deal, frame } = await readEditForm(sql, actorOf(request), dealId, request.viewer);
		const typed = Object.fromEntries(more);
		const { extra } = readWithExtra(form({}), frame.extraFields, deal.extra, typed);
		return { ...move, filling: { ...move.filling, extra } };
	}

	// A refused move shows where the deal stands; what a state lacks is asked for in its form.
	async function refuseMove(
		request: FastifyRequest,
		reply: FastifyReply,
		dealId: number,
		problem: Problem,
	) {
		const menu = await readMoveMenu(db, actorOf(request), dealId);
		const { deal } = menu;
		const { typed, conflict } = problem;
		const stages = [...menu.stages, ...menu.elsewhere.flatMap((other) => other.stages)];
		const wanted = stages.find((stage) => stage.id === Number(typed.stageId));
		// A form comes back with all that was typed; a bare drag has nothing to lose.
		if (wanted && isFinal(wanted.kind) && (conflict === null || hasEnding(typed)))
			return await drawClosure(request, reply, wanted.id, problem);
		const lacking = conflict === null ? Object.keys(problem.fields).length > 0 : hasFilling(typed);
		if (wanted && !isFinal(wanted.kind) && lacking)
			return await drawEntry(request, reply, wanted.id, problem);
		if (!wantsFragments(request)) {
			const view = { fragment: 'deals/moves/_move', title: 'deal.move', data: menu } as const;
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

	// The page shows the deal where it stands, and above it what the state asks for.
	async function drawEntry(
		request: FastifyRequest,
		reply: FastifyReply,
		stageId: number,
		problem: Problem,
	) {
		const { viewer } = request;
		const dealId = idOf(request);
		const actor = actorOf(request);
		const entry = await readEntry(db, actor, dealId, stageId, viewer, problem.typed);
		const view = { fragment: 'deals/history/_entry', title: 'deal.move', data: entry } as const;
		if (!wantsFragments(request)) return await drawForm(request, reply, view, problem);
		const stageIds = [entry.deal.stageId, stageId];
		const change = { dealId, stageIds, toast: null, dialog: filledIn(request, view, problem) };
		return await answerChange(connection, request, reply, change, problem.status);
	}
}

type Returning = { returnTo: string | undefined };

function moveOf(dealId: number, read: StaticDecode<typeof MoveForm>): Move & Returning {
	const { version, stageId, lossReasonId, comment, amount, closedOn, returnTo, ...rest } = read;
	const { asBefore, steps, ...filled } = rest;
	const { product, quantity = '1', price = null, contactName, contactPhone, ...facts } = filled;
	return {
		...{ dealId, version, stageId, lossReasonId, comment, amount, closedOn, returnTo },
		...{ asBefore, steps },
		filling: {
			...facts,
			...(amount === undefined ? {} : { amount }),
			...(product ? { product: { row: 0, name: product, quantity, price } } : {}),
			...(contactName ? { contact: { name: contactName, phone: contactPhone ?? null } } : {}),
		},
	};
}

const ENDING = ['amount', 'comment', 'lossReasonId', 'closedOn'];
const hasEnding = (typed: Record<string, string>) => ENDING.some((name) => typed[name]);
const NOT_FILLED = ['stageId', 'version', 'returnTo', 'asBefore', 'steps'];
const hasFilling = (typed: Record<string, string>) =>
	Object.entries(typed).some(([name, value]) => value !== '' && !NOT_FILLED.includes(name));

type Said = NonNullable<Toast['note']>;

/** What is said besides of steps that a move cancelled, or gave back. */
function settledNote({ cancelled = [], returned = [] }: Settled): { note?: Said } {
	if (cancelled.length > 0)
		return { note: { key: 'toast.stepsCancelled', args: { n: cancelled.length } } };
	return returned.length > 0
		? { note: { key: 'toast.stepsReturned', args: { n: returned.length } } }
		: {};
}

function changeOf(moved: Moved, language: Language) {
	const { dealId, from, to, version, amount, currency } = moved;
	const worth = amount === null ? 'none' : formatMoney(language, amount, currency);
	const args = { title: moved.title, from: from.name, to: to.name, worth };
	const key =
		from.id === to.id ? 'toast.notMoved' : isFinal(to.kind) ? 'toast.closed' : 'toast.moved';
	const undo = wayBack('deal.move', dealId, {
		...{ stageId: String(from.id), version: String(version) },
		...(isFinal(from.kind) && { asBefore: 'on' }),
	});
	return {
		dealId,
		stageIds: [from.id, to.id],
		toast: {
			key,
			args,
			...settledNote(moved.settled),
			...(from.id === to.id ? {} : { undo }),
		} as const,
		json: { version, stageId: to.id },
	};
}
