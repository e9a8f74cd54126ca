import { sql } from 'drizzle-orm';
import { calledOff } from '#src/features/calendar/ical/patch.ts';
import type { TakenEvent } from '#src/features/calendar/ical/reading.ts';
import type { CalendarStep } from '#src/features/calendar/steps.ts';
import { isOwn, ownLines, summaryIn } from '#src/features/calendar/words.ts';
import { cancelInteraction, planInteraction } from '#src/features/interactions/actions.ts';
import { editInteraction } from '#src/features/interactions/interaction/editing.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { asEdit } from './journal.ts';
import {
	dropLink,
	findCalendarStep,
	keepLink,
	keepStranger,
	type Link,
	noteConflict,
	noteFault,
} from './links.ts';
import { changesThere, clashes, planOf } from './merge.ts';
import { rollOn } from './rolling.ts';
import type { Running } from './round.ts';
import { introduce, put, send, whereItStands } from './sending.ts';
import { readerOf, type Verdict } from './verdicts.ts';

const MAX_SUMMARY = 300;

/** Does about an event what was decided. Throws CalendarRefused, and what the verbs of interactions throw. */
export async function settle(running: Running, verdict: Verdict): Promise<void> {
	const { link, etag, text, now } = verdict;
	const { db, acting } = running;
	const me = acting.actor.id;
	const { step } = link;
	switch (verdict.step) {
		case 'nothing':
			if (link.text === null && text !== null && step && etag)
				await keepLink(db, me, { ...kept(verdict, step), etag, text });
			if (step && step.status !== 'planned') await rollOn(running, link, step, text);
			return;
		case 'take':
			return await take(running, verdict);
		case 'cancel here':
			await cancelHere(running, link, now);
			return await dropLink(db, me, link.href);
		case 'send':
			if (!step || etag === null || text === null) return;
			await send(running, link, step, {
				etag,
				text,
				occurrence: now?.occurrence ?? link.occurrence,
			});
			return await rollOn(running, link, step, text);
		case 'keep both':
			return await merge(running, verdict);
		case 'keep theirs':
			// It was given up here while it changed there: what is there stands as a step of its own.
			if (now && etag !== null) return await standsAlone(running, verdict, now);
			return;
		case 'send again':
			await dropLink(db, me, link.href);
			if (step?.status === 'planned') await introduce(running, step, link);
			return;
		case 'remove there':
			if (link.occurrence !== null && text !== null) return await leaveOut(running, verdict, text);
			return await removeThere(running, verdict);
		case 'forget':
			return await dropLink(db, me, link.href);
	}
}

const kept = ({ link, now }: Verdict, step: CalendarStep) => ({
	href: link.href,
	interactionId: step.id,
	version: link.syncedVersion ?? step.version,
	occurrence: now?.occurrence ?? link.occurrence,
});

const knownIn = ({ owner, home }: Running, step: CalendarStep, taken: TakenEvent) =>
	isOwn(taken.uid) ? ownLines(step, owner, home) : [];

async function take(running: Running, verdict: Verdict): Promise<void> {
	const { link, etag, text, now, before } = verdict;
	const { db, acting, report, journal } = running;
	const me = acting.actor.id;
	const { step } = link;
	if (step === null || now === null || etag === null || text === null) return;
	const edit = changesThere(step, before, now, knownIn(running, step, now));
	// What is over cannot be moved: notes are taken, and the server gets our word of the rest again.
	if (step.status !== 'planned') {
		const { description } = edit;
		const noted =
			description === undefined ? step : await change(running, link, step, { description });
		await send(running, link, noted, { etag, text, occurrence: now.occurrence });
		return await rollOn(running, link, noted, text);
	}
	if (now.cancelled) {
		const version = await cancelHere(running, link, now);
		const { occurrence } = now;
		const known = { href: link.href, etag, text, occurrence, interactionId: step.id };
		await keepLink(db, me, { ...known, version: version ?? step.version });
		const over = await findCalendarStep(db, me, step.id);
		if (over) await rollOn(running, link, over, text);
		return;
	}
	await transact(db, async (tx) => {
		const none = Object.keys(edit).length === 0;
		const { version } = none
			? step
			: await editInteraction(tx, acting, step.id, step.version, edit);
		const known = { href: link.href, etag, text, occurrence: now.occurrence };
		await keepLink(tx, me, { ...known, interactionId: step.id, version });
		if (now.unknownZone) await noteFault(tx, me, link.href, 'zone');
		if (none) return;
		report.taken += 1;
		const was = asEdit(step);
		await journal.note(tx, {
			change: 'taken',
			href: link.href,
			interactionId: step.id,
			version,
			was,
		});
	});
}

/** Changes an interaction by what was changed there, and reads it again. */
async function change(
	{ db, acting, journal, report }: Running,
	{ href }: Link,
	step: CalendarStep,
	edit: Parameters<typeof editInteraction>[4],
): Promise<CalendarStep> {
	if (Object.keys(edit).length === 0) return step;
	return await transact(db, async (tx) => {
		const { version } = await editInteraction(tx, acting, step.id, step.version, edit);
		const was = asEdit(step);
		await journal.note(tx, { change: 'taken', href, interactionId: step.id, version, was });
		report.taken += 1;
		return (await findCalendarStep(tx, acting.actor.id, step.id)) ?? step;
	});
}

async function cancelHere(
	{ db, acting, report, journal }: Running,
	{ href, step, text, occurrence }: Link,
	now: TakenEvent | null,
): Promise<number | null> {
	if (step?.status !== 'planned') return null;
	const reason = translate(acting.actor.language, 'calendar.deletedThere');
	const version = step.version + 1;
	await transact(db, async (tx) => {
		await cancelInteraction(tx, acting, step.id, step.version, reason);
		const of = now?.occurrence ?? occurrence;
		const done = { change: 'cancelled', href, interactionId: step.id, version } as const;
		await journal.note(tx, { ...done, text, occurrence: of });
	});
	report.cancelled += 1;
	return version;
}

// Different fields are both kept; the same field asks: what the server had becomes a step beside ours.
async function merge(running: Running, verdict: Verdict): Promise<void> {
	const { link, etag, text, now, before } = verdict;
	const { db, acting, report, journal } = running;
	const { step } = link;
	if (step === null || now === null || etag === null || text === null) return;
	const known = knownIn(running, step, now);
	const edit = now.cancelled ? {} : changesThere(step, before, now, known);
	const base = { etag, text, occurrence: now.occurrence };
	if (step.status === 'planned' && clashes(step, before, edit, known)) {
		await transact(db, async (tx) => {
			const copyId = await copyOf(tx, running, step, now);
			await noteConflict(tx, acting.actor.id, link.href, copyId, acting.now);
			const done = {
				change: 'copied',
				href: link.href,
				interactionId: copyId,
				version: 1,
			} as const;
			await journal.note(tx, done);
		});
		report.copied += 1;
		return await send(running, link, step, base);
	}
	const { description } = edit;
	const over: typeof edit = description === undefined ? {} : { description };
	const merged = await change(running, link, step, step.status === 'planned' ? edit : over);
	await send(running, link, merged, base);
}

async function copyOf(
	tx: Tx,
	{ acting }: Running,
	step: CalendarStep,
	taken: TakenEvent,
): Promise<number> {
	const target = step.dealId ?? { clientId: step.clientId as number };
	const words = (!taken.isPrivate && summaryIn(taken.summary, step)) || step.summary;
	return await planInteraction(tx, acting, target, {
		kindId: step.kindId,
		summary: words.slice(0, MAX_SUMMARY),
		description: translate(acting.actor.language, 'calendar.copy'),
		place: taken.isPrivate ? null : (taken.place?.slice(0, MAX_SUMMARY) ?? null),
		lengthMinutes: taken.on === null ? taken.lengthMinutes : null,
		plan: planOf(taken),
	});
}

// Of a series only the one occurrence goes; the others are the person's.
async function leaveOut(running: Running, verdict: Verdict, text: string): Promise<void> {
	const { link, etag } = verdict;
	const { db, acting } = running;
	const { occurrence, interactionId, step } = link;
	if (etag === null || occurrence === null || interactionId === null) return;
	const left = calledOff(text, occurrence, readerOf(acting)) ?? text;
	const version = step?.version ?? link.syncedVersion ?? 1;
	if (!(await put(running, link, { etag, text, occurrence, interactionId, version }, left))) return;
	if (step) return await rollOn(running, link, step, left);
	const now = await running.calendar.find(link.href);
	if (now) await keepStranger(db, acting.actor.id, { ...now, href: link.href });
}

async function removeThere(running: Running, { link, etag, text }: Verdict): Promise<void> {
	const { db, acting, calendar, report, journal } = running;
	const me = acting.actor.id;
	const base = { etag: etag ?? link.etag, text: text ?? '' };
	const removed = await whereItStands(
		base,
		() => calendar.find(link.href),
		async (state) => ((await calendar.remove(link.href, state)) ? 'gone' : 'changed'),
	);
	if (removed !== 'gone') return await noteFault(db, me, link.href, 'refused');
	await transact(db, async (tx) => {
		await dropLink(tx, me, link.href);
		const done = { change: 'removed', href: link.href, interactionId: link.interactionId } as const;
		await journal.note(tx, { ...done, version: null, text });
	});
	report.removed += 1;
}

async function standsAlone(running: Running, verdict: Verdict, taken: TakenEvent): Promise<void> {
	const { db, acting, report, journal } = running;
	const { link, etag, text } = verdict;
	const { rows } = await db.execute<{
		dealId: number | null;
		clientId: number | null;
		kindId: number;
	}>(sql`
		select deal_id as "dealId", client_id as "clientId", kind_id as "kindId"
		from interactions where id = ${link.interactionId} and owner_id = ${acting.actor.id}`);
	const was = rows[0];
	const me = acting.actor.id;
	await transact(db, async (tx) => {
		if (was === undefined || taken.cancelled || etag === null)
			return await dropLink(tx, me, link.href);
		const target = was.dealId ?? { clientId: was.clientId as number };
		const words = taken.isPrivate ? '' : taken.summary;
		const id = await planInteraction(tx, acting, target, {
			kindId: was.kindId,
			summary: words.slice(0, MAX_SUMMARY) || translate(acting.actor.language, 'calendar.busy'),
			place: taken.isPrivate ? null : (taken.place?.slice(0, MAX_SUMMARY) ?? null),
			lengthMinutes: taken.lengthMinutes,
			plan: planOf(taken),
		});
		const version = (await findCalendarStep(tx, me, id))?.version ?? 1;
		const known = { href: link.href, etag, text, occurrence: taken.occurrence };
		await keepLink(tx, me, { ...known, interactionId: id, version });
		await journal.note(tx, { change: 'made', href: link.href, interactionId: id, version, text });
	});
	report.copied += 1;
}
