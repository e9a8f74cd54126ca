import { sql } from 'drizzle-orm';
import type { ACCOUNT_STATES, Question } from '#src/features/calendar/tables.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { lastRounds, type RoundView } from './journal.ts';

/** A person's place on the calendar server, as its page shows it; never the password. */
export type AccountView = {
	login: string;
	state: (typeof ACCOUNT_STATES)[number];
	answered: number | null;
	syncedAt: Date | null;
	/** What the next round would take away, where that is a great deal. */
	question: Question | null;
	strangers: { href: string; text: string }[];
	/** Events with which something is amiss, as texts: which, what, how often in a row. */
	faults: { fault: string; times: number; text: string | null; interactionId: number | null }[];
	/** The last rounds that changed something. */
	rounds: RoundView[];
	/** What both sides had changed in the last thirty days: ours, and the copy of theirs. */
	conflicts: { id: number; copyId: number; summary: string; dealId: number | null }[];
};

/** The actor's account, or null. */
export async function findAccount(
	db: Sql,
	personId: number,
	now: Date,
): Promise<AccountView | null> {
	const since = new Date(now.getTime() - 30 * 86_400_000);
	const { rows } = await db.execute<Omit<AccountView, 'rounds'>>(sql`
		select login, state, answered, synced_at as "syncedAt", question,
			coalesce((select jsonb_agg(jsonb_build_object('fault', l.fault, 'times', l.fault_count,
				'text', coalesce(l.stranger, l.text), 'interactionId', l.interaction_id) order by l.href)
				from (select * from calendar_links where person_id = a.person_id and fault is not null
					and (fault <> 'refused' or fault_count > 1) order by href limit 50) l), '[]') as faults,
			coalesce((select jsonb_agg(jsonb_build_object('href', l.href, 'text', l.stranger) order by l.href)
				from (select * from calendar_links where person_id = a.person_id and stranger is not null
					order by href limit 50) l), '[]') as strangers,
			coalesce((select jsonb_agg(jsonb_build_object('id', i.id, 'copyId', l.copy_id,
				'summary', i.summary, 'dealId', i.deal_id) order by l.conflicted_at desc)
				from calendar_links l join interactions i on i.id = l.interaction_id
				where l.person_id = a.person_id and l.conflicted_at > ${since}), '[]') as conflicts
		from calendar_accounts a where a.person_id = ${personId}`);
	const row = rows[0];
	if (row === undefined) return null;
	return { ...row, rounds: await lastRounds(db, personId) };
}

/** How many accounts are in which state, for whoever watches the program. */
export async function countStates(db: Sql): Promise<{ state: string; n: number }[]> {
	const { rows } = await db.execute<{ state: string; n: number }>(
		sql`select state, count(*)::int as n from calendar_accounts group by state`,
	);
	return rows;
}
