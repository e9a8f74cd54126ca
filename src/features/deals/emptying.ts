import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/auth/rules.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { record } from '#src/platform/events/record.ts';
import { secondsBetween } from './rules.ts';
import type { StageRecord } from './stages.ts';

/** Deals whose move is written and told at once. */
const AT_ONCE = 1000;

type Standing = { id: number; clientId: number | null; since: Date };

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
		select id, client_id as "clientId", stage_entered_at as since from deals
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
	const seconds = deals.map(({ since }) => secondsBetween(new Date(since), acting.now));
	const ids = sql.param(deals.map(({ id }) => id));
	await tx.execute(sql`
		insert into stage_changes (deal_id, from_stage_id, to_stage_id, person_id, at, door, seconds_in_previous)
		select d.id, ${from.id}::bigint, ${to.id}::bigint, ${acting.actorId}::bigint, ${acting.now}::timestamptz,
			${acting.door}::text, d.seconds
		from unnest(${ids}::bigint[], ${sql.param(seconds)}::int[]) d(id, seconds)`);
	await tx.execute(sql`
		update deals set pipeline_id = ${to.pipelineId}, stage_id = ${to.id}, stage_entered_at = ${acting.now},
			version = version + 1
		where id = any(${ids}::bigint[])`);
	await record(
		tx,
		acting,
		...deals.map(({ id: dealId, clientId }, at) => ({
			...{ type: 'deal.moved' as const, dealId, clientId },
			data: { from: from.id, to: to.id, secondsInPrevious: seconds[at] as number },
		})),
	);
}
