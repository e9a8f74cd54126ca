import { eq, type SQL, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { type Acting, demand } from '#src/features/access/rights.ts';
import { REQUIRABLE } from '#src/features/deals/moves/required-fields.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { holdNameFree } from '#src/platform/db/names.ts';
import { reordered, writeOrder } from '#src/platform/db/order.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, NotFound, RuleBroken } from '#src/platform/errors.ts';
import type { Place } from '#src/platform/forms/place.ts';
import { changesBetween } from '#src/platform/history/changes.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';
import { type StageKind, stages } from './tables.ts';

/** What an administrator sets up of a state; a final one has a name and a colour alone. */
export type StageEdit = {
	name: string;
	colour: string;
	/** Per cent. */
	probability: number;
	/** Working days after which its deals are idle; null: never. */
	idleDays: number | null;
	requiredFields: readonly string[];
};

/** A state as an administrator sees it. */
export type StageRecord = StageEdit & {
	id: number;
	pipelineId: number;
	kind: StageKind;
	/** How many deals stand in it. */
	deals: number;
	version: number;
};

const STAGES = sql`stages`;

/** The states of all pipelines, in order. How many deals they hold comes from the company's tallies, and from the archive beside them. */
export async function listStageRecords(db: Sql): Promise<StageRecord[]> {
	return await read(db, sql`true`);
}

async function read(db: Sql, which: SQL): Promise<StageRecord[]> {
	const { rows } = await db.execute<StageRecord>(sql`
		select s.id, s.pipeline_id as "pipelineId", s.name, s.kind, s.colour, s.probability,
			s.idle_days as "idleDays", s.required_fields as "requiredFields", s.version,
			coalesce((select sum(t.deals)::int from deal_tallies t where t.stage_id = s.id), 0) + (
				select count(*)::int from deals d where d.stage_id = s.id and d.archived_at is not null
			) as deals
		from stages s join pipelines p on p.id = s.pipeline_id
		where s.removed_at is null and p.removed_at is null and ${which}
		order by p.position, p.id, s.position, s.id`);
	return rows;
}

/** One state. Throws NotFound. */
export async function findStageRecord(db: Sql, stageId: number): Promise<StageRecord> {
	const [stage] = await read(db, sql`s.id = ${stageId}`);
	if (stage === undefined) throw new NotFound('error.notFound');
	return stage;
}

/** Locks the states of a state's pipeline for those who set them up; deals move in and out meanwhile. */
export async function lockStage(tx: Tx, stageId: number): Promise<void> {
	await lockStages(tx, sql`pipeline_id = (select pipeline_id from stages where id = ${stageId})`);
}

/** The same of what is asked for in SQL. */
export async function lockStages(tx: Tx, which: SQL): Promise<void> {
	await tx.execute(sql`select from stages where ${which} order by id for no key update`);
}

/** Locks a state as lockStage does. Throws Forbidden, NotFound, Conflict. */
export async function findStageToEdit(
	tx: Tx,
	acting: Acting,
	stageId: number,
	version: number,
): Promise<StageRecord> {
	demand(acting, 'catalogs');
	await lockStage(tx, stageId);
	const stage = await findStageRecord(tx, stageId);
	if (stage.version !== version) throw await conflictOn(tx, 'stage', stage);
	return stage;
}

/** The states of one pipeline, in order. */
export async function stagesOf(db: Sql, pipelineId: number): Promise<StageRecord[]> {
	return await read(db, sql`s.pipeline_id = ${pipelineId}`);
}

/** A field that a state can demand; `label`: of the company's own ones. */
export type Demandable = { name: string; label: string | null };

/** What can be demanded, in its order. */
export async function listDemandable(db: Sql): Promise<Demandable[]> {
	const { rows } = await db.execute<{ name: string; label: string }>(sql`
		select 'extra_' || id as name, name as label from extra_fields
		where noun = 'deal' and active order by position, id`);
	return [...REQUIRABLE.map((name) => ({ name, label: null })), ...rows];
}

// Who asks for anything else is refused.
async function fieldsDemanded(tx: Tx, names: readonly string[]): Promise<string[]> {
	const known = (await listDemandable(tx)).map(({ name }) => name);
	if (names.some((name) => !known.includes(name)))
		throw new InvalidForm({ requiredFields: { key: 'field.choice' } }, {});
	return known.filter((name) => names.includes(name));
}

const inPipeline = (pipelineId: number) => sql`pipeline_id = ${pipelineId} and removed_at is null`;

/**
 * Adds an open state behind the open ones of its pipeline. Returns its id. Throws Forbidden, NotFound for a
 * pipeline that there is not, InvalidForm for a name that is taken and a field that there is not.
 */
export async function addStage(
	sqlOrTx: Sql,
	acting: Acting,
	pipelineId: number,
	stage: StageEdit,
): Promise<number> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		// As whoever changes one of them does: rows first, then the name.
		const { rows: found } = await tx.execute(sql`
			select from pipelines where id = ${pipelineId} and removed_at is null for no key update`);
		if (found.length === 0) throw new NotFound('error.notFound');
		await lockStages(tx, inPipeline(pipelineId));
		await holdNameFree(tx, STAGES, stage.name, null, inPipeline(pipelineId));
		const demanded = await fieldsDemanded(tx, stage.requiredFields);
		const order = (await stagesOf(tx, pipelineId)).filter(({ kind }) => kind === 'open');
		const { name, colour, idleDays, probability } = stage;
		const rules = { idleDays, probability, requiredFields: demanded };
		const [made] = await tx
			.insert(stages)
			.values({ pipelineId, name, colour, ...rules, kind: 'open', position: order.length + 1 })
			.returning({ id: stages.id });
		const stageId = made?.id as number;
		await putInOrder(tx, pipelineId, [...order.map(({ id }) => id), stageId]);
		await record(tx, acting, {
			type: 'stage.added',
			data: { stageId, pipelineId, name: stage.name },
		});
		return stageId;
	});
}

// The final ones stand behind whatever is open.
async function putInOrder(tx: Tx, pipelineId: number, open: readonly number[], moved = 0) {
	const ends = (await stagesOf(tx, pipelineId)).filter(({ kind }) => isFinal(kind));
	await writeOrder(tx, STAGES, [...open, ...ends.map(({ id }) => id)], moved);
}

const FIELDS = ['name', 'colour', 'probability', 'idleDays'] as const;

/**
 * Sets up a state, what is given of it; nothing is written where nothing changes. Returns the version.
 * Throws Forbidden, NotFound, Conflict, InvalidForm, RuleBroken where a final state is to have what only
 * open ones have.
 */
export async function editStage(
	sqlOrTx: Sql,
	acting: Acting,
	stageId: number,
	version: number,
	edit: Partial<StageEdit>,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findStageToEdit(tx, acting, stageId, version);
		const wanted = { ...found, ...edit };
		await holdNameFree(tx, STAGES, wanted.name, stageId, inPipeline(found.pipelineId));
		const demanded = edit.requiredFields
			? await fieldsDemanded(tx, edit.requiredFields)
			: [...found.requiredFields];
		const changes: Record<string, FieldChange> = changesBetween(found, wanted, FIELDS) ?? {};
		const [from, to] = [found.requiredFields.join(', ') || null, demanded.join(', ') || null];
		if (from !== to) changes.requiredFields = [from, to];
		const rules = ['probability', 'idleDays', 'requiredFields'].some((name) => name in changes);
		if (isFinal(found.kind) && rules) throw new RuleBroken('stage.finalNoRules');
		if (Object.keys(changes).length === 0) return version;
		const { name, colour, idleDays, probability } = wanted;
		const set = { name, colour, idleDays, probability, requiredFields: demanded };
		await tx
			.update(stages)
			.set({ ...set, version: nextVersion(stages.version) })
			.where(eq(stages.id, stageId));
		await record(tx, acting, { type: 'stage.edited', data: { stageId, changes } });
		return version + 1;
	});
}

/** Sets what a state demands and leaves the rest of it as it is. Throws like editStage. */
export async function setRequiredFields(
	sqlOrTx: Sql,
	acting: Acting,
	stageId: number,
	names: readonly string[],
): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		const { version } = await findStageRecord(tx, stageId);
		await editStage(tx, acting, stageId, version, { requiredFields: names });
	});
}

/**
 * Moves an open state among the open ones of its pipeline; where it stands already nothing happens. Returns
 * its name. Throws Forbidden, NotFound, Conflict, RuleBroken for a final one: it stands at the end.
 */
export async function moveStage(
	sqlOrTx: Sql,
	acting: Acting,
	stageId: number,
	version: number,
	where: Place,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { name, kind, pipelineId } = await findStageToEdit(tx, acting, stageId, version);
		if (isFinal(kind)) throw new RuleBroken('stage.finalStays', { name });
		const open = (await stagesOf(tx, pipelineId)).filter((one) => one.kind === 'open');
		const moved = reordered(
			open.map(({ id }) => id),
			stageId,
			where,
		);
		if (moved === null) return name;
		await putInOrder(tx, pipelineId, moved.order, stageId);
		const changes = { position: moved.places };
		await record(tx, acting, { type: 'stage.edited', data: { stageId, changes } });
		return name;
	});
}
