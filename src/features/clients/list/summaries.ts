import { type SQL, sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/access/rights.ts';

/*
 * What stands open with a client, when somebody last spoke with them, what comes next. client_summaries keeps
 * it for everybody's deals (triggers of drizzle/0004_clients.sql, at the end of each transaction). Whose deals
 * those are it keeps too: where an actor does not see them all, their figures are added up of what they see.
 */

/** Sums in other currencies than roubles, by code, as decimal strings. */
export type OtherSums = Record<string, string>;

const FIGURES = sql`s.open_deals, s.open_amount, s.open_other, s.last_contact_at, s.next_due_at,
	s.next_planned_on, s.next_planned_at, s.next_interaction_id`;

/** A join of the figures that the actor may know, as `f`, to clients `c` and client_summaries `s`. */
export function figuresOf(actor: Actor): SQL {
	if (actor.scope === 'all') return sql`cross join lateral (select ${FIGURES}) f`;
	const seen = sql.param(actor.scope);
	return sql`cross join lateral (
		select ${FIGURES} where s.owners <@ ${seen}::bigint[]
		union all select sums.open_deals, sums.open_amount, sums.open_other,
			greatest(sums.last_done_at, alone.done_at), next.due, next.planned_on, next.planned_at, next.id
		from (${sumsSql(actor)}) sums
		cross join (
			select max(i.completed_at) as done_at from interactions i
			where ${aloneSql(actor)} and i.status = 'done'
		) alone
		left join lateral (${nextSql(actor)}) next on true
		where not s.owners <@ ${seen}::bigint[]
	) f`;
}

// Twins of refresh_client_summaries in drizzle/0004_clients.sql, for one client and one actor.
function sumsSql(actor: Actor): SQL {
	return sql`select coalesce(sum(n), 0)::int as open_deals,
			coalesce(sum(amount) filter (where currency = 'RUB'), 0)::numeric(20, 2) as open_amount,
			jsonb_object_agg(currency, amount::text) filter (where currency <> 'RUB' and amount is not null)
				as open_other,
			max(last_done_at) as last_done_at
		from (
			select d.currency, count(*) filter (where d.closed_on is null and d.archived_at is null) as n,
				sum(d.amount) filter (where d.closed_on is null and d.archived_at is null) as amount,
				max(d.last_done_at) as last_done_at
			from deals d where d.client_id = c.id and ${dealSeen(actor)} group by d.currency
		) by_currency`;
}

function nextSql(actor: Actor): SQL {
	return sql`select coalesce(a.planned_at, (a.planned_on + 1)::timestamp at time zone p.time_zone) as due,
			a.planned_on, a.planned_at, a.id
		from (
			select d.owner_id, d.next_planned_on as planned_on, d.next_planned_at as planned_at,
				d.next_interaction_id as id
			from deals d where d.client_id = c.id and num_nonnulls(d.next_planned_on, d.next_planned_at) > 0
				and ${dealSeen(actor)}
			union all select i.owner_id, i.planned_on, i.planned_at, i.id
			from interactions i where ${aloneSql(actor)} and i.status = 'planned'
		) a join people p on p.id = a.owner_id
		order by due, a.id limit 1`;
}

/** Twin of deals/visibility.ts#dealVisibleTo, which stands behind this feature. */
function dealSeen(actor: Actor): SQL {
	return sql`(${visibleTo(actor, sql`d.owner_id`)} or exists (select from deal_collaborators helping
		where helping.deal_id = d.id and helping.person_id = ${actor.id}))`;
}

function aloneSql(actor: Actor): SQL {
	return sql`i.client_id = c.id and i.deal_id is null
		and (${visibleTo(actor, sql`i.owner_id`)} or ${visibleTo(actor, sql`c.owner_id`)})`;
}
