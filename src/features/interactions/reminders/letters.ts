import { sql } from 'drizzle-orm';
import { phoneLine } from '#src/features/clients/client/facts.ts';
import { sendMail } from '#src/features/mail/actions.ts';
import type { LetterPart } from '#src/features/mail/letter.ts';
import { stepHref, stepItem } from '#src/features/mail/notices.ts';
import { plannedWords } from '#src/features/next-step/words.ts';
import type { Database, Tx } from '#src/platform/db/client.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { saidOnce } from '#src/platform/i18n/said.ts';
import type { Language, MessageKey } from '#src/platform/i18n/translate.ts';
import { listByIds, listRisers, type Reminder, type Riser, readDay } from './queries.ts';

const BATCH = 200;
/** What should have been told longer ago than this (the program was off) is not told by mail any more. */
const LATEST_HOURS = 24;
const HOUR_MS = 3_600_000;
const LISTED = 40;

const CLOCK = (now: Date) => ({ actorId: null, now });

/**
 * Writes the mails of all reminders whose time has come, once for each time that a reminder is set to.
 * Steps that are done, cancelled, put off or put away by now are none. May run in several programs at once.
 */
export async function mailReminders(db: Database, now: Date): Promise<void> {
	let taken: number;
	do {
		taken = await db.transaction(async (tx) => await mailSome(tx, now));
	} while (taken === BATCH);
}

async function mailSome(tx: Tx, now: Date): Promise<number> {
	const since = new Date(now.getTime() - LATEST_HOURS * HOUR_MS);
	const { rows } = await tx.execute<{ id: number }>(sql`
		with due as (
			select id from interactions where status = 'planned' and reminded_at is null
				and mailed_for is distinct from remind_at and remind_at <= ${now} and remind_at > ${since}
			order by remind_at limit ${BATCH} for update skip locked
		)
		update interactions i set mailed_for = i.remind_at from due where i.id = due.id returning i.id`);
	if (rows.length === 0) return 0;
	const steps = await listByIds(
		tx,
		rows.map(({ id }) => id),
	);
	const readers = await listReaders(
		tx,
		steps.map(({ ownerId }) => ownerId),
	);
	for (const step of steps) {
		const reader = readers.get(step.ownerId);
		if (reader) await writeReminder(tx, step, reader, now);
	}
	return rows.length;
}

type Reader = { id: number; language: Language; timeZone: string };

async function listReaders(tx: Tx, ids: number[]): Promise<Map<number, Reader>> {
	const { rows } = await tx.execute<Reader>(sql`
		select id, language, time_zone as "timeZone" from people
		where id = any(${sql.param(ids)}::bigint[]) and mail_reminders`);
	return new Map(rows.map((row) => [row.id, row]));
}

async function writeReminder(tx: Tx, step: Reminder, reader: Reader, now: Date): Promise<void> {
	const viewer = viewerAt(now, reader.language, reader.timeZone);
	const title = saidOnce(step.kindName, step.summary, ': ');
	const item = stepItem(step);
	await sendMail(tx, CLOCK(now), {
		to: step.ownerId,
		kind: 'reminder',
		key: `reminder:${step.id}:${step.remindAt.toISOString()}`,
		subject: { key: 'mail.reminder', args: { title, when: plannedWords(step, viewer) } },
		parts: [
			{
				part: 'items',
				items: [
					{
						...item,
						about: [
							...item.about,
							step.contactName,
							phoneLine(step, viewer)?.text ?? null,
							step.place,
						].filter((one) => one !== null),
					},
				],
			},
			...((step.description
				? [{ part: 'quote', text: step.description }]
				: []) satisfies LetterPart[]),
			{ part: 'button', href: stepHref(step), words: { key: 'mail.open' } },
		],
		about: { interactionId: step.id, dealId: step.dealId, clientId: step.clientId },
	});
}

/**
 * Writes the morning's digest to everybody whose morning it is: what is overdue, what is for today. Each
 * person gets one a day at most, whatever is started twice, and none where there is nothing to do.
 */
export async function mailDigests(db: Database, now: Date): Promise<void> {
	for (const riser of await listRisers(db, now))
		await db.transaction(async (tx) => await writeDigest(tx, riser, now));
}

async function writeDigest(tx: Tx, riser: Riser, now: Date): Promise<void> {
	const { id, day } = riser;
	const mine = await tx.execute(sql`
		update people set digested_on = ${day} where id = ${id} and digested_on is distinct from ${day}`);
	if (mine.rowCount === 0) return;
	const { late, today, lateAll, todayAll } = await readDay(tx, riser, now, LISTED);
	if (lateAll + todayAll === 0) return;
	const section = (
		key: MessageKey,
		n: number,
		steps: typeof late,
		isLate: boolean,
	): LetterPart[] =>
		n === 0
			? []
			: [
					{ part: 'heading', words: { key, args: { n } }, late: isLate },
					{ part: 'items', items: steps.map((step) => stepItem(step, isLate)) },
					...((n > steps.length
						? [{ part: 'words', words: { key: 'mail.moreSteps', args: { n: n - steps.length } } }]
						: []) satisfies LetterPart[]),
				];
	await sendMail(tx, CLOCK(now), {
		to: id,
		kind: 'digest',
		key: `digest:${id}:${day}`,
		subject: {
			key: 'mail.digest',
			args: { today: todayAll, late: lateAll, some: lateAll > 0 ? 'some' : 'none' },
		},
		parts: [
			...section('mail.digestLate', lateAll, late, true),
			...section('mail.digestToday', todayAll, today, false),
			{ part: 'button', href: '/agenda', words: { key: 'mail.openAgenda' } },
		],
	});
}
