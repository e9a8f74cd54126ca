import { type SQL, sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/access/rights.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { formatMoment, momentOf, type Viewer } from '#src/platform/i18n/dates.ts';
import type { MessageArgs } from '#src/platform/i18n/translate.ts';

/** Something that the same person has at the same time. */
export type Clash = {
	/** Of a stranger's time one learns that it is taken, not by what. */
	whose: 'mine' | 'seen' | 'hidden';
	summary: string | null;
	plannedAt: Date;
	ownerName: string;
	/** How many there are beside it. */
	more: number;
};

/**
 * The earliest of what takes its owner's time while a planned step does (or, with `series`, any that is
 * planned of its series); what has no length takes none. Null: nothing, or the step is not planned.
 */
export async function findClash(
	db: Sql,
	actor: Actor,
	stepId: number,
	series = false,
): Promise<Clash | null> {
	const mine = series
		? sql`(id = ${stepId} or series_id = (select series_id from interactions where id = ${stepId}))`
		: sql`id = ${stepId}`;
	return await clashWith(
		db,
		actor,
		sql`select id, owner_id, planned_at, length_minutes from interactions
			where ${mine} and status = 'planned'`,
	);
}

/** A time that somebody is about to take; `except`: the step itself, where it is there already. */
export type Taking = { ownerId: number; at: Date; minutes: number; except: number | null };

/** The earliest of what takes a person's time then: what a form tells before it is saved. */
export async function findClashAt(
	db: Sql,
	actor: Actor,
	{ ownerId, at, minutes, except }: Taking,
): Promise<Clash | null> {
	return await clashWith(
		db,
		actor,
		sql`select ${except}::bigint as id, ${ownerId}::bigint as owner_id,
			${at}::timestamptz as planned_at, ${minutes}::int as length_minutes`,
	);
}

async function clashWith(db: Sql, actor: Actor, mine: SQL): Promise<Clash | null> {
	// No step is longer than a day: so far back lies what can still be going on.
	const { rows } = await db.execute<Clash>(sql`
		select o.planned_at as "plannedAt", p.name as "ownerName",
			case when ${visibleTo(actor, sql`o.owner_id`)} then o.summary end as summary,
			case when o.owner_id = ${actor.id} then 'mine'
				when ${visibleTo(actor, sql`o.owner_id`)} then 'seen' else 'hidden' end as whose,
			(count(*) over () - 1)::int as more
		from (${mine}) m
		join interactions o on o.owner_id = m.owner_id and o.status = 'planned'
			and o.id is distinct from m.id
			and o.planned_at > m.planned_at - interval '1 day'
			and o.planned_at < m.planned_at + m.length_minutes * interval '1 minute'
			and o.planned_at + o.length_minutes * interval '1 minute' > m.planned_at
		join people p on p.id = o.owner_id
		order by o.planned_at, o.id limit 1`);
	return rows[0] ?? null;
}

/** What a form says of the time to be taken, as far as it is filled in. */
export type Asked = {
	plannedDay?: string;
	plannedTime?: string;
	lengthMinutes?: number;
	ownerId?: number;
	except?: number | null;
};

/** What stands in the way of what a form says, in the words of a sentence; null: nothing, or it says no time yet. */
export async function findAsked(
	db: Sql,
	actor: Actor,
	{ plannedDay, plannedTime, lengthMinutes: minutes, ownerId = actor.id, except = null }: Asked,
	viewer: Viewer,
): Promise<MessageArgs | null> {
	if (!plannedDay || !plannedTime || !minutes) return null;
	const at = momentOf(plannedDay, plannedTime, viewer.timeZone);
	const clash = await findClashAt(db, actor, { ownerId, at, minutes, except });
	return clash && clashArgs(clash, viewer);
}

/** What the sentence about it is made of. */
export function clashArgs(clash: Clash, viewer: Viewer): MessageArgs {
	const { summary, plannedAt, whose, ownerName, more } = clash;
	const when = formatMoment(plannedAt, viewer, true);
	return { whose, summary: summary ?? '', name: ownerName, more, when };
}
