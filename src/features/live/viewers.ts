import { sql } from 'drizzle-orm';
import type { Actor } from '#src/features/access/rights.ts';
import { findDeal } from '#src/features/deals/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** Who has not said so for so long looks no more; pages say it every twenty seconds. */
const GONE_AFTER_SECONDS = 45;

/** News of who looks at a deal, for those who see it; the database's own clock counts, whatever instance asks. */
const WATCHED = sql`
	select pg_notify('changed', jsonb_build_object('watched', jsonb_build_array(jsonb_build_array(
		d.id, array[d.owner_id], array(select person_id from deal_collaborators where deal_id = d.id)))
	)::text) from deals d`;

/** Notes that the actor looks at a deal, and returns the names of the others who do. Throws NotFound. */
export async function watchDeal(db: Sql, actor: Actor, dealId: number): Promise<string[]> {
	await findDeal(db, actor, dealId);
	const { rows } = await db.execute<{ names: string[] | null }>(sql`
		with gone as (
			delete from deal_viewers where (deal_id, person_id) in (
				select deal_id, person_id from deal_viewers
				where seen_at < now() - make_interval(secs => ${GONE_AFTER_SECONDS}) and person_id <> ${actor.id}
				order by seen_at limit 20 for update skip locked)
		), before as (
			select from deal_viewers where deal_id = ${dealId} and person_id = ${actor.id}
				and seen_at > now() - make_interval(secs => ${GONE_AFTER_SECONDS})
		), noted as (
			insert into deal_viewers (deal_id, person_id, seen_at) values (${dealId}, ${actor.id}, now())
			on conflict (deal_id, person_id) do update set seen_at = now()
		), told as (${WATCHED} where d.id = ${dealId} and not exists (select from before))
		select (select count(*) from told) as told, (
			select array_agg(p.name order by p.name) from deal_viewers v join people p on p.id = v.person_id
			where v.deal_id = ${dealId} and v.person_id <> ${actor.id}
				and v.seen_at > now() - make_interval(secs => ${GONE_AFTER_SECONDS})
		) as names`);
	return rows[0]?.names ?? [];
}

/** Takes back that the actor looks at a deal. */
export async function leaveDeal(db: Sql, actor: Actor, dealId: number): Promise<void> {
	await db.execute(sql`
		with gone as (
			delete from deal_viewers where deal_id = ${dealId} and person_id = ${actor.id} returning deal_id
		) ${WATCHED} join gone on gone.deal_id = d.id`);
}
