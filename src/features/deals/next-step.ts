import { sql } from 'drizzle-orm';
import type { Tx } from '#src/platform/db/client.ts';

/**
 * Keeps on the deal what the board sorts by: the earliest planned interaction (a day counts with its
 * end, in the owner's zone) and the last finished one. Called in every transaction that changes an
 * interaction. It does not touch the deal's version: planning a call is no edit of the deal.
 */
export async function refreshNextStep(tx: Tx, dealId: number): Promise<void> {
	await tx.execute(sql`
		update deals d set next_interaction_id = n.id, next_planned_on = n.planned_on,
			next_planned_at = n.planned_at, last_done_at = n.last_done_at
		from (
			select next.id, next.planned_on, next.planned_at, (
				select max(completed_at) from interactions where deal_id = ${dealId} and status = 'done'
			) as last_done_at
			from (select 1) one left join lateral (
				select i.id, i.planned_on, i.planned_at
				from interactions i join deals of_deal on of_deal.id = i.deal_id
				join people p on p.id = of_deal.owner_id
				where i.deal_id = ${dealId} and i.status = 'planned'
				order by coalesce(i.planned_at, (i.planned_on + 1)::timestamp at time zone p.time_zone), i.id
				limit 1
			) next on true
		) n
		where d.id = ${dealId}`);
}

/**
 * The same for all that lies with these people, whose zone has changed: where their days end decides which step of a deal
 * and of a client is the nearest. Twin of refresh_client_summaries, which is asked for here.
 */
export async function refreshStepsOf(tx: Tx, ownerIds: number[]): Promise<void> {
	const theirs = sql`any(${sql.param(ownerIds)}::bigint[])`;
	await tx.execute(sql`
		update deals d set next_interaction_id = n.id, next_planned_on = n.planned_on, next_planned_at = n.planned_at
		from deals o join people p on p.id = o.owner_id cross join lateral (
			select i.id, i.planned_on, i.planned_at from interactions i
			where i.deal_id = o.id and i.status = 'planned'
			order by coalesce(i.planned_at, (i.planned_on + 1)::timestamp at time zone p.time_zone), i.id
			limit 1
		) n
		where d.id = o.id and o.owner_id = ${theirs} and o.next_interaction_id is distinct from n.id`);
	await tx.execute(sql`
		insert into client_refreshes (summaries)
		select array_agg(distinct client_id) from (
			select client_id from deals where owner_id = ${theirs} and next_planned_on is not null
			union all select client_id from interactions
			where owner_id = ${theirs} and status = 'planned' and deal_id is null and planned_on is not null
		) days where client_id is not null having count(*) > 0`);
}

/** Locks the open deals of these people, for whoever is going to change what their days are. */
export async function lockDealsOf(tx: Tx, ownerIds: number[]): Promise<void> {
	await tx.execute(sql`
		select from deals where owner_id = any(${sql.param(ownerIds)}::bigint[]) and closed_on is null and archived_at is null
		order by id for update`);
}
