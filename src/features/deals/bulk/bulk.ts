import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { tagsOf, tagsWith } from '#src/features/company/tags/tags.ts';
import { moveDeal } from '#src/features/deals/actions.ts';
import { editDeal } from '#src/features/deals/deal/editing.ts';
import { giveDealBack } from '#src/features/deals/handover/give-back.ts';
import { reassignDeal } from '#src/features/deals/handover/reassign.ts';
import type { Settlement } from '#src/features/deals/moves/settlement.ts';
import { type DealView, findDeal, type Stage } from '#src/features/deals/queries.ts';
import { archiveDeal } from '#src/features/deals/removal/archive.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import { postponeInteraction } from '#src/features/interactions/actions.ts';
import { putOffStep } from '#src/features/interactions/bulk/bulk.ts';
import { findInteraction } from '#src/features/interactions/queries.ts';
import { enqueueDelivery } from '#src/features/mail/actions.ts';
import { notifyReassigned } from '#src/features/mail/notices.ts';
import type { Database, Tx } from '#src/platform/db/client.ts';
import { NotFound, RuleBroken } from '#src/platform/errors.ts';
import {
	type BulkResult,
	type Done,
	eachOf,
	type Naming,
	type Work,
} from '#src/platform/forms/bulk.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import type { Each } from '#src/platform/idempotency/keys.ts';
import type { BackAgain, BackKind, Chosen } from './forms.ts';

/** What is done with every deal of a choice. */
export type Command =
	| { verb: 'stage'; stageId: number }
	| { verb: 'owner'; ownerId: number; note: string | null }
	| { verb: 'date'; day: string; time: string | undefined }
	| { verb: 'tag'; tag: string; remove: boolean }
	| { verb: 'archive' }
	| { verb: 'won'; closedOn: string; steps?: Settlement | undefined }
	| {
			verb: 'lost';
			lossReasonId: number;
			closedOn: string | undefined;
			comment: string | undefined;
			steps?: Settlement | undefined;
	  };

/** The letter to whom deals are given, and which it tells of so far. */
type Telling = { id: number | null; deals: DealView[] };
const LETTER_WAITS_MS = 60_000;

/**
 * Does one thing with many deals: the single verb for each, with the version that the person saw, each in a
 * transaction of its own, one after the other. What one of them refuses does not keep the others back.
 * Whoever is given deals gets one letter about all of them, which each deal's transaction writes on.
 */
export async function doWithDeals(
	db: Database,
	each: Each,
	acting: Acting,
	viewer: Viewer,
	chosen: Chosen[],
	command: Command,
	stages: Stage[],
): Promise<BulkResult> {
	const letter: Telling = { id: null, deals: [] };
	const work = workOf(acting, viewer, command, stages, letter);
	const result = await eachOf(each, viewer, await namesOf(db, acting, chosen), chosen, work);
	// All of them are given: it need not wait. Where this fails it leaves a minute later.
	if (letter.id !== null)
		await enqueueDelivery(db, letter.id).catch((error: unknown) => result.errors.push(error));
	const { back } = result;
	return { ...result, back: back === null ? null : { ...wayBack(command), deal: back } };
}

// A tag is taken back by the same verb; the others by one that knows what stood there.
function wayBack(command: Command): Record<string, string> {
	if (command.verb === 'tag')
		return { verb: 'tag', tag: command.tag, tagAction: command.remove ? 'add' : 'remove' };
	const own = ['date', 'owner', 'archive'] as const;
	const back: BackKind = own.find((verb) => verb === command.verb) ?? 'stage';
	return { verb: 'back', back };
}

/** Takes a move, a date, an owner or the archiving of many deals back, each where it still stands as it was left. */
export async function undoWithDeals(
	db: Database,
	each: Each,
	acting: Acting,
	viewer: Viewer,
	back: BackAgain[],
): Promise<BulkResult> {
	const names = await namesOf(db, acting, back);
	const result = await eachOf(each, viewer, names, back, async (tx, { id, ...one }) => {
		if ('stageId' in one) await moveDeal(tx, acting, { ...one, dealId: id, asBefore: true });
		else if ('archive' in one) await archiveDeal(tx, acting, id, one.version, false);
		else if ('owner' in one) await giveDealBack(tx, acting, id, one.version);
		else await postponeInteraction(tx, acting, one.stepId, one.version, one.plan);
		return {};
	});
	return { ...result, back: null };
}

async function namesOf(db: Database, { actor }: Acting, chosen: { id: number }[]): Promise<Naming> {
	const ids = sql.param(chosen.map(({ id }) => id));
	const { rows } = await db.execute<{ id: number; title: string }>(sql`
		select d.id, d.title from deals d where d.id = any(${ids}::bigint[]) and ${dealVisibleTo(actor)}`);
	const named = rows.map(({ id, title }): [number, NamedDeal] => [
		id,
		{ title, beside: `№ ${id}`, href: `/deals/${id}` },
	]);
	return { named: new Map(named), absent: 'bulk.absent' };
}

type NamedDeal = { title: string; beside: string; href: string };

function workOf(
	acting: Acting,
	viewer: Viewer,
	command: Command,
	stages: Stage[],
	letter: Telling,
): Work<Chosen> {
	if (command.verb === 'owner')
		return async (tx, { id: dealId, version }) => {
			const { ownerId, note } = command;
			const deal = await findDeal(tx, acting.actor, dealId);
			const now = await reassignDeal(tx, acting, dealId, version, ownerId, note);
			if (now === version) return { same: true };
			const deals = [...letter.deals, deal];
			const waits = new Date(acting.now.getTime() + LETTER_WAITS_MS);
			const growing = { letterId: letter.id, waits };
			const id = await notifyReassigned(tx, acting, { ownerId, note, deals, growing });
			return { back: `${dealId}.${now}`, kept: () => Object.assign(letter, { id, deals }) };
		};
	if (command.verb === 'date')
		return async (tx, one) => await putOff(tx, acting, viewer, one, command);
	if (command.verb === 'archive')
		return async (tx, { id: dealId, version }) => {
			const now = await archiveDeal(tx, acting, dealId, version, true);
			return now.same ? { same: true } : { back: `${dealId}.${now.version}` };
		};
	if (command.verb === 'tag') return async (tx, one) => await tag(tx, acting, one, command);
	return async (tx, one) => await move(tx, acting, one, command, stages);
}

type Moving = Extract<Command, { verb: 'stage' | 'won' | 'lost' }>;

async function move(
	tx: Tx,
	acting: Acting,
	{ id: dealId, version }: Chosen,
	command: Moving,
	stages: Stage[],
): Promise<Done> {
	const to =
		command.verb === 'stage'
			? command.stageId
			: await endOf(tx, acting, dealId, command.verb, stages);
	if (to === undefined) throw new RuleBroken('deal.stageUnknown');
	const amount = command.verb === 'won' ? await amountOf(tx, acting, dealId) : undefined;
	const { verb: _, ...said } = command;
	const moved = await moveDeal(tx, acting, {
		...said,
		...(amount === undefined ? {} : { amount }),
		...{ dealId, version, stageId: to },
	});
	if (moved.from.id === moved.to.id) return { same: true };
	return { back: `${dealId}.${moved.version}.${moved.from.id}` };
}

// Won and lost are states of the deal's own pipeline.
async function endOf(
	tx: Tx,
	{ actor }: Acting,
	dealId: number,
	kind: 'won' | 'lost',
	stages: Stage[],
): Promise<number | undefined> {
	const ends = stages.filter((stage) => stage.kind === kind);
	if (ends.length < 2) return ends[0]?.id;
	const { pipelineId } = await findDeal(tx, actor, dealId);
	return ends.find((stage) => stage.pipelineId === pipelineId)?.id;
}

// Winning many asks no amounts: each is worth what it says, and one that says nothing is asked by itself.
async function amountOf(tx: Tx, { actor }: Acting, dealId: number): Promise<string> {
	const { amount } = await findDeal(tx, actor, dealId);
	if (amount === null) throw new RuleBroken('bulk.noAmount');
	return amount;
}

async function putOff(
	tx: Tx,
	acting: Acting,
	viewer: Viewer,
	{ id: dealId, stepId, stepVersion }: Chosen,
	to: { day: string; time: string | undefined },
): Promise<Done> {
	// The deal first: who may not see it is not told that it has no step.
	await findDeal(tx, acting.actor, dealId);
	if (stepId === null || stepVersion === null) throw new RuleBroken('bulk.noStep');
	const step = await findInteraction(tx, acting.actor, stepId);
	if (step.dealId !== dealId) throw new NotFound('error.notFound');
	const was = await putOffStep(tx, acting, viewer, { id: stepId, version: stepVersion }, to);
	return { back: `${dealId}.${was}` };
}

async function tag(
	tx: Tx,
	acting: Acting,
	{ id: dealId, version }: Chosen,
	{ tag: name, remove }: { tag: string; remove: boolean },
): Promise<Done> {
	await findDeal(tx, acting.actor, dealId);
	const tags = tagsWith(await tagsOf(tx, 'deal', dealId), name, remove);
	const edited = await editDeal(tx, acting, dealId, version, { tags });
	return edited === version ? { same: true } : { back: `${dealId}.${edited}` };
}
