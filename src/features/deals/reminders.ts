import { sql } from 'drizzle-orm';
import type { Tx } from '#src/platform/db/client.ts';
import { momentOf } from '#src/platform/i18n/dates.ts';
import { clockOf } from '#src/platform/i18n/workdays.ts';

/** Whose clock a reminder goes by: zone, and the beginning of the working day in minutes after midnight. */
export type Reminded = { timeZone: string; workFrom: number };
/** What a reminder counts from: a day or a moment, and how many minutes before it. */
type Due = { plannedOn: string | null; plannedAt: Date | null; remindMinutes: number | null };

const MINUTE_MS = 60_000;

/**
 * When to remind of a step: so many minutes before its moment; of a plan for a day, before its owner's
 * working day begins, whatever the clocks do that night. Null: not at all.
 */
export function remindAtOf(due: Due, { timeZone, workFrom }: Reminded): Date | null {
	if (due.remindMinutes === null) return null;
	const from =
		due.plannedAt ?? (due.plannedOn && momentOf(due.plannedOn, clockOf(workFrom), timeZone));
	return from ? new Date(from.getTime() - due.remindMinutes * MINUTE_MS) : null;
}

/** Steps by their ids, all of a deal, or all of a person. */
export type Steps = { ids: number[] } | { dealId: number } | { ownerId: number };

/**
 * Works out anew when to remind of planned steps, after their time, their owner or the owner's hours have
 * changed. A reminder that moves will come, also where the old one was put away already.
 */
export async function refreshReminders(tx: Tx, steps: Steps): Promise<void> {
	const which =
		'ids' in steps
			? sql`i.id = any(${sql.param(steps.ids)}::bigint[])`
			: 'dealId' in steps
				? sql`i.deal_id = ${steps.dealId}`
				: sql`i.owner_id = ${steps.ownerId}`;
	const { rows } = await tx.execute<Due & Reminded & { id: number; remindAt: Date | null }>(sql`
		select i.id, i.planned_on as "plannedOn", i.planned_at as "plannedAt",
			i.remind_minutes as "remindMinutes", i.remind_at as "remindAt",
			p.time_zone as "timeZone", p.work_from as "workFrom"
		from interactions i join people p on p.id = i.owner_id
		where ${which} and i.status = 'planned' and (i.remind_minutes is not null or i.remind_at is not null)`);
	const moved = rows
		.map((row) => {
			const at = remindAtOf(row, row)?.toISOString() ?? null;
			return { id: row.id, at, moves: at !== (row.remindAt?.toISOString() ?? null) };
		})
		.filter(({ moves }) => moves);
	if (moved.length === 0) return;
	await tx.execute(sql`
		update interactions i set remind_at = m.at, reminded_at = null
		from unnest(${sql.param(moved.map(({ id }) => id))}::bigint[],
			${sql.param(moved.map(({ at }) => at))}::timestamptz[]) m(id, at) where i.id = m.id`);
}
