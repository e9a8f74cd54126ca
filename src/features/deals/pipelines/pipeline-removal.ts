import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { emptyInto } from '#src/features/deals/removal/emptying.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import { replaceInFilters } from '#src/features/saved-filters/renaming.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { findPipelineToEdit, type PipelineRecord } from './pipelines.ts';
import { askInFilters, chosenOf, intoNeeded, type Removed } from './stage-removal.ts';
import { listStageRecords, lockStages, type StageRecord, stagesOf } from './stages.ts';

/**
 * Takes a pipeline away with its states; its open deals move into a state of another pipeline first, what is
 * won or lost into that one's ends. Where deals have passed through, it stays for their history. Throws
 * Forbidden, NotFound, Conflict, InvalidForm where it has deals and no state is named, RuleBroken for the last one.
 */
export async function removePipeline(
	sqlOrTx: Sql,
	acting: Acting,
	pipelineId: number,
	version: number,
	intoId: number | null,
): Promise<Removed> {
	return await transact(sqlOrTx, async (tx) => {
		const pipeline = await findPipelineToEdit(tx, acting, pipelineId, version);
		await lockStages(tx, sql`true`);
		const into = chosenOf(await statesElsewhere(tx, pipeline), intoId);
		const ends = into === null ? [] : await stagesOf(tx, into.pipelineId);
		let deals = 0;
		for (const stage of await stagesOf(tx, pipelineId)) {
			const to = isFinal(stage.kind) ? ends.find(({ kind }) => kind === stage.kind) : into;
			deals += await emptyInto(tx, acting, stage, to ?? null);
			await askInFilters(tx, stage.id, to?.id ?? null);
		}
		if (deals > 0 && into === null) throw intoNeeded(deals);
		const heir = String(into?.pipelineId ?? '');
		await replaceInFilters(tx, 'pipeline', [String(pipelineId), heir]);
		await takeAway(tx, acting, pipelineId);
		const removed = { name: pipeline.name, into: into?.name ?? null, deals };
		await record(tx, acting, {
			type: 'pipeline.removed',
			data: { pipelineId, intoId, ...removed },
		});
		return removed;
	});
}

/** Where the deals of a pipeline can go: the open states of the others. Throws RuleBroken for the last one. */
export async function statesElsewhere(
	db: Sql,
	{ id: pipelineId, name }: PipelineRecord,
): Promise<StageRecord[]> {
	const states = (await listStageRecords(db)).filter(
		(stage) => stage.kind === 'open' && stage.pipelineId !== pipelineId,
	);
	if (states.length === 0) throw new RuleBroken('pipeline.last', { name });
	return states;
}

async function takeAway(tx: Tx, acting: Acting, pipelineId: number): Promise<void> {
	const { rows } = await tx.execute(sql`
		select from stages s where s.pipeline_id = ${pipelineId} and (
			exists (select from stage_changes where to_stage_id = s.id)
			or exists (select from stage_changes where from_stage_id = s.id)) limit 1`);
	if (rows.length > 0) {
		await tx.execute(sql`
			update pipelines set removed_at = ${momentOf(acting)}, version = version + 1 where id = ${pipelineId}`);
		return;
	}
	await tx.execute(sql`delete from stages where pipeline_id = ${pipelineId}`);
	await tx.execute(sql`delete from pipelines where id = ${pipelineId}`);
}
