import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '#src/features/access/rights.ts';
import { type InteractionView, viewFor } from '#src/features/interactions/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import type { Language } from '#src/platform/i18n/translate.ts';

/** A step to be reminded of, and the phone to do it by: its contact's, or else the client's. */
export type Reminder = InteractionView & {
	remindAt: Date;
	phone: string | null;
	e164: string | null;
	extension: string | null;
};

/** More of them at once remind of nothing any more. */
export const MOST_REMINDERS = 50;

/** Over a long weekend; what is older than that stands in red on the board and in «Мои дела». */
const REMINDED_HOURS = 84;
const HOUR_MS = 3_600_000;

/**
 * The actor's own planned steps whose time to be reminded has come in the last days and that were not put
 * away, the latest first.
 */
export async function listDue(db: Sql, actor: Actor, now: Date): Promise<Reminder[]> {
	const since = new Date(now.getTime() - REMINDED_HOURS * HOUR_MS);
	return await readSteps(
		db,
		sql`i.id in (
			select id from interactions where owner_id = ${actor.id} and status = 'planned'
				and reminded_at is null and remind_at <= ${now} and remind_at > ${since}
			order by remind_at desc limit ${MOST_REMINDERS})`,
		sql`i.remind_at desc, i.id`,
	);
}

/** Steps by their ids, in no order, with their phones. */
export async function listByIds(db: Sql, ids: number[]): Promise<Reminder[]> {
	return await readSteps(db, sql`i.id = any(${sql.param(ids)}::bigint[])`, sql`i.id`);
}

async function readSteps(db: Sql, which: SQL, order: SQL): Promise<Reminder[]> {
	const { rows } = await db.execute<Reminder>(sql`
		select step.*, i.remind_at as "remindAt", ph.value as phone, ph.e164, ph.extension
		from (${viewFor(null)} where ${which}) step join interactions i on i.id = step.id
		left join lateral (
			select cp.value, cp.e164, cp.extension from contact_points cp
			where cp.client_id = step."clientId" and cp.kind = 'phone'
			order by cp.contact_id is not distinct from step."contactId" desc, cp.position, cp.id limit 1
		) ph on true
		order by ${order}`);
	return rows;
}

/** Somebody whose morning it is. `day` is today where they are. */
export type Riser = { id: number; name: string; language: Language; timeZone: string; day: string };

/** How long before work the digest comes, and until how long after its beginning it still makes sense. */
const BEFORE_WORK_MINUTES = 30;
const AFTER_WORK_MINUTES = 180;

/** Who wants a digest, has not had today's, and begins one of the company's working days about now, where they are. */
export async function listRisers(db: Sql, now: Date): Promise<Riser[]> {
	const { rows } = await db.execute<Riser>(sql`
		select p.id, p.name, p.language, p.time_zone as "timeZone", here.at::date::text as day
		from people p cross join lateral (select ${now}::timestamptz at time zone p.time_zone as at) here
		where p.active and p.mail_digest and p.email <> ''
			and p.digested_on is distinct from here.at::date and coalesce(
				(select h.working from holidays h where h.day = here.at::date),
				(select extract(isodow from here.at)::int = any(w.weekdays) from work_calendar w limit 1))
			and extract(hour from here.at) * 60 + extract(minute from here.at)
				between greatest(0, p.work_from - ${BEFORE_WORK_MINUTES}) and p.work_from + ${AFTER_WORK_MINUTES}
		order by p.id`);
	return rows;
}

/** What a digest lists, the oldest first, cut to `limit` each; the numbers are of all. */
export type Day = {
	late: InteractionView[];
	today: InteractionView[];
	lateAll: number;
	todayAll: number;
};

/** The planned steps of a person that are overdue at `now`, and those that are still for their day. */
export async function readDay(
	db: Sql,
	{ id, timeZone, day }: Riser,
	now: Date,
	limit: number,
): Promise<Day> {
	const late = sql`(planned_at < ${now} or planned_on < ${day})`;
	const today = sql`(planned_on = ${day} or (planned_at >= ${now}
		and planned_at < (${day}::date + 1)::timestamp at time zone ${timeZone}))`;
	const mine = sql`owner_id = ${id} and status = 'planned'`;
	const due = sql`coalesce(planned_at, (planned_on + 1)::timestamp at time zone ${timeZone})`;
	const counted = await db.execute<{ late: number; today: number }>(sql`
		select count(*) filter (where ${late})::int as late, count(*) filter (where ${today})::int as today
		from interactions where ${mine} and (${late} or ${today})`);
	const { late: lateAll = 0, today: todayAll = 0 } = counted.rows[0] ?? {};
	const read = async (which: SQL): Promise<InteractionView[]> => {
		const { rows } = await db.execute<InteractionView>(sql`
			${viewFor(null)} where i.id in (
				select id from interactions where ${mine} and ${which} order by ${due}, id limit ${limit})
			order by coalesce(i.planned_at, (i.planned_on + 1)::timestamp at time zone ${timeZone}), i.id`);
		return rows;
	};
	return {
		late: lateAll > 0 ? await read(late) : [],
		today: todayAll > 0 ? await read(today) : [],
		lateAll,
		todayAll,
	};
}

/** When the actor's work begins, in minutes after midnight where they are. */
export async function findWorkFrom(db: Sql, actor: Actor): Promise<number> {
	const { rows } = await db.execute<{ workFrom: number }>(
		sql`select work_from as "workFrom" from people where id = ${actor.id}`,
	);
	return rows[0]?.workFrom ?? 0;
}
