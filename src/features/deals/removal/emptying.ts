import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { StageRecord } from '#src/features/deals/pipelines/stages.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';

/** Deals whose move is written and told at once. */
const AT_ONCE = 1000;

type Standing = { id: number; clientId: number | null };

/**
 * Moves all deals of a state into another of the same kind, as moves of whoever does it: what is finished stays
 * finished, and nobody is asked for what the other one demands. Until the transaction ends nobody enters the
 * state. Returns how many they were.
 */
export async function emptyInto(
	tx: Tx,
	acting: Acting,
	from: StageRecord,
	into: StageRecord | null,
): Promise<number> {
	// The deals before their state, as whoever moves one of them does; then those that came in meanwhile.
	await lockDeals(tx, from);
	await tx.execute(sql`select from stages where id = ${from.id} for update`);
	const deals = await lockDeals(tx, from);
	for (let at = 0; into !== null && at < deals.length; at += AT_ONCE)
		await moveAll(tx, acting, deals.slice(at, at + AT_ONCE), from, into);
	return deals.length;
}

async function lockDeals(tx: Tx, { id }: StageRecord): Promise<Standing[]> {
	const { rows } = await tx.execute<Standing>(sql`
		select id, client_id as "clientId" from deals
		where stage_id = ${id} order by id for update`);
	return rows;
}

async function moveAll(
	tx: Tx,
	acting: Acting,
	deals: Standing[],
	from: StageRecord,
	to: StageRecord,
): Promise<void> {
	const ids = sql.param(deals.map(({ id }) => id));
	const { rows } = await tx.execute<{ id: number; seconds: number }>(sql`
		with leaving as materialized (
			select id, greatest(m.at, stage_entered_at) as at, stage_entered_at as since
			from deals, (select ${momentOf(acting)} as at) m where id = any(${ids}::bigint[])
		), moved as (
			update deals d set pipeline_id = ${to.pipelineId}, stage_id = ${to.id}, stage_entered_at = l.at,
				version = version + 1
			from leaving l where d.id = l.id
		)
		insert into stage_changes (deal_id, from_stage_id, to_stage_id, person_id, at, door, seconds_in_previous)
		select id, ${from.id}::bigint, ${to.id}::bigint, ${acting.actorId}::bigint, at, ${acting.door}::text,
			floor(extract(epoch from at - since))::int
		from leaving order by id
		returning deal_id as id, seconds_in_previous as seconds`);
	const seconds = new Map(rows.map((row) => [row.id, row.seconds]));
	await record(
		tx,
		acting,
		...deals.map(({ id: dealId, clientId }) => ({
			...{ type: 'deal.moved' as const, dealId, clientId },
			data: { from: from.id, to: to.id, secondsInPrevious: seconds.get(dealId) as number },
		})),
	);
}
