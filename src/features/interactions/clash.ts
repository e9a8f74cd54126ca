import { sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/auth/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { formatMoment, type Viewer } from '#src/platform/i18n/dates.ts';
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
		? sql`(m.id = ${stepId} or m.series_id = (select series_id from interactions where id = ${stepId}))`
		: sql`m.id = ${stepId}`;
	// No step is longer than a day: so far back lies what can still be going on.
	const { rows } = await db.execute<Clash>(sql`
		select o.planned_at as "plannedAt", p.name as "ownerName",
			case when ${visibleTo(actor, sql`o.owner_id`)} then o.summary end as summary,
			case when o.owner_id = ${actor.id} then 'mine'
				when ${visibleTo(actor, sql`o.owner_id`)} then 'seen' else 'hidden' end as whose,
			(count(*) over () - 1)::int as more
		from interactions m
		join interactions o on o.owner_id = m.owner_id and o.status = 'planned' and o.id <> m.id
			and o.planned_at > m.planned_at - interval '1 day'
			and o.planned_at < m.planned_at + m.length_minutes * interval '1 minute'
			and o.planned_at + o.length_minutes * interval '1 minute' > m.planned_at
		join people p on p.id = o.owner_id
		where ${mine} and m.status = 'planned'
		order by o.planned_at, o.id limit 1`);
	const [found] = rows;
	return found ? { ...found, plannedAt: new Date(found.plannedAt) } : null;
}

/** What the sentence about it is made of. */
export function clashArgs(clash: Clash, viewer: Viewer): MessageArgs {
	const { summary, plannedAt, whose, ownerName, more } = clash;
	const when = formatMoment(plannedAt, viewer, true);
	return { whose, summary: summary ?? '', name: ownerName, more, when };
}
