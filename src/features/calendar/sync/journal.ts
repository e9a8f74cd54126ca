import { sql } from 'drizzle-orm';
import type { CalendarStep } from '#src/features/calendar/steps.ts';
import type { Edit } from '#src/features/interactions/interaction/editing.ts';
import type { Database, Sql } from '#src/platform/db/client.ts';

/** What a round does to one event, so that it can be taken back. */
export type Change = {
	change: 'taken' | 'cancelled' | 'made' | 'copied' | 'sent' | 'removed';
	href: string;
	interactionId: number | null;
	/** The interaction's version afterwards. */
	version: number | null;
	/** What the interaction said before. */
	was?: Edit | null;
	/** What the server had before. */
	text?: string | null;
	occurrence?: string | null;
};

/** Writes down what a round does. */
export type Journal = { note: (tx: Sql, change: Change) => Promise<void> };

/** The journal of a round; a round that changes nothing leaves none. */
export function journalOf(db: Database, personId: number, begunAt: Date): Journal {
	let round: number | null = null;
	return {
		note: async (tx, { was = null, text = null, occurrence = null, ...done }) => {
			// Outside of the transaction: it may be given up, and the round goes on.
			round ??= await beginRound(db, personId, begunAt);
			await tx.execute(sql`
				insert into calendar_round_changes (round_id, change, href, interaction_id, version, was, text, occurrence)
				values (${round}, ${done.change}, ${done.href}, ${done.interactionId}, ${done.version},
					${was === null ? null : JSON.stringify(was)}::jsonb, ${text}, ${occurrence})`);
		},
	};
}

async function beginRound(db: Database, personId: number, begunAt: Date): Promise<number> {
	const { rows } = await db.execute<{ id: number }>(sql`
		insert into calendar_rounds (person_id, begun_at) values (${personId}, ${begunAt}) returning id`);
	return Number(rows[0]?.id);
}

/** What a step says, as an edit that would bring it back. */
export function asEdit(step: CalendarStep): Edit {
	const { plannedOn, plannedAt, summary, place, description, lengthMinutes } = step;
	const plan = plannedOn === null ? { plannedAt: plannedAt as Date } : { plannedOn };
	return { plan, summary, place, description, lengthMinutes };
}

const KEPT_DAYS = 30;

/** Forgets rounds that nobody will undo any more. */
export async function forgetRounds(db: Sql, now: Date): Promise<void> {
	const before = new Date(now.getTime() - KEPT_DAYS * 86_400_000);
	await db.execute(sql`delete from calendar_rounds where begun_at < ${before}`);
}

/** A round as its person may undo it: when, how many of which changes. */
export type RoundView = {
	id: number;
	begunAt: Date;
	undoingAt: Date | null;
	undoneAt: Date | null;
	taken: number;
	cancelled: number;
	sent: number;
	removed: number;
	/** What could not be taken back: somebody has changed it since. */
	left: number;
};

const SHOWN = 10;

/** The last rounds of a person that changed something. */
export async function lastRounds(db: Sql, personId: number): Promise<RoundView[]> {
	const { rows } = await db.execute<RoundView>(sql`
		select r.id, r.begun_at as "begunAt", r.undoing_at as "undoingAt", r.undone_at as "undoneAt",
			count(*) filter (where c.change in ('taken', 'made', 'copied'))::int as taken,
			count(*) filter (where c.change = 'cancelled')::int as cancelled,
			count(*) filter (where c.change = 'sent')::int as sent,
			count(*) filter (where c.change = 'removed')::int as removed,
			count(*) filter (where c.undone is false)::int as left
		from (select * from calendar_rounds where person_id = ${personId} order by id desc limit ${SHOWN}) r
		join calendar_round_changes c on c.round_id = r.id
		group by r.id, r.begun_at, r.undoing_at, r.undone_at order by r.id desc`);
	return rows;
}
