import { eq, sql } from 'drizzle-orm';
import { type Acting, demand } from '#src/features/access/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { holdNameFree } from '#src/platform/db/names.ts';
import { lastPlace, reordered, writeOrder } from '#src/platform/db/order.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, NotFound } from '#src/platform/errors.ts';
import type { Place } from '#src/platform/forms/place.ts';
import { changesBetween } from '#src/platform/history/changes.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';
import { pipelines } from './tables.ts';

/** A pipeline as an administrator sees it; how many deals it has comes from the company's tallies. */
export type PipelineRecord = {
	id: number;
	name: string;
	stages: number;
	deals: number;
	version: number;
};

const PIPELINES = sql`pipelines`;

/** All pipelines in their order: the first is what the board shows where none is asked for. */
export async function listPipelineRecords(db: Sql): Promise<PipelineRecord[]> {
	const { rows } = await db.execute<PipelineRecord>(sql`
		select p.id, p.name, p.version, (
			select count(*)::int from stages s where s.pipeline_id = p.id and s.removed_at is null
		) as stages, coalesce((
			select sum(t.deals)::int from deal_tallies t join stages s on s.id = t.stage_id
			where s.pipeline_id = p.id
		), 0) + (
			select count(*)::int from deals d where d.pipeline_id = p.id and d.archived_at is not null
		) as deals
		from pipelines p where p.removed_at is null order by p.position, p.id`);
	return rows;
}

/** One pipeline. Throws NotFound. */
export async function findPipeline(db: Sql, pipelineId: number): Promise<PipelineRecord> {
	const pipeline = (await listPipelineRecords(db)).find(({ id }) => id === pipelineId);
	if (pipeline === undefined) throw new NotFound('error.notFound');
	return pipeline;
}

/** Locks all pipelines: their order, and that one is left, are everybody's. */
export async function lockPipelines(tx: Tx): Promise<void> {
	await tx.execute(sql`select from pipelines order by id for no key update`);
}

/** Locks them and finds one. Throws Forbidden, NotFound, Conflict. */
export async function findPipelineToEdit(
	tx: Tx,
	acting: Acting,
	pipelineId: number,
	version: number,
): Promise<PipelineRecord> {
	demand(acting, 'catalogs');
	await lockPipelines(tx);
	const pipeline = await findPipeline(tx, pipelineId);
	if (pipeline.version !== version) throw await conflictOn(tx, 'pipeline', pipeline);
	return pipeline;
}

/**
 * Adds a pipeline behind the others, with the states of another one as they are set up there. Returns its
 * id. Throws Forbidden, InvalidForm for a name that is taken and for another one that there is not.
 */
export async function addPipeline(
	sqlOrTx: Sql,
	acting: Acting,
	{ name, likeId }: { name: string; likeId: number },
): Promise<number> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		await lockPipelines(tx);
		await holdNameFree(tx, PIPELINES, name, null, IN_USE);
		if (!(await listPipelineRecords(tx)).some(({ id }) => id === likeId))
			throw new InvalidForm({ likeId: { key: 'field.choice' } }, {});
		const [made] = await tx
			.insert(pipelines)
			.values({ name, position: lastPlace(pipelines) })
			.returning({ id: pipelines.id });
		const pipelineId = made?.id as number;
		await tx.execute(sql`
			insert into stages (pipeline_id, name, position, kind, colour, idle_days, probability, required_fields)
			select ${pipelineId}::bigint, name, position, kind, colour, idle_days, probability, required_fields
			from stages where pipeline_id = ${likeId} and removed_at is null order by position, id`);
		await record(tx, acting, { type: 'pipeline.added', data: { pipelineId, name } });
		return pipelineId;
	});
}

const IN_USE = sql`removed_at is null`;

/** Renames a pipeline. Returns the version. Throws Forbidden, NotFound, Conflict, InvalidForm. */
export async function editPipeline(
	sqlOrTx: Sql,
	acting: Acting,
	pipelineId: number,
	version: number,
	edit: { name: string },
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findPipelineToEdit(tx, acting, pipelineId, version);
		await holdNameFree(tx, PIPELINES, edit.name, pipelineId, IN_USE);
		const changes = changesBetween(found, edit, ['name']);
		if (changes === null) return version;
		await tx
			.update(pipelines)
			.set({ name: edit.name, version: nextVersion(pipelines.version) })
			.where(eq(pipelines.id, pipelineId));
		await record(tx, acting, { type: 'pipeline.edited', data: { pipelineId, changes } });
		return version + 1;
	});
}

/** Moves a pipeline within the order. Returns its name. Throws Forbidden, NotFound, Conflict. */
export async function movePipeline(
	sqlOrTx: Sql,
	acting: Acting,
	pipelineId: number,
	version: number,
	where: Place,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { name } = await findPipelineToEdit(tx, acting, pipelineId, version);
		const ids = (await listPipelineRecords(tx)).map(({ id }) => id);
		const moved = reordered(ids, pipelineId, where);
		if (moved === null) return name;
		await writeOrder(tx, PIPELINES, moved.order, pipelineId);
		const changes = { position: moved.places };
		await record(tx, acting, { type: 'pipeline.edited', data: { pipelineId, changes } });
		return name;
	});
}
