import { type SQL, sql } from 'drizzle-orm';
import { type Actor, editable } from '#src/features/access/rights.ts';
import { interactionVisibleTo } from '#src/features/interactions/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** A person whose calendar can be looked at; working hours in minutes after midnight. */
export type CalendarPerson = { id: number; name: string; workFrom: number; workUntil: number };

/** Everybody who works here, by name: whose hours are taken may be seen by all. */
export async function listCalendarPeople(db: Sql): Promise<CalendarPerson[]> {
	const { rows } = await db.execute<CalendarPerson>(sql`
		select id, name, work_from as "workFrom", work_until as "workUntil"
		from people where active order by name, id`);
	return rows;
}

/** A step in somebody's calendar. */
export type CalendarEntry = {
	id: number;
	ownerId: number;
	ownerName: string;
	kindName: string;
	kindIcon: string;
	summary: string;
	plannedOn: string | null;
	plannedAt: Date | null;
	lengthMinutes: number | null;
	place: string | null;
	clientName: string | null;
	dealTitle: string | null;
	done: boolean;
	/** Whether the actor may change it, or only read. */
	editable: boolean;
	version: number;
};

/** Half-open for moments, inclusive for days. */
export type CalendarSpan = { from: Date; before: Date; firstDay: string; lastDay: string };

const MOST = 1_500;

/**
 * What stands in the calendars of these people, planned and done, in order of time: of more than fifteen
 * hundred entries the first. `busy` leaves only the hours of calls and meetings, without saying what.
 */
export async function listEntries(
	db: Sql,
	actor: Actor,
	ownerIds: readonly number[],
	{ from, before, firstDay, lastDay }: CalendarSpan,
	busy: boolean,
): Promise<CalendarEntry[]> {
	const owners = sql`i.owner_id = any(${sql.param(ownerIds)}::bigint[])`;
	const at = sql`i.planned_at >= ${from} and i.planned_at < ${before}`;
	const on = sql`i.planned_on between ${firstDay} and ${lastDay}`;
	const shown = busy
		? sql`and i.kind_id in (select id from interaction_kinds where code in ('call', 'meeting'))`
		: sql``;
	// The first of all are chosen before anything else of them is read. One branch an index: together they would be one scan of everything that these people ever did.
	const part = (status: SQL, when: SQL) =>
		sql`select * from interactions i where ${owners} and i.status = ${status} and ${when} ${shown}`;
	const { rows } = await db.execute<CalendarEntry>(sql`
		with every as (
			${part(sql`'planned'`, at)} union all ${part(sql`'done'`, at)}
			${busy ? sql`` : sql`union all ${part(sql`'planned'`, on)} union all ${part(sql`'done'`, on)}`}
		), found as materialized (
			select * from every order by planned_at nulls first, planned_on, id limit ${MOST}
		)
		select i.id, i.owner_id as "ownerId", p.name as "ownerName", k.name as "kindName",
			k.icon as "kindIcon", i.summary, i.planned_on as "plannedOn", i.planned_at as "plannedAt",
			i.length_minutes as "lengthMinutes", i.place, c.name as "clientName",
			d.title as "dealTitle", i.status = 'done' as done,
			${editable(actor, interactionVisibleTo)} as editable, i.version
		from found i join people p on p.id = i.owner_id join interaction_kinds k on k.id = i.kind_id
		left join deals d on d.id = i.deal_id
		left join clients c on c.id = coalesce(d.client_id, i.client_id)
		order by i.planned_at nulls first, i.planned_on, i.id`);
	return rows;
}
