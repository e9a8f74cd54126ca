import { sql } from 'drizzle-orm';
import type { FieldChange, MergedDeals } from '#src/event-shapes.ts';
import { holdOwner } from '#src/features/access/queries.ts';
import { type Acting, type Actor, mayGiveOf, mayGiveTo } from '#src/features/access/rights.ts';
import { checkVersion } from '#src/features/deals/conflicts.ts';
import { refreshNextStep } from '#src/features/deals/next-step.ts';
import { findDealToEdit, findStageToEnter } from '#src/features/deals/queries.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Forbidden, RuleBroken } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { type Choices, changesBetween, type DealValues, valuesAfter } from './plan.ts';
import { addBelongings, isPriced, sumOf, valuesOf, writeValues } from './queries.ts';

/** Which two deals become one, in what versions they were looked at, and whose value each field takes. */
export type MergeOrder = {
	survivorId: number;
	deals: { id: number; version: number }[];
	choices: Choices;
};

/** Two deals that are one: which is kept, what it is called, and the version in which the other one leads to it. */
export type Merged = {
	survivorId: number;
	mergedId: number;
	title: string;
	mergedTitle: string;
	mergedVersion: number;
};

/**
 * Makes two deals one: the kept one takes the chosen values and all that the other had, its steps with it; the
 * other goes into the archive for good and leads there. Throws NotFound, Forbidden where the actor may not
 * change both or not give one of them to the owner that is kept, Conflict for a stale version of either,
 * RuleBroken for what is in the archive, for fewer than two, and for an amount whose currency does not fit.
 */
export async function mergeDeals(
	sqlOrTx: Sql,
	acting: Acting,
	{ survivorId, deals, choices }: MergeOrder,
): Promise<Merged> {
	return await transact(sqlOrTx, async (tx) => {
		const versions = new Map(deals.map(({ id, version }) => [id, version]));
		const ids = [...versions.keys()].sort((a, b) => a - b);
		const mergedId = ids.find((id) => id !== survivorId);
		if (ids.length !== 2 || mergedId === undefined || !versions.has(survivorId))
			throw new RuleBroken('deal.mergeTwo');
		for (const id of ids) {
			const deal = await findDealToEdit(tx, acting.actor, id);
			await checkVersion(tx, deal, versions.get(id) as number);
		}
		const before = await valuesOf(tx, survivorId);
		const other = await valuesOf(tx, mergedId);
		const kept = { id: survivorId, values: before };
		const after = valuesAfter(kept, { id: mergedId, values: other }, choices);
		checkGiving(acting.actor, [before, other], after);
		if (after.currency !== before.currency && (await isPriced(tx, survivorId)))
			throw new RuleBroken('deal.mergeCurrency');
		if (after.stageId !== before.stageId && !(await findStageToEnter(tx, Number(after.stageId))))
			throw new RuleBroken('deal.stageUnknown');
		if (after.ownerId !== before.ownerId) await holdOwner(tx, Number(after.ownerId));
		const whole = await join(tx, survivorId, mergedId, { before, other, after });
		await writeValues(tx, survivorId, after);
		if (after.stageId !== before.stageId)
			await tellStage(tx, acting, survivorId, before.stageId, after.stageId);
		await tx.execute(sql`
			update deals set archived_at = ${momentOf(acting)}, merged_into = ${survivorId}, version = version + 1
			where id = ${mergedId}`);
		for (const id of ids) await refreshNextStep(tx, id);
		const data = dataOf(mergedId, String(other.title), changesBetween(before, after), whole);
		const clientId = after.clientId as number | null;
		await record(tx, acting, { type: 'deal.merged', dealId: survivorId, clientId, data });
		return {
			...{ survivorId, mergedId, title: String(after.title), mergedTitle: String(other.title) },
			mergedVersion: (versions.get(mergedId) as number) + 1,
		};
	});
}

/**
 * Holds that the actor may give the deal whose owner is not kept to the one who is: or helping with a deal would
 * be enough to take it over. Throws Forbidden.
 */
export function checkGiving(actor: Actor, both: DealValues[], after: DealValues): void {
	const to = Number(after.ownerId);
	for (const { ownerId, title } of both)
		if (ownerId !== to && !(mayGiveOf(actor, Number(ownerId)) && mayGiveTo(actor, to)))
			throw new Forbidden('deal.mergeOthers', { title: String(title) });
}

type Joined = MergedDeals['whole'] & { named: { product: string }[] };

/** Moves the steps and adds what else the other deal has; an amount that follows the products does so at once. */
async function join(
	tx: Tx,
	survivorId: number,
	mergedId: number,
	{ before, other, after }: { before: DealValues; other: DealValues; after: DealValues },
): Promise<Joined> {
	const { rows: steps } = await tx.execute<{ id: number }>(sql`
		update interactions set deal_id = ${survivorId} where deal_id = ${mergedId} returning id`);
	const owner = Number(after.ownerId);
	const { rowCount } = await tx.execute(sql`
		delete from deal_collaborators where deal_id = ${survivorId} and person_id = ${owner}`);
	const owners = [before.ownerId, other.ownerId].map(Number).filter((id) => id !== owner);
	const priced = after.currency === other.currency;
	const added = await addBelongings(tx, survivorId, mergedId, { priced, owners, owner });
	if (after.amountFromProducts === true) after.amount = await sumOf(tx, survivorId);
	return {
		steps: steps.map(({ id }) => id).sort((a, b) => a - b),
		lines: added.lines.map(({ product: _, ...line }) => line),
		named: added.lines,
		...{ tags: added.tags, helpers: added.helpers },
		helped: rowCount === 1 ? owner : null,
		moments: {},
	};
}

/** What nobody reads in a history: the very moments of the state. */
const MOMENTS = ['stageEnteredAt', 'closedAt'];

function dataOf(
	mergedId: number,
	title: string,
	all: Record<string, FieldChange>,
	{ named, ...whole }: Joined,
): MergedDeals {
	const [moments, changes] = [true, false].map((hidden) =>
		Object.fromEntries(Object.entries(all).filter(([name]) => MOMENTS.includes(name) === hidden)),
	) as [Record<string, FieldChange>, Record<string, FieldChange>];
	return {
		...{ mergedId, title, changes },
		products: whole.lines.map(({ quantity, price }, at) => {
			return { product: named[at]?.product ?? '', from: null, to: { quantity, price } };
		}),
		moved: { interactions: whole.steps.length },
		whole: { ...whole, moments },
	};
}

/** Notes in the history of states that a deal stands in another one, since it entered the last. */
export async function tellStage(
	tx: Tx,
	acting: Acting,
	dealId: number,
	from: unknown,
	to: unknown,
): Promise<void> {
	await tx.execute(sql`
		insert into stage_changes (deal_id, from_stage_id, to_stage_id, person_id, at, door, seconds_in_previous)
		select ${dealId}, ${from}::bigint, ${to}::bigint, ${acting.actorId}, now.at, ${acting.door},
			greatest(0, floor(extract(epoch from now.at - before.at)))::int
		from (select max(at) as at from stage_changes where deal_id = ${dealId}) before
		cross join lateral (select ${momentOf(acting, sql`before.at`)} as at) now`);
}
