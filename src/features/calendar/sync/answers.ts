import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { ANSWERS, Question } from '#src/features/calendar/tables.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';
import { LOST } from './links.ts';

/**
 * Answers what a round asked. What is kept is put on the server again where it is missing there, and stands there alone where it
 * was given up here. Throws RuleBroken where nothing is asked any more.
 */
export async function answerQuestion(
	sqlOrTx: Sql,
	acting: Acting,
	answer: (typeof ANSWERS)[number],
): Promise<void> {
	const me = acting.actor.id;
	await transact(sqlOrTx, async (tx) => {
		const { rows } = await tx.execute<{ question: Question | null }>(
			sql`select question from calendar_accounts where person_id = ${me} for update`,
		);
		const question = rows[0]?.question;
		if (!question) throw new RuleBroken('calendar.notAsked');
		const { cancel, remove } = question;
		const allowed = answer === 'allow' ? JSON.stringify([...cancel, ...remove]) : null;
		if (answer === 'keep') await keepBoth(tx, me, question);
		await tx.execute(sql`
			update calendar_accounts set question = null, allowed = ${allowed}::jsonb, state = 'ok', tried_at = null
			where person_id = ${me}`);
		const data = { answer, cancelled: cancel.length, removed: remove.length };
		await record(tx, acting, { type: 'calendar.answered', data });
	});
}

async function keepBoth(tx: Sql, me: number, { cancel, remove }: Question): Promise<void> {
	await tx.execute(sql`
		update calendar_links set etag = ${LOST}
		where person_id = ${me} and href = any(${sql.param(cancel)}::text[])`);
	await tx.execute(sql`
		update calendar_links set stranger = coalesce(text, ''), interaction_id = null, synced_version = null,
			text = null, occurrence = null
		where person_id = ${me} and href = any(${sql.param(remove)}::text[])`);
}
