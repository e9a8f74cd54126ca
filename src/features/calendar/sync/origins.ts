import { sql } from 'drizzle-orm';
import type { TakenEvent } from '#src/features/calendar/ical/reading.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** A step that was made of an event of another program. */
export type Origin = {
	id: number;
	uid: string;
	occurrence: string | null;
	sequence: number;
	stamp: Date | null;
	status: 'planned' | 'done' | 'cancelled';
};

/** Notes which message of an event a step follows now. */
export async function keepOrigin(
	tx: Sql,
	interactionId: number,
	{ occurrence, sequence, stamp }: TakenEvent,
): Promise<void> {
	await tx.execute(sql`
		insert into calendar_origins (interaction_id, occurrence, sequence, stamp)
		values (${interactionId}, ${occurrence}, ${sequence}, ${stamp})
		on conflict (interaction_id) do update set occurrence = excluded.occurrence,
			sequence = excluded.sequence, stamp = excluded.stamp`);
}

/** The steps of a person that were made of events of these UIDs, the planned ones first, the last made first. */
export async function findOrigins(db: Sql, personId: number, uids: string[]): Promise<Origin[]> {
	const { rows } = await db.execute<Origin>(sql`
		select i.id, i.calendar_uid as uid, i.status, o.occurrence, coalesce(o.sequence, 0) as sequence, o.stamp
		from interactions i left join calendar_origins o on o.interaction_id = i.id
		where i.calendar_uid = any(${sql.param(uids)}::text[]) and i.owner_id = ${personId}
		order by (i.status = 'planned') desc, i.id desc`);
	return rows;
}

/**
 * The steps that an event speaks of: one of a series that is named, only that one (RFC 5546, 3.2.5); what calls off
 * a whole series, all that are planned; the series itself, the step that stands for it now.
 */
export function meant(event: TakenEvent, origins: Origin[]): Origin[] {
	const own = origins.filter(({ uid }) => uid === event.uid);
	const planned = own.filter(({ status }) => status === 'planned');
	const exact = own.filter(({ occurrence }) => occurrence === event.occurrence);
	if (event.occurrence === null && event.cancelled)
		return planned.length > 0 ? planned : own.slice(0, 1);
	if (exact.length > 0) return exact.slice(0, 1);
	// Of a series that was moved as a whole, or became one, the step goes along.
	return event.occurrence === null || event.isHead ? planned.slice(0, 1) : [];
}

/** Whether a message is older than the one that a step follows (RFC 5546, 2.1.4). */
export function isOutdated(event: TakenEvent, { sequence, stamp }: Origin): boolean {
	if (event.sequence !== sequence) return event.sequence < sequence;
	return event.stamp !== null && stamp !== null && event.stamp < stamp;
}
