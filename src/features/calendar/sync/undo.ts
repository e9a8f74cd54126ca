import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import {
	deleteInteraction,
	type Edit,
	editInteraction,
	reopenInteraction,
} from '#src/features/interactions/interaction/editing.ts';
import type { Database, Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { NotFound, Told } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';
import { bareState, type RemoteCalendar } from './caldav.ts';
import type { Change } from './journal.ts';
import { findCalendarStep, keepLink, keepStranger, LOST } from './links.ts';

/** Asks for a round of the actor's to be undone. Throws NotFound for one that is not theirs, or is undone already. */
export async function askUndo(sqlOrTx: Sql, acting: Acting, roundId: number): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		const { rowCount } = await tx.execute(sql`
			update calendar_rounds set undoing_at = ${acting.now}
			where id = ${roundId} and person_id = ${acting.actor.id} and undoing_at is null`);
		if (!rowCount) throw new NotFound('error.notFound');
		await record(tx, acting, { type: 'calendar.undone', data: { roundId } });
	});
}

type Done = Required<Omit<Change, 'was'>> & { id: number; was: Edit | null };
type Undoing = { db: Database; acting: Acting; calendar: RemoteCalendar };

/**
 * Takes back what a round did, the last change first: what was cancelled is planned again, what was changed says what it
 * said, what was removed or written over there stands there as it stood. What somebody has changed since, stays.
 * Throws CalendarRefused; asked again, it goes on where it ended.
 */
export async function undoRound(undoing: Undoing, roundId: number): Promise<void> {
	const { db, acting } = undoing;
	const { rows } = await db.execute<Done>(sql`
		select c.id, c.change, c.href, c.interaction_id as "interactionId", c.version, c.was, c.text, c.occurrence
		from calendar_round_changes c join calendar_rounds r on r.id = c.round_id
		where r.id = ${roundId} and r.person_id = ${acting.actor.id} and r.undoing_at is not null
			and c.undone is null order by c.id desc`);
	for (const done of rows) {
		const undone = await takenBack(undoing, done);
		await db.execute(
			sql`update calendar_round_changes set undone = ${undone} where id = ${done.id}`,
		);
	}
	await db.execute(sql`
		update calendar_rounds set undone_at = ${acting.now}
		where id = ${roundId} and person_id = ${acting.actor.id}`);
}

async function takenBack(undoing: Undoing, done: Done): Promise<boolean> {
	try {
		return await BACK[done.change](undoing, done);
	} catch (error) {
		// Somebody has changed it since, or it may not be so any more: it stays as it is, and the page says so.
		if (error instanceof Told) return false;
		throw error;
	}
}

const BACK: Record<Change['change'], (undoing: Undoing, done: Done) => Promise<boolean>> = {
	taken: async ({ db, acting }, { interactionId, version, was }) => {
		if (interactionId === null || version === null || was === null) return false;
		await editInteraction(db, acting, interactionId, version, revived(was));
		return true;
	},
	cancelled: async ({ db, acting }, done) => {
		const { interactionId, version, href, text, occurrence } = done;
		if (interactionId === null || version === null) return false;
		await transact(db, async (tx) => {
			await reopenInteraction(tx, acting, interactionId, version);
			const { rows } = await tx.execute(sql`
				select from calendar_links where person_id = ${acting.actor.id}
					and (href = ${href} or interaction_id = ${interactionId})`);
			// Nothing stands there any more: it is put there again, with all that it had.
			if (rows.length === 0)
				await keepLink(tx, acting.actor.id, {
					...{ href, etag: LOST, interactionId, version: version + 1, text, occurrence },
				});
		});
		return true;
	},
	made: async (undoing, done) => await unmade(undoing, done),
	copied: async (undoing, done) => await unmade(undoing, done),
	sent: async ({ db, acting, calendar }, { href, interactionId, text, occurrence }) => {
		const { rows } = await db.execute<{ etag: string }>(sql`
			select etag from calendar_links where person_id = ${acting.actor.id} and href = ${href}
				and interaction_id = ${interactionId}`);
		const event = await calendar.find(href);
		const known = rows[0]?.etag;
		if (!event || interactionId === null || text === null || known === undefined) return false;
		if (bareState(event.etag) !== bareState(known)) return false;
		const state = event.etag.startsWith('W/') ? null : event.etag;
		const sent = await calendar.update(href, state, text);
		const step = await findCalendarStep(db, acting.actor.id, interactionId);
		if (typeof sent === 'string') return false;
		if (step)
			await keepLink(db, acting.actor.id, {
				...{ href, etag: sent.etag, interactionId, version: step.version, text, occurrence },
			});
		return true;
	},
	removed: async ({ db, acting, calendar }, { href, text }) => {
		if (text === null) return false;
		const made = await calendar.create(href, text);
		// It is the person's from here on: the step that it was of has been given up by somebody.
		if (made) await keepStranger(db, acting.actor.id, { href, etag: made.etag, text });
		return made !== null;
	},
};

async function unmade({ db, acting }: Undoing, done: Done): Promise<boolean> {
	const { interactionId, version, href, text } = done;
	if (interactionId === null || version === null) return false;
	await transact(db, async (tx) => {
		await deleteInteraction(tx, acting, interactionId, version);
		const { rows } = await tx.execute<{ etag: string }>(sql`
			select etag from calendar_links
			where person_id = ${acting.actor.id} and href = ${href} and interaction_id = ${interactionId}`);
		const etag = rows[0]?.etag;
		if (etag !== undefined && text !== null)
			await keepStranger(tx, acting.actor.id, { href, etag, text });
	});
	return true;
}

// Moments have become text on their way through the journal.
function revived({ plan, ...edit }: Edit): Edit {
	if (!plan) return edit;
	return {
		...edit,
		plan: 'plannedAt' in plan ? { plannedAt: new Date(plan.plannedAt) } : plan,
	};
}
