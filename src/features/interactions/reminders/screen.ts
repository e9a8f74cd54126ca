import type { FastifyRequest } from 'fastify';
import { actorOf } from '#src/features/access/guard.ts';
import { type PointLine, phoneLine } from '#src/features/clients/client/facts.ts';
import { latenessWords, plannedWords } from '#src/features/next-step/words.ts';
import type { Database } from '#src/platform/db/client.ts';
import { formatSpan, type Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { listDue, type Reminder } from './queries.ts';

/** How many the corner of a page shows; the rest stands on the page of reminders. */
const IN_CORNER = 2;
const SOON_SECONDS = 3_600;

/** A reminder as it is drawn: when its step is planned, in words, and whether that is over, and its phone. */
export type DrawnReminder = Reminder & { when: string; late: boolean; call: PointLine | null };

/** What the corner of a page and the page of reminders show. */
export type DueReminders = { all: DrawnReminder[]; due: DrawnReminder[]; more: number };

/** The person's own reminders that have come due. */
export async function readReminders(db: Database, request: FastifyRequest): Promise<DueReminders> {
	const { viewer } = request;
	const steps = await listDue(db, actorOf(request), viewer.now);
	const all = steps.map((step) => ({
		...step,
		...whenOf(step, viewer),
		call: phoneLine(step, viewer),
	}));
	return { all, due: all.slice(0, IN_CORNER), more: Math.max(0, all.length - IN_CORNER) };
}

function whenOf(step: Reminder, viewer: Viewer): { when: string; late: boolean } {
	const late =
		step.plannedAt === null
			? (step.plannedOn ?? '') < viewer.today
			: step.plannedAt.getTime() < viewer.now.getTime();
	if (late) return { when: latenessWords(step, viewer), late };
	const seconds = step.plannedAt ? (step.plannedAt.getTime() - viewer.now.getTime()) / 1000 : null;
	if (seconds === null || seconds >= SOON_SECONDS)
		return { when: plannedWords(step, viewer), late };
	const span = formatSpan(seconds, viewer.language);
	return { when: translate(viewer.language, 'reminder.soon', { span }), late };
}
