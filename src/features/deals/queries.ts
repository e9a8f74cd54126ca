import { type SQL, sql } from 'drizzle-orm';
import { type Actor, editable } from '#src/features/access/rights.ts';
import type { ExtraField } from '#src/features/company/extra-fields/extra-fields.ts';
import type { ExtraValues } from '#src/features/company/extra-fields/tables.ts';
import type { StageKind } from '#src/features/deals/pipelines/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { Forbidden, NotFound, RuleBroken } from '#src/platform/errors.ts';
import { dealVisibleTo } from './visibility.ts';

export type Stage = {
	id: number;
	pipelineId: number;
	name: string;
	kind: StageKind;
	colour: string;
	idleDays: number | null;
	probability: number;
};

/** Сценарий продажи, as the screens name it. */
export type Pipeline = { id: number; name: string };

/** Columns of a state `s`. */
const STAGE = sql`s.id, s.pipeline_id as "pipelineId", s.name, s.kind, s.colour,
	s.idle_days as "idleDays", s.probability`;
/** All states that deals can stand in: by pipeline, then in order. Twin of board/queries.ts. */
const STAGES = sql`
	select ${STAGE} from stages s join pipelines p on p.id = s.pipeline_id
	where s.removed_at is null and p.removed_at is null
	order by p.position, p.id, s.position, s.id`;
const PIPELINES = sql`select id, name from pipelines where removed_at is null order by position, id`;

/** The states of all pipelines: by pipeline, then in order. */
export async function listAllStages(db: Sql): Promise<Stage[]> {
	const { rows } = await db.execute<Stage>(STAGES);
	return rows;
}

/** The states of the first pipeline, in order. */
export async function listStages(db: Sql): Promise<Stage[]> {
	return stagesIn(await listAllStages(db));
}

/** Of these states those of a pipeline, of the first one where none is named. */
export function stagesIn(stages: Stage[], pipelineId: number | null = null): Stage[] {
	const wanted = pipelineId ?? stages[0]?.pipelineId;
	return stages.filter((stage) => stage.pipelineId === wanted);
}

/** The pipelines in order: the first is what is meant where none is named. */
export async function listPipelines(db: Sql): Promise<Pipeline[]> {
	const { rows } = await db.execute<Pipeline>(PIPELINES);
	return rows;
}

/** What the company has set up for all deals: pipelines, states and extra fields, and what fields suggest. */
export type DealFrame = {
	/** Of all pipelines. */
	stages: Stage[];
	/** States that are kept for the history of deals alone. */
	past: { id: number; name: string }[];
	pipelines: Pipeline[];
	extraFields: ExtraField[];
	sources: { name: string }[];
	campaigns: { name: string }[];
	tags: { name: string }[];
};

const SUGGESTED = 300;

/** Reads that in one statement (twin of clients/extra-fields.ts, sources.ts and tags.ts). */
export async function readDealFrame(db: Sql): Promise<DealFrame> {
	const list = (rows: SQL) => sql`(select coalesce(jsonb_agg(to_jsonb(l)), '[]') from (${rows}) l)`;
	const sources = (kind: string) =>
		list(
			sql`select name from sources where kind = ${kind} and active order by name limit ${SUGGESTED}`,
		);
	const { rows } = await db.execute<DealFrame>(sql`
		select ${list(STAGES)} as stages,
			${list(sql`select s.id, s.name from stages s join pipelines p on p.id = s.pipeline_id
				where s.removed_at is not null or p.removed_at is not null`)} as past,
			${list(PIPELINES)} as pipelines,
			${list(sql`select id, name, kind, choices from extra_fields
				where noun = 'deal' and active order by position, id`)} as "extraFields",
			${sources('source')} as sources, ${sources('campaign')} as campaigns,
			${list(sql`select name from tags order by name limit ${SUGGESTED}`)} as tags`);
	return rows[0] as DealFrame;
}

export type LossReason = { id: number; name: string };

/** The reasons that can be chosen for a lost deal, in order. */
export async function listLossReasons(db: Sql): Promise<LossReason[]> {
	const { rows } = await db.execute<LossReason>(
		sql`select id, name from loss_reasons where active order by position, id`,
	);
	return rows;
}

/** What is known of a deal. */
export type DealView = {
	id: number;
	title: string;
	amount: string | null;
	currency: string;
	/** The amount follows the sum of the products. */
	amountFromProducts: boolean;
	pipelineId: number;
	stageId: number;
	stageName: string;
	stageKind: StageKind;
	idleDays: number | null;
	stageProbability: number;
	probability: number | null;
	clientId: number | null;
	clientName: string | null;
	ownerId: number;
	ownerName: string;
	source: string | null;
	campaign: string | null;
	note: string | null;
	extra: ExtraValues;
	tags: { name: string }[];
	expectedCloseOn: string | null;
	closedOn: string | null;
	lossReason: string | null;
	lossReasonId: number | null;
	closeComment: string | null;
	createdAt: Date;
	stageEnteredAt: Date;
	nextInteractionId: number | null;
	lastDoneAt: Date | null;
	version: number;
	archivedAt: Date | null;
	/** In which deal it lives on, where it was merged; then it is neither editable nor restorable. */
	mergedInto: number | null;
	/** Whether the actor may change it as it stands, or only read: in the archive nobody changes it. */
	editable: boolean;
	/** In the archive, and the actor may bring it back. */
	restorable: boolean;
};

const VIEW = sql`d.id, d.title, d.amount, d.currency, d.amount_from_products as "amountFromProducts",
	d.pipeline_id as "pipelineId", d.stage_id as "stageId", s.name as "stageName", s.kind as "stageKind",
	s.idle_days as "idleDays", s.probability as "stageProbability", d.probability,
	d.client_id as "clientId", c.name as "clientName",
	d.owner_id as "ownerId", p.name as "ownerName", d.source, d.campaign, d.note, d.extra, (
		select coalesce(jsonb_agg(jsonb_build_object('name', t.name) order by t.name, t.id), '[]')
		from deal_tags dt join tags t on t.id = dt.tag_id where dt.deal_id = d.id
	) as tags,
	d.expected_close_on as "expectedCloseOn", d.closed_on as "closedOn",
	r.name as "lossReason", d.loss_reason_id as "lossReasonId", d.close_comment as "closeComment",
	d.created_at as "createdAt", d.stage_entered_at as "stageEnteredAt",
	d.next_interaction_id as "nextInteractionId", d.last_done_at as "lastDoneAt", d.version,
	d.archived_at as "archivedAt", d.merged_into as "mergedInto"`;

/** A deal that the actor may see. Throws NotFound for any other, whether it exists or not. */
export async function findDeal(db: Sql, actor: Actor, dealId: number): Promise<DealView> {
	return await findDealWith(db, actor, dealId, sql``);
}

/**
 * A deal that the actor may change, for its forms. Throws NotFound, Forbidden for one that they only see, RuleBroken
 * for one in the archive, except where that is `allowed`, and for one that was merged.
 */
export async function findEditableDeal(
	db: Sql,
	actor: Actor,
	dealId: number,
	archive: 'refused' | 'allowed' = 'refused',
): Promise<DealView> {
	return checkEditable(await findDeal(db, actor, dealId), archive);
}

/** The same of a deal that was read already, with whatever more. */
export function checkEditable<Read extends DealView>(
	deal: Read,
	archive: 'refused' | 'allowed' = 'refused',
): Read {
	if (deal.mergedInto !== null) throw new RuleBroken('deal.merged');
	if (!deal.editable && !deal.restorable) throw new Forbidden('error.readOnly');
	if (deal.restorable && archive === 'refused') throw new RuleBroken('deal.archived');
	return deal;
}

/** The same, with more columns: SQL on `d`, beginning with a comma. Throws NotFound. */
export async function findDealWith<More>(
	db: Sql,
	actor: Actor,
	dealId: number,
	more: SQL,
): Promise<DealView & More> {
	const { rows } = await db.execute<DealView & More>(sql`
		select ${VIEW}, ${editable(actor, dealVisibleTo)} as editable ${more}
		from deals d
		join stages s on s.id = d.stage_id
		join people p on p.id = d.owner_id
		left join clients c on c.id = d.client_id
		left join loss_reasons r on r.id = d.loss_reason_id
		where d.id = ${dealId} and ${dealVisibleTo(actor)}`);
	const deal = rows[0] as (DealView & More) | undefined;
	if (deal === undefined) throw new NotFound('error.notFound');
	const archived = deal.archivedAt !== null;
	return {
		...deal,
		editable: deal.editable && !archived,
		restorable: deal.editable && archived && deal.mergedInto === null,
	};
}

/** A deal locked for a change, together with the state that it stands in. */
export type DealToEdit = {
	id: number;
	title: string;
	pipelineId: number;
	stageId: number;
	stageName: string;
	stageKind: StageKind;
	clientId: number | null;
	clientName: string | null;
	ownerId: number;
	amount: string | null;
	currency: string;
	amountFromProducts: boolean;
	source: string | null;
	campaign: string | null;
	note: string | null;
	extra: ExtraValues;
	probability: number | null;
	expectedCloseOn: string | null;
	stageEnteredAt: Date;
	version: number;
	archivedAt: Date | null;
	mergedInto: number | null;
};

/**
 * Locks a deal for the rest of the transaction. Throws NotFound where the actor may not see it, Forbidden
 * where they may see but not change it, RuleBroken for one in the archive, except where that is `allowed`, and
 * for one that was merged, except where that is to be undone (`merged`).
 */
export async function findDealToEdit(
	tx: Tx,
	actor: Actor,
	dealId: number,
	archive: 'refused' | 'allowed' | 'merged' = 'refused',
): Promise<DealToEdit> {
	// Locked first, joined afterwards: who has waited for another's change must not join the row as it
	// was before it, and find neither state nor deal.
	const { rows } = await tx.execute<DealToEdit & { editable: boolean }>(sql`
		with d as materialized (
			select * from deals d where d.id = ${dealId} and ${dealVisibleTo(actor)} for update
		)
		select d.id, d.title, d.pipeline_id as "pipelineId", d.stage_id as "stageId",
			s.name as "stageName", s.kind as "stageKind", d.client_id as "clientId",
			c.name as "clientName", d.owner_id as "ownerId", d.amount, d.currency,
			d.amount_from_products as "amountFromProducts", d.source, d.campaign, d.note, d.extra,
			d.probability, d.expected_close_on as "expectedCloseOn", d.stage_entered_at as "stageEnteredAt", d.version,
			d.archived_at as "archivedAt", d.merged_into as "mergedInto",
			${editable(actor, dealVisibleTo)} as editable
		from d join stages s on s.id = d.stage_id left join clients c on c.id = d.client_id`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	const { editable: allowed, ...deal } = rows[0];
	if (!allowed) throw new Forbidden('error.readOnly');
	if (deal.mergedInto !== null && archive !== 'merged') throw new RuleBroken('deal.merged');
	if (deal.archivedAt !== null && archive === 'refused') throw new RuleBroken('deal.archived');
	return deal;
}

/** A state with what it demands of the deals that enter it. */
export type DemandingStage = Stage & { requiredFields: string[] };

/** A state that deals can stand in, of whichever pipeline, or null. */
export async function findStage(db: Sql, stageId: number): Promise<DemandingStage | null> {
	return await findStageWith(db, stageId, sql``);
}

/** The same for a deal that enters it: until then nobody takes the state away. */
export async function findStageToEnter(tx: Tx, stageId: number): Promise<DemandingStage | null> {
	return await findStageWith(tx, stageId, sql`for key share of s`);
}

async function findStageWith(db: Sql, stageId: number, lock: SQL): Promise<DemandingStage | null> {
	const { rows } = await db.execute<DemandingStage>(sql`
		select ${STAGE}, s.required_fields as "requiredFields"
		from stages s join pipelines p on p.id = s.pipeline_id
		where s.id = ${stageId} and s.removed_at is null and p.removed_at is null ${lock}`);
	return rows[0] ?? null;
}
