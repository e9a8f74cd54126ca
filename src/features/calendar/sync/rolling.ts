import { sql } from 'drizzle-orm';
import type { CalendarStep } from '#src/features/calendar/steps.ts';
import { isOwn, personsWords, summaryIn } from '#src/features/calendar/words.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Told } from '#src/platform/errors.ts';
import { keepLink, type Link } from './links.ts';
import { following, planOf } from './merge.ts';
import { keepOrigin } from './origins.ts';
import type { Running } from './round.ts';
import { readerOf } from './verdicts.ts';

/**
 * A series goes on: where the step of one occurrence is over, the next one becomes a step of the same deal or client,
 * one at a time. `text`: the series as it stands there.
 */
export async function rollOn(
	running: Running,
	link: Link,
	step: CalendarStep,
	text: string | null,
): Promise<void> {
	const { db, acting, report, journal } = running;
	if (text === null || step.status === 'planned') return;
	const { rows } = await db.execute<{ etag: string; text: string; occurrence: string | null }>(sql`
		select etag, text, occurrence from calendar_links
		where person_id = ${acting.actor.id} and href = ${link.href} and interaction_id = ${step.id}`);
	const stands = rows[0];
	if (!stands?.occurrence) return;
	const next = following(stands.text, stands.occurrence, readerOf(acting));
	if (next === null) return;
	const known = isOwn(next.uid) ? summaryIn(next.summary, step) : next.summary;
	const { isPrivate } = next;
	try {
		await transact(db, async (tx) => {
			const target = step.dealId ?? { clientId: step.clientId as number };
			const id = await planInteraction(tx, acting, target, {
				kindId: step.kindId,
				summary: ((!isPrivate && known) || step.summary).slice(0, 300),
				description: isPrivate ? null : personsWords(next.description, []).slice(0, 10_000) || null,
				place: isPrivate ? null : (next.place?.slice(0, 300) ?? null),
				lengthMinutes: next.lengthMinutes,
				ownerId: acting.actor.id,
				plan: planOf(next),
			});
			await tx.execute(sql`update interactions set calendar_uid = ${next.uid} where id = ${id}`);
			await keepOrigin(tx, id, next);
			const { etag } = stands;
			const { href } = link;
			const { occurrence } = next;
			await keepLink(tx, acting.actor.id, {
				...{ href, etag, text: stands.text, occurrence, interactionId: id, version: 1 },
			});
			await journal.note(tx, {
				change: 'made',
				href,
				interactionId: id,
				version: 1,
				text: stands.text,
			});
		});
	} catch (error) {
		// A deal that is closed takes no more steps: its series ends here, and stays there.
		if (!(error instanceof Told)) throw error;
		return;
	}
	report.taken += 1;
}
