import { sql } from 'drizzle-orm';
import type { Actor } from '#src/features/auth/rules.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import type { StageKind } from './tables.ts';
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

/** The states of the first pipeline, in order. */
export async function listStages(db: Sql): Promise<Stage[]> {
	const { rows } = await db.execute<Stage>(sql`
		select s.id, s.pipeline_id as "pipelineId", s.name, s.kind, s.colour,
			s.idle_days as "idleDays", s.probability
		from stages s
		where s.pipeline_id = (select id from pipelines order by position, id limit 1)
		order by s.position, s.id`);
	return rows;
}

export type LossReason = { id: number; name: string };

/** The reasons that can be chosen for a lost deal, in order. */
export async function listLossReasons(db: Sql): Promise<LossReason[]> {
	const { rows } = await db.execute<LossReason>(
		sql`select id, name from loss_reasons where active order by position, id`,
	);
	return rows;
}

/** A deal as its page shows it. */
export type DealView = {
	id: number;
	title: string;
	amount: string | null;
	currency: string;
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
	products: { name: string; quantity: string; price: string | null; currency: string }[];
};

/** A deal that the actor may see. Throws NotFound for any other, whether it exists or not. */
export async function findDeal(db: Sql, actor: Actor, dealId: number): Promise<DealView> {
	const { rows } = await db.execute<DealView>(sql`
		select d.id, d.title, d.amount, d.currency, d.stage_id as "stageId", s.name as "stageName",
			s.kind as "stageKind", s.idle_days as "idleDays", s.probability as "stageProbability",
			d.probability, d.client_id as "clientId", c.name as "clientName",
			d.owner_id as "ownerId", p.name as "ownerName", d.source,
			d.expected_close_on as "expectedCloseOn", d.closed_on as "closedOn",
			r.name as "lossReason", d.loss_reason_id as "lossReasonId", d.close_comment as "closeComment",
			d.created_at as "createdAt", d.stage_entered_at as "stageEnteredAt",
			d.next_interaction_id as "nextInteractionId", d.last_done_at as "lastDoneAt", d.version,
			coalesce((
				select jsonb_agg(jsonb_build_object('name', pr.name, 'quantity', dp.quantity::text,
					'price', dp.price::text, 'currency', pr.currency) order by pr.name)
				from deal_products dp join products pr on pr.id = dp.product_id where dp.deal_id = d.id
			), '[]') as products
		from deals d
		join stages s on s.id = d.stage_id
		join people p on p.id = d.owner_id
		left join clients c on c.id = d.client_id
		left join loss_reasons r on r.id = d.loss_reason_id
		where d.id = ${dealId} and ${dealVisibleTo(actor)}`);
	const deal = rows[0];
	if (deal === undefined) throw new NotFound('error.notFound');
	return {
		...deal,
		createdAt: new Date(deal.createdAt),
		stageEnteredAt: new Date(deal.stageEnteredAt),
		lastDoneAt: deal.lastDoneAt && new Date(deal.lastDoneAt),
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
	source: string | null;
	probability: number | null;
	expectedCloseOn: string | null;
	stageEnteredAt: Date;
	version: number;
};

/**
 * Locks a deal for the rest of the transaction. Throws NotFound where the actor may not see it:
 * what one sees (own, team, all) one may edit, so that there is no third answer.
 */
export async function findDealToEdit(tx: Tx, actor: Actor, dealId: number): Promise<DealToEdit> {
	// Locked first, joined afterwards: who has waited for another's change must not join the row as it
	// was before it, and find neither state nor deal.
	const { rows } = await tx.execute<DealToEdit>(sql`
		with d as materialized (
			select * from deals d where d.id = ${dealId} and ${dealVisibleTo(actor)} for update
		)
		select d.id, d.title, d.pipeline_id as "pipelineId", d.stage_id as "stageId",
			s.name as "stageName", s.kind as "stageKind", d.client_id as "clientId",
			c.name as "clientName", d.owner_id as "ownerId", d.amount, d.currency, d.source, d.probability,
			d.expected_close_on as "expectedCloseOn", d.stage_entered_at as "stageEnteredAt", d.version
		from d join stages s on s.id = d.stage_id left join clients c on c.id = d.client_id`);
	const deal = rows[0];
	if (deal === undefined) throw new NotFound('error.notFound');
	return { ...deal, stageEnteredAt: new Date(deal.stageEnteredAt) };
}

/** A state of the pipeline, or null. */
export async function findStage(
	db: Sql,
	pipelineId: number,
	stageId: number,
): Promise<Stage | null> {
	const { rows } = await db.execute<Stage>(sql`
		select id, pipeline_id as "pipelineId", name, kind, colour, idle_days as "idleDays", probability
		from stages where id = ${stageId} and pipeline_id = ${pipelineId}`);
	return rows[0] ?? null;
}

/** Who changed a deal last, and when; for telling the person whose change came second. */
export async function lastChangeOf(
	db: Sql,
	dealId: number,
): Promise<{ at: Date; by: string | null } | null> {
	const { rows } = await db.execute<{ at: Date; by: string | null }>(sql`
		select e.at, p.name as by from events e left join people p on p.id = e.actor_id
		where e.deal_id = ${dealId} and e.type like 'deal.%' and e.type <> 'deal.noted'
		order by e.at desc, e.id desc limit 1`);
	return rows[0] ? { at: new Date(rows[0].at), by: rows[0].by } : null;
}

/** The names that a history speaks of, also of people, clients and reasons that are gone from the lists. */
export async function namesIn(
	db: Sql,
	entries: TimelineEntry[],
): Promise<Record<'people' | 'clients' | 'reasons', Map<number, string>>> {
	const told = (pick: (entry: TimelineEntry) => unknown[]) =>
		sql.param([...new Set(entries.flatMap(pick).map(Number).filter(Number.isInteger))]);
	const changed = (entry: TimelineEntry, field: string): unknown[] =>
		(entry.data.changes as Record<string, unknown[]> | undefined)?.[field] ?? [];
	const { rows } = await db.execute<{
		kind: 'people' | 'clients' | 'reasons';
		id: number;
		name: string;
	}>(sql`
		select 'people' as kind, id, name from people where id = any(${told((entry) =>
			entry.type === 'deal.reassigned'
				? [entry.data.from, entry.data.to]
				: changed(entry, 'ownerId'),
		)}::bigint[])
		union all select 'clients', id, name from clients
			where id = any(${told((entry) => changed(entry, 'clientId'))}::bigint[])
		union all select 'reasons', id, name from loss_reasons
			where id = any(${told((entry) => [entry.data.lossReasonId])}::bigint[])`);
	const of = (kind: string) =>
		new Map(rows.filter((row) => row.kind === kind).map((row) => [row.id, row.name]));
	return { people: of('people'), clients: of('clients'), reasons: of('reasons') };
}

/** The open state that a deal was closed from the last time, or null. */
export async function closedFrom(db: Sql, dealId: number): Promise<number | null> {
	const { rows } = await db.execute<{ from: number }>(sql`
		select (data->>'from')::bigint as from from events
		where deal_id = ${dealId} and type in ('deal.won', 'deal.lost') order by at desc, id desc limit 1`);
	return rows[0]?.from ?? null;
}

/** One line of a deal's history. */
export type TimelineEntry = {
	id: number;
	type: string;
	at: Date;
	actorName: string | null;
	door: string;
	data: Record<string, unknown>;
};

/**
 * The history of a deal, newest first, out of the events; `limit` lines at most. What was planned only
 * to be noted as done at once is one line, not two.
 */
export async function timelineOf(db: Sql, dealId: number, limit: number): Promise<TimelineEntry[]> {
	const { rows } = await db.execute<TimelineEntry>(sql`
		select e.id, e.type, e.at, p.name as "actorName", e.door, e.data
		from events e left join people p on p.id = e.actor_id
		where e.deal_id = ${dealId} and not (e.type = 'interaction.planned' and exists (
			select from events done where done.deal_id = e.deal_id and done.at = e.at
				and done.interaction_id = e.interaction_id and done.type = 'interaction.completed'
		))
		order by e.at desc, e.id desc limit ${limit}`);
	return rows.map((row) => ({ ...row, at: new Date(row.at) }));
}
