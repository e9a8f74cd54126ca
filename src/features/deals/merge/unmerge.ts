import { sql } from 'drizzle-orm';
import type { FieldChange } from '#src/event-shapes.ts';
import { holdColleague } from '#src/features/access/queries.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { checkVersion } from '#src/features/deals/conflicts.ts';
import { refreshNextStep } from '#src/features/deals/next-step.ts';
import { type DealToEdit, findDealToEdit, findStageToEnter } from '#src/features/deals/queries.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';
import { tellStage } from './merge.ts';
import { type DealValues, type MergedUnit, valuesBefore } from './plan.ts';
import { findMerge, type MergeData, sumOf, valuesOf, writeValues } from './queries.ts';

/** What undoing a merge did: fields that had changed since stay; so do rows that went elsewhere or are gone. */
export type Unmerged = {
	survivorId: number;
	mergedId: number;
	title: string;
	kept: string[];
	stayed: number;
	/** The states whose columns look different now. */
	stageIds: number[];
};

/**
 * Takes the merge of a deal into another one back: what it brought there and what still stands there returns,
 * and the kept one's fields that nobody has changed since get their old values. Throws NotFound, Forbidden
 * where the actor may not change both, Conflict for a stale version of the merged one, RuleBroken for one that is not
 * merged, that a later merge stands upon, or whose heir is in the archive.
 */
export async function unmergeDeals(
	sqlOrTx: Sql,
	acting: Acting,
	mergedId: number,
	version: number,
): Promise<Unmerged> {
	return await transact(sqlOrTx, async (tx) => {
		const { rows } = await tx.execute<{ id: number }>(sql`
			select merged_into as id from deals where id = ${mergedId} and merged_into is not null`);
		const survivorId = rows[0]?.id;
		const ids = [mergedId, ...(survivorId === undefined ? [] : [survivorId])].sort((a, b) => a - b);
		const held = new Map<number, DealToEdit>();
		for (const id of ids) held.set(id, await findDealToEdit(tx, acting.actor, id, 'merged'));
		const merged = held.get(mergedId) as DealToEdit;
		await checkVersion(tx, merged, version);
		const survivor = survivorId === undefined ? undefined : held.get(survivorId);
		const merge = survivor && (await findMerge(tx, survivor.id, mergedId));
		if (!survivor || merged.mergedInto !== survivor.id || !merge)
			throw new RuleBroken('deal.notMerged');
		if (survivor.mergedInto !== null || (await hasLater(tx, survivor.id, merge.eventId)))
			throw new RuleBroken('deal.mergedLater');
		if (survivor.archivedAt !== null) throw new RuleBroken('deal.archived');
		const done = await separate(tx, acting, survivor.id, mergedId, merge.data);
		for (const id of ids) await refreshNextStep(tx, id);
		const data = { mergedId, title: merged.title, ...done };
		const now = await valuesOf(tx, survivor.id);
		const clients = new Map([
			[mergedId, merged.clientId],
			[survivor.id, now.clientId as number | null],
		]);
		await record(
			tx,
			acting,
			...ids.map((dealId) => {
				const clientId = clients.get(dealId) ?? null;
				return { type: 'deal.unmerged', dealId, clientId, data } as const;
			}),
		);
		const stageIds = [merged.stageId, survivor.stageId, Number(now.stageId)];
		return { survivorId: survivor.id, ...data, stageIds: [...new Set(stageIds)] };
	});
}

async function hasLater(tx: Tx, survivorId: number, eventId: number): Promise<boolean> {
	const { rowCount } = await tx.execute(sql`
		select from events e join deals m on m.id = (e.data->>'mergedId')::bigint and m.merged_into = ${survivorId}
		where e.deal_id = ${survivorId} and e.type = 'deal.merged' and e.id > ${eventId} limit 1`);
	return rowCount === 1;
}

async function separate(
	tx: Tx,
	acting: Acting,
	survivorId: number,
	mergedId: number,
	{ changes, whole }: MergeData,
): Promise<{ kept: string[]; stayed: number }> {
	const now = await valuesOf(tx, survivorId);
	const all = { ...changes, ...whole.moments };
	const { values, kept } = valuesBefore(now, all, await lostSince(tx, all));
	const stayed = await returnRows(tx, survivorId, mergedId, whole);
	// It follows what is left of the products, also where somebody has changed them since.
	if (values.amountFromProducts === true) values.amount = await sumOf(tx, survivorId);
	await writeValues(tx, survivorId, values);
	await giveHelperBack(tx, survivorId, whole.helped, values);
	if (values.stageId !== now.stageId)
		await tellStage(tx, acting, survivorId, now.stageId, values.stageId);
	await tx.execute(sql`
		update deals set archived_at = null, merged_into = null, version = version + 1 where id = ${mergedId}`);
	return { kept, stayed };
}

/** The units whose old values point at what is gone meanwhile. */
async function lostSince(
	tx: Tx,
	changes: Record<string, FieldChange>,
): Promise<ReadonlySet<MergedUnit>> {
	const was = (field: string) => Number(changes[field]?.[0] ?? 0);
	const lost = new Set<MergedUnit>();
	if (was('clientId')) {
		const { rowCount } = await tx.execute(sql`
			select from clients where id = ${was('clientId')} and merged_into is null for key share`);
		if (rowCount === 0) lost.add('clientId');
	}
	if (was('stageId') && !(await findStageToEnter(tx, was('stageId')))) lost.add('stageId');
	if (was('lossReasonId')) {
		const { rowCount } = await tx.execute(sql`
			select from loss_reasons where id = ${was('lossReasonId')} for key share`);
		if (rowCount === 0) lost.add('stageId');
	}
	if (was('ownerId') && !(await holdColleague(tx, was('ownerId')))) lost.add('ownerId');
	return lost;
}

/** Takes back what a merge has moved and added, as far as it still stands there as it was put; returns how much does not. */
async function returnRows(
	tx: Tx,
	survivorId: number,
	mergedId: number,
	{ steps, lines, tags, helpers }: MergeData['whole'],
): Promise<number> {
	const moved = await tx.execute(sql`
		update interactions set deal_id = ${mergedId}
		where id = any(${sql.param(steps)}::bigint[]) and deal_id = ${survivorId}`);
	const removed = await tx.execute(sql`
		delete from deal_products l
		using jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as m("productId" bigint, quantity numeric, price numeric)
		where l.deal_id = ${survivorId} and l.product_id = m."productId" and l.quantity = m.quantity
			and l.price is not distinct from m.price`);
	await tx.execute(sql`
		delete from deal_tags where deal_id = ${survivorId} and tag_id = any(${sql.param(tags)}::bigint[])`);
	await tx.execute(sql`
		delete from deal_collaborators
		where deal_id = ${survivorId} and person_id = any(${sql.param(helpers)}::bigint[])`);
	return steps.length + lines.length - (moved.rowCount ?? 0) - (removed.rowCount ?? 0);
}

// Who owned the kept deal meanwhile helps with it again.
async function giveHelperBack(
	tx: Tx,
	survivorId: number,
	helped: number | null,
	{ ownerId }: DealValues,
): Promise<void> {
	if (helped === null || helped === ownerId) return;
	await tx.execute(sql`
		insert into deal_collaborators (deal_id, person_id)
		select ${survivorId}, id from people where id = ${helped} on conflict do nothing`);
}
