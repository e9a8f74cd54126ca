import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';
import type { CalendarStep, FeedOwner } from './steps.ts';

/** The active person whose feed has a secret of this hash, or null. */
export async function findFeedOwner(db: Sql, secretHash: string): Promise<FeedOwner | null> {
	const { rows } = await db.execute<FeedOwner>(sql`
		select p.id, p.name, p.language from calendar_feeds f join people p on p.id = f.person_id
		where f.secret_hash = ${secretHash} and p.active`);
	return rows[0] ?? null;
}

/** When a person's feed was made, or null where there is none. */
export async function feedMadeAt(db: Sql, personId: number): Promise<Date | null> {
	const { rows } = await db.execute<{ at: Date }>(
		sql`select created_at as at from calendar_feeds where person_id = ${personId}`,
	);
	return rows[0]?.at ?? null;
}

/** What a CalendarStep is read from: interactions `i` with `k`, `d`, `c` and `co` joined to them. */
export const STEP = sql`
	select i.id, coalesce(case when not exists (select from calendar_origins o
				where o.interaction_id = i.id and o.occurrence is not null) then i.calendar_uid end,
				'interaction-' || i.id || '@moi-prodazhi') as uid,
			k.name as "kindName", i.kind_id as "kindId", i.summary, i.description, i.place, i.planned_on as "plannedOn",
			i.planned_at as "plannedAt", i.length_minutes as "lengthMinutes", i.remind_at as "remindAt",
			i.status, i.outcome, d.id as "dealId", d.title as "dealTitle", c.id as "clientId",
			c.name as "clientName", co.name as "contactName", i.version, i.created_at as "createdAt",
			i.changed_at as "changedAt", (
				select cp.value from contact_points cp
				where cp.client_id = c.id and cp.kind = 'phone'
				order by (cp.contact_id = i.contact_id) desc nulls last, cp.position, cp.id limit 1
			) as phone`;

const LOOK_BACK_DAYS = 30;
const MOST = 2_000;

/**
 * What a person's calendar shows elsewhere: all that is planned (of more than two thousand the nearest),
 * and what was finished or cancelled in the last thirty days, so that it disappears there as well.
 */
export async function calendarSteps(db: Sql, personId: number, now: Date): Promise<CalendarStep[]> {
	const since = new Date(now.getTime() - LOOK_BACK_DAYS * 86_400_000);
	const { rows } = await db.execute<CalendarStep>(sql`
		with mine as (
			(select * from interactions where owner_id = ${personId} and status = 'planned'
			order by planned_at, planned_on, id limit ${MOST})
			union all
			(select * from interactions where owner_id = ${personId} and changed_at >= ${since}
				and status <> 'planned' and num_nonnulls(planned_on, planned_at) = 1
			order by changed_at desc limit ${MOST})
		)
		${STEP}
		from mine i join interaction_kinds k on k.id = i.kind_id
		left join deals d on d.id = i.deal_id
		left join clients c on c.id = coalesce(d.client_id, i.client_id)
		left join contacts co on co.id = i.contact_id
		order by i.id`);
	return rows;
}
