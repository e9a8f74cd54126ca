import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { emptyInto } from '#src/features/deals/removal/emptying.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import { replaceInFilters } from '#src/features/saved-filters/renaming.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { findStageToEdit, type StageRecord, stagesOf } from './stages.ts';

/** What was taken away, where its deals went and how many they were. */
export type Removed = { name: string; into: string | null; deals: number };

/**
 * Takes an open state away; its deals move into another open one of its pipeline first. Where deals have
 * passed through it, it stays for their history. Throws Forbidden, NotFound, Conflict, InvalidForm where it
 * is in use and no state is named, RuleBroken for a final one and the last open one.
 */
export async function removeStage(
	sqlOrTx: Sql,
	acting: Acting,
	stageId: number,
	version: number,
	intoId: number | null,
): Promise<Removed> {
	return await transact(sqlOrTx, async (tx) => {
		const stage = await findStageToEdit(tx, acting, stageId, version);
		const into = chosenOf(await othersOf(tx, stage), intoId);
		const deals = await emptyInto(tx, acting, stage, into);
		if (deals > 0 && into === null) throw intoNeeded(deals);
		await askInFilters(tx, stageId, into?.id ?? null);
		await takeAway(tx, acting, stageId);
		const removed = { name: stage.name, into: into?.name ?? null, deals };
		await record(tx, acting, { type: 'stage.removed', data: { stageId, intoId, ...removed } });
		return removed;
	});
}

/** Of these states the one that is named. Throws InvalidForm for one that is not among them. */
export function chosenOf(others: StageRecord[], intoId: number | null): StageRecord | null {
	if (intoId === null) return null;
	const into = others.find(({ id }) => id === intoId);
	if (into === undefined) throw new InvalidForm({ intoId: { key: 'field.choice' } }, {});
	return into;
}

/** What is said where so many deals have nowhere to go. */
export function intoNeeded(deals: number): InvalidForm {
	return new InvalidForm({ intoId: { key: 'stage.intoNeeded', args: { n: deals } } }, {});
}

/** Where the deals of a state can go: the other open ones of its pipeline. Throws RuleBroken where it has to stay. */
export async function othersOf(
	db: Sql,
	{ id: stageId, name, kind, pipelineId }: StageRecord,
): Promise<StageRecord[]> {
	if (isFinal(kind)) throw new RuleBroken('stage.finalStays', { name });
	const others = (await stagesOf(db, pipelineId)).filter(
		(one) => one.kind === 'open' && one.id !== stageId,
	);
	if (others.length === 0) throw new RuleBroken('stage.lastOpen', { name });
	return others;
}

/** Saved filters that ask for a state ask for another one, or for none. */
export async function askInFilters(tx: Tx, stageId: number, intoId: number | null): Promise<void> {
	const ids = (asked: string) => asked.split(',');
	await replaceInFilters(tx, 'stage', [String(stageId), String(intoId ?? '')], ids);
}

async function takeAway(tx: Tx, acting: Acting, stageId: number): Promise<void> {
	const { rowCount } = await tx.execute(sql`
		update stages set removed_at = ${momentOf(acting)}, version = version + 1 where id = ${stageId} and (
			exists (select from stage_changes where to_stage_id = ${stageId})
			or exists (select from stage_changes where from_stage_id = ${stageId}))`);
	if (rowCount === 0) await tx.execute(sql`delete from stages where id = ${stageId}`);
}
