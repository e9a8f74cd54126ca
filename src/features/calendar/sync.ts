import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/auth/rules.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import type { Database } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Told } from '#src/platform/errors.ts';
import type { RemoteCalendar, RemoteEvent } from './caldav.ts';
import { eventText } from './ics.ts';
import {
	dropLink,
	findCalendarStep,
	keepLink,
	keepStranger,
	type Link,
	noteConflict,
	readLinks,
	unlinkedSteps,
} from './links.ts';
import { readCalendar, type TakenEvent } from './reading.ts';
import { type Side, stepFor } from './rules.ts';
import type { CalendarStep, FeedOwner } from './steps.ts';
import { acquaint } from './strangers.ts';
import { cancelHere, copyHere, takeHere } from './taking.ts';
import { eventOf } from './words.ts';

/** A round of one person: who, on which server, and where this program stands. */
export type Round = {
	db: Database;
	acting: Acting;
	owner: FeedOwner;
	calendar: RemoteCalendar;
	home: string;
};

/** What a round did, for its test and for the log. */
export type Report = {
	taken: number;
	sent: number;
	removed: number;
	cancelled: number;
	copied: number;
	strangers: number;
};

/**
 * Makes both sides the same: what changed on one arrives on the other, what changed on both is kept on
 * both, what was deleted there is cancelled here and the other way round. Each event in a transaction of
 * its own, and nothing is sent that is not noted: a round that breaks off is ended by the next one.
 * Throws CalendarRefused.
 */
export async function syncRound(round: Round): Promise<Report> {
	const report = { taken: 0, sent: 0, removed: 0, cancelled: 0, copied: 0, strangers: 0 };
	const { db, acting, calendar } = round;
	const there = await calendar.list();
	const links = await readLinks(db, acting.actor.id);
	const known = new Map(links.map((link) => [link.href, link]));
	const news = [...there].filter(([href, etag]) => known.get(href)?.etag !== etag);
	const read = new Map(
		(await calendar.read(news.map(([href]) => href))).map((event) => [event.href, event]),
	);
	for (const link of links)
		await untilTold(() =>
			settle(round, link, there.get(link.href) ?? null, read.get(link.href), report),
		);
	for (const [href, event] of read)
		if (!known.has(href)) await untilTold(() => meet(round, event, report));
	for (const step of await unlinkedSteps(db, acting.actor.id, acting.now))
		await introduce(round, step, report);
	return report;
}

// What a colleague changed in between, or what no rule here allows any more, is the next round's.
async function untilTold(work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		if (!(error instanceof Told)) throw error;
	}
}

async function settle(
	round: Round,
	link: Link,
	etag: string | null,
	event: RemoteEvent | undefined,
	report: Report,
): Promise<void> {
	if (link.interactionId === null) return await settleStranger(round, link, etag, event, report);
	const taken = event ? eventIn(event, round) : null;
	const side: Side =
		etag === null ? 'gone' : etag === link.etag || taken === null ? 'same' : 'changed';
	const { db, acting, calendar } = round;
	const me = acting.actor.id;
	const step = link.step;
	switch (stepFor(hereSide(link), side)) {
		case 'nothing':
			return;
		case 'take':
			if (step === null || taken === null || etag === null) return;
			// What is over cannot be moved: the server gets our word of it again.
			if (step.status !== 'planned') return await send(round, link, step, etag, report);
			await transact(db, async (tx) => {
				const version = await takeHere(tx, acting, step, taken);
				await keepLink(tx, me, { href: link.href, etag, interactionId: step.id, version });
			});
			report.taken += 1;
			return;
		case 'cancel here':
			await transact(db, async (tx) => {
				if (step?.status === 'planned') await cancelHere(tx, acting, step);
				await dropLink(tx, me, link.href);
			});
			report.cancelled += 1;
			return;
		case 'send':
			if (step && etag !== null) await send(round, link, step, etag, report);
			return;
		case 'keep both':
			if (step === null || taken === null || etag === null) return;
			if (step.status === 'planned') {
				await transact(db, async (tx) => {
					const copyId = await copyHere(tx, acting, step, taken);
					if (copyId !== null) await noteConflict(tx, me, link.href, copyId, acting.now);
				});
				report.copied += 1;
			}
			return await send(round, link, step, etag, report);
		case 'keep theirs':
			// It was given up here while it changed there: what is there stands as a step of its own.
			if (taken === null || etag === null) return;
			return await standsAlone(round, link, taken, etag, report);
		case 'send again':
			await dropLink(db, me, link.href);
			if (step?.status === 'planned') await introduce(round, step, report);
			return;
		case 'remove there':
			if (await calendar.remove(link.href, link.etag)) await dropLink(db, me, link.href);
			report.removed += 1;
			return;
		case 'forget':
			return await dropLink(db, me, link.href);
	}
}

function hereSide({ step, syncedVersion }: Link): Side {
	if (step === null || step.status === 'cancelled') return 'gone';
	return step.version === syncedVersion ? 'same' : 'changed';
}

function eventIn(event: RemoteEvent, { acting }: Round): TakenEvent | null {
	try {
		return readCalendar(event.text, acting.actor.timeZone)[0] ?? null;
	} catch (error) {
		if (error instanceof Told) return null;
		throw error;
	}
}

const textOf = (step: CalendarStep, { owner, home }: Round) =>
	eventText(eventOf(step, owner, home));

async function send(
	round: Round,
	link: Link,
	step: CalendarStep,
	etag: string,
	report: Report,
): Promise<void> {
	const state = await round.calendar.update(link.href, etag, textOf(step, round));
	if (state === null) return;
	const { id: interactionId, version } = step;
	await keepLink(round.db, round.acting.actor.id, {
		href: link.href,
		etag: state,
		interactionId,
		version,
	});
	report.sent += 1;
}

/** Puts an interaction on the server that does not stand there. */
async function introduce(round: Round, step: CalendarStep, report: Report): Promise<void> {
	const { db, acting, calendar } = round;
	const name = `interaction-${step.id}-${step.version}.ics`;
	const made = await calendar.create(name, textOf(step, round));
	const me = acting.actor.id;
	const interactionId = step.id;
	if (made !== null) {
		await keepLink(db, me, { ...made, interactionId, version: step.version });
		report.sent += 1;
		return;
	}
	// A round that broke off after sending: it stands there, of this very version.
	const href = new URL(name, calendar.url).pathname;
	const etag = (await calendar.list()).get(href);
	if (etag !== undefined)
		await keepLink(db, me, { href, etag, interactionId, version: step.version });
}

async function meet(round: Round, event: RemoteEvent, report: Report): Promise<void> {
	const taken = eventIn(event, round);
	if (taken === null) return await keepStranger(round.db, round.acting.actor.id, event);
	await become(round, event, taken, report);
}

async function settleStranger(
	round: Round,
	link: Link,
	etag: string | null,
	event: RemoteEvent | undefined,
	report: Report,
): Promise<void> {
	if (etag === null) return await dropLink(round.db, round.acting.actor.id, link.href);
	if (event) await meet(round, event, report);
}

// Either one of ours whose link was lost, or a meeting with people whom the client list knows, or a stranger.
async function become(
	{ db, acting }: Round,
	event: RemoteEvent,
	taken: TakenEvent,
	report: Report,
): Promise<void> {
	const me = acting.actor.id;
	const { href, etag } = event;
	await transact(db, async (tx) => {
		const own = await acquaint(tx, acting, taken);
		if (own === null) {
			await keepStranger(tx, me, event);
			report.strangers += 1;
			return;
		}
		await keepLink(tx, me, { href, etag, interactionId: own.id, version: own.version });
		if (own.isNew) report.taken += 1;
	});
}

async function standsAlone(
	{ db, acting }: Round,
	link: Link,
	taken: TakenEvent,
	etag: string,
	report: Report,
): Promise<void> {
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
		if (was === undefined || taken.cancelled) return await dropLink(tx, me, link.href);
		const target = was.dealId ?? { clientId: was.clientId as number };
		const plan = taken.on === null ? { plannedAt: taken.at as Date } : { plannedOn: taken.on };
		const { kindId } = was;
		const { summary, place, lengthMinutes } = taken;
		const id = await planInteraction(tx, acting, target, {
			kindId,
			summary,
			place,
			lengthMinutes,
			plan,
		});
		const step = await findCalendarStep(tx, me, id);
		await keepLink(tx, me, {
			href: link.href,
			etag,
			interactionId: id,
			version: step?.version ?? 1,
		});
	});
	report.copied += 1;
}
