import { sql } from 'drizzle-orm';
import type { Settled } from '#src/event-shapes.ts';
import type { AppEvent, EndingWas } from '#src/events.ts';
import { holdOwner } from '#src/features/access/queries.ts';
import { type Acting, mayEditOf } from '#src/features/access/rights.ts';
import {
	type Closing,
	closingOf,
	type Ending,
	endingBefore,
	endingOf,
	NOT_CLOSED,
	saidAgain,
	saysEnding,
} from '#src/features/deals/moves/closing.ts';
import { checkEntry, type Filling, writeFilling } from '#src/features/deals/moves/entry.ts';
import {
	givenBack,
	type Settlement,
	settleSteps,
	usualSettlement,
} from '#src/features/deals/moves/settlement.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Forbidden, InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { checkVersion, conflictOn } from './conflicts.ts';
import {
	type DealToEdit,
	findDealToEdit,
	findStage,
	findStageToEnter,
	type Stage,
} from './queries.ts';
import { isFinal, secondsBetween } from './rules.ts';

/** What a new deal starts with. */
export type NewDeal = {
	stageId: number;
	title: string;
	clientId: number | null;
	amount: string | null;
	currency?: string;
	source?: string | null;
	expectedCloseOn?: string | null;
	ownerId?: number;
	/** The deal that it is a copy of. */
	copyOf?: number;
};

/**
 * Makes a deal in an open state. Returns its id. Throws RuleBroken for a state that is not open,
 * FieldsMissing for one that demands more than the deal begins with, InvalidForm for an owner who has left.
 */
export async function createDeal(sqlOrTx: Sql, acting: Acting, deal: NewDeal): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const ownerId = deal.ownerId ?? acting.actor.id;
		if (!mayEditOf(acting.actor, ownerId)) throw new Forbidden('error.forbidden');
		await holdOwner(tx, ownerId);
		const { rows } = await tx.execute<{ id: number; at: Date; demanding: boolean }>(sql`
			insert into deals (pipeline_id, stage_id, client_id, title, amount, currency, owner_id, source,
				expected_close_on, stage_entered_at, created_at, created_by)
			select s.pipeline_id, s.id, ${deal.clientId}, ${deal.title}, ${deal.amount},
				${deal.currency ?? 'RUB'}, ${ownerId}, ${deal.source ?? null},
				${deal.expectedCloseOn ?? null}, m.at, m.at, ${acting.actorId}
			from (select ${momentOf(acting)} as at) m, stages s join pipelines p on p.id = s.pipeline_id and p.removed_at is null
			where s.id = ${deal.stageId} and s.kind = 'open' and s.removed_at is null
			for key share of s
			returning id, created_at as at, (
				select required_fields <> '[]' from stages where id = ${deal.stageId}
			) as demanding`);
		const made = rows[0];
		if (made === undefined) throw new RuleBroken('deal.stageUnknown');
		const { id } = made;
		if (made.demanding) await checkEntryOf(tx, acting, id);
		const then = { ...acting, at: made.at };
		await recordStageChange(tx, then, { dealId: id, from: null, to: deal.stageId, seconds: null });
		await record(tx, then, {
			type: 'deal.created',
			dealId: id,
			clientId: deal.clientId,
			data: { stageId: deal.stageId, ...(deal.copyOf ? { copyOf: deal.copyOf } : {}) },
		});
		return id;
	});
}

async function checkEntryOf(tx: Tx, acting: Acting, dealId: number): Promise<void> {
	const made = await findDealToEdit(tx, { ...acting.actor, scope: 'all' }, dealId);
	const stage = await findStage(tx, made.stageId);
	if (stage) await checkEntry(tx, acting, made, stage, {});
}

/** Where a deal goes, what a final state asks for, and what an open one demands. */
export type Move = Ending & {
	dealId: number;
	version: number;
	stageId: number;
	/** To be finished as it was before its last move, which this one takes back. */
	asBefore?: boolean | undefined;
	/** Of a final state: what becomes of what is planned; where nobody says, lost deals' steps are cancelled. */
	steps?: Settlement | undefined;
	/** Filled in along with the move, in its transaction; nothing of it where the state is a final one. */
	filling?: Filling;
};

/** What a move did: the deal as it is now, and the states it went between. */
export type Moved = {
	dealId: number;
	title: string;
	version: number;
	/** What the deal is worth now. */
	amount: string | null;
	currency: string;
	from: { id: number; name: string; kind: Stage['kind'] };
	to: { id: number; name: string; kind: Stage['kind'] };
	/** Planned steps that it cancelled, or gave back. */
	settled: Settled;
};

/**
 * Moves a deal to another state, of its own pipeline or of another: the one command behind drag, menu, card
 * page, bulk and API, for open states, winning, losing and putting back to work alike. Moving to where it stands changes nothing.
 * Throws NotFound, Conflict for a stale version, InvalidForm for what a final state lacks, FieldsMissing
 * for what an open one demands, RuleBroken for an unknown state and for closing what is closed so already.
 */
export async function moveDeal(sqlOrTx: Sql, acting: Acting, move: Move): Promise<Moved> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, move.dealId);
		await checkVersion(tx, deal, move.version);
		const to = await findStageToEnter(tx, move.stageId);
		if (to === null) throw new RuleBroken('deal.stageUnknown');
		const from = { id: deal.stageId, name: deal.stageName, kind: deal.stageKind };
		const { title, amount, currency } = deal;
		const moved = { dealId: deal.id, title, amount, currency, from, to, settled: {} };
		if (to.id === from.id) {
			if (isFinal(to.kind) && saysEnding(move)) throw new RuleBroken('deal.closedAlready');
			return { ...moved, version: deal.version };
		}
		const before = move.asBefore && isFinal(to.kind) ? await endingBefore(tx, deal.id) : null;
		const ending = before ? saidAgain(before) : move;
		const held = before ? { ...deal, amount: before.amount } : deal;
		const closing = isFinal(to.kind) ? closingOf(to.kind, ending, held, acting) : NOT_CLOSED;
		const was = isFinal(from.kind) ? { was: await endingOf(tx, deal.id) } : {};
		const worth = isFinal(to.kind) ? closing.amount : await amountReopened(tx, deal);
		const filling = isFinal(to.kind) ? {} : (move.filling ?? {});
		if (!isFinal(to.kind)) await checkEntry(tx, acting, { ...deal, amount: worth }, to, filling);
		const settled = await settle(tx, move, from.kind, to.kind, before !== null);
		const { version, at } = await writeMove(tx, acting, deal, to, { ...closing, amount: worth });
		const then = { ...acting, at };
		const seconds = secondsBetween(deal.stageEnteredAt, at);
		await recordStageChange(tx, then, { dealId: deal.id, from: from.id, to: to.id, seconds });
		await record(tx, then, moveEvent(deal, to, closing, seconds, { ...was, ...settled }));
		if (Object.keys(filling).length === 0) return { ...moved, amount: worth, version, settled };
		const filled = await writeFilling(tx, acting, deal.id, filling);
		return { ...moved, amount: filled.amount, version: filled.version, settled };
	});
}

// An end that is taken up again cancels no more than what leaving it had given back.
async function settle(
	tx: Tx,
	{ dealId, steps }: Move,
	from: Stage['kind'],
	to: Stage['kind'],
	again: boolean,
): Promise<Settled> {
	if (!isFinal(from) && !isFinal(to)) return {};
	const which = again ? await givenBack(tx, dealId) : (steps ?? usualSettlement(to));
	const settled = await settleSteps(tx, [{ dealId, from, to, steps: which }]);
	return settled.get(dealId) ?? {};
}

async function writeMove(
	tx: Tx,
	acting: Acting,
	deal: DealToEdit,
	to: Stage,
	closing: Closing,
): Promise<{ version: number; at: Date }> {
	type Written = { version: number; at: Date; lossReasonId: number | null };
	const { rows } = await tx.execute<Written>(sql`
		update deals set pipeline_id = ${to.pipelineId}, stage_id = ${to.id}, stage_entered_at = m.at, amount = ${closing.amount},
			closed_on = ${closing.closedOn}, closed_at = case when ${closing.closedOn}::date is not null then m.at end,
			loss_reason_id = (
				select id from loss_reasons where id = ${closing.lossReasonId} and active
			),
			close_comment = ${closing.comment}, version = version + 1
		from (select ${momentOf(acting, sql`greatest(${deal.stageEnteredAt}::timestamptz, last_told(${deal.id}, null))`)} as at) m
		where id = ${deal.id} and version = ${deal.version}
		returning version, m.at, loss_reason_id as "lossReasonId"`);
	const row = rows[0];
	if (row === undefined) throw await conflictOn(tx, deal);
	if (closing.lossReasonId !== null && row.lossReasonId === null)
		throw new InvalidForm({ lossReasonId: { key: 'field.choice' } }, {});
	return { version: row.version, at: row.at };
}

// Putting back to work takes back what winning wrote over; undoing a win must leave no trace of it.
async function amountReopened(tx: Tx, deal: DealToEdit): Promise<string | null> {
	if (deal.stageKind !== 'won' || deal.amountFromProducts) return deal.amount;
	const { rows } = await tx.execute<{ data: { amountBefore?: string | null } }>(sql`
		select data from events where deal_id = ${deal.id} and type = 'deal.won'
		order by id desc limit 1`);
	const before = rows[0]?.data.amountBefore;
	return before === undefined ? deal.amount : before;
}

function moveEvent(
	deal: DealToEdit,
	to: Stage,
	closing: Closing,
	secondsInPrevious: number,
	besides: { was?: EndingWas } & Settled,
): AppEvent {
	const about = { dealId: deal.id, clientId: deal.clientId };
	const data = {
		from: deal.stageId,
		to: to.id,
		secondsInPrevious,
		...besides,
	};
	const closedOn = closing.closedOn ?? '';
	if (to.kind === 'won')
		return {
			type: 'deal.won',
			...about,
			data: { ...data, amount: closing.amount ?? '0.00', amountBefore: deal.amount, closedOn },
		};
	if (to.kind === 'lost')
		return {
			type: 'deal.lost',
			...about,
			data: {
				...data,
				lossReasonId: closing.lossReasonId,
				comment: closing.comment,
				closedOn,
			},
		};
	return { type: isFinal(deal.stageKind) ? 'deal.reopened' : 'deal.moved', ...about, data };
}

type StageChange = { dealId: number; from: number | null; to: number; seconds: number | null };

async function recordStageChange(
	tx: Tx,
	{ actorId, door, at }: Acting & { at: Date },
	{ dealId, from, to, seconds }: StageChange,
): Promise<void> {
	await tx.execute(sql`
		insert into stage_changes (deal_id, from_stage_id, to_stage_id, person_id, at, door, seconds_in_previous)
		values (${dealId}, ${from}, ${to}, ${actorId}, ${at}, ${door}, ${seconds})`);
}
