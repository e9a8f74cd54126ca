import type { Acting } from '#src/features/access/rights.ts';
import type { FeedOwner } from '#src/features/calendar/steps.ts';
import type { Question } from '#src/features/calendar/tables.ts';
import type { Database } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Told } from '#src/platform/errors.ts';
import { alikeHref, type RemoteCalendar, type RemoteEvent } from './caldav.ts';
import { type Journal, journalOf } from './journal.ts';
import {
	dropLink,
	keepLink,
	keepStranger,
	type Link,
	noteFault,
	readLinks,
	unlinkedSteps,
} from './links.ts';
import { standing } from './merge.ts';
import { introduce } from './sending.ts';
import { settle } from './settlement.ts';
import { acquaint } from './strangers.ts';
import { lookAround, questionOf, readerOf, verdictOn } from './verdicts.ts';

/** A round of one person: who, on which server, where this program stands, and what they have allowed. */
export type Round = {
	db: Database;
	acting: Acting;
	owner: FeedOwner;
	calendar: RemoteCalendar;
	home: string;
	allowed: string[];
};

/** A round under way: it counts and writes down what it does. */
export type Running = Round & { report: Report; journal: Journal };

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
 * Makes both sides the same: what changed on one arrives on the other, what changed on both is merged or
 * kept on both, what was deleted there is cancelled here and the other way round. Each event in a transaction of
 * its own, and nothing is sent that is not noted: a round that breaks off is ended by the next one. One that would
 * take away a great deal does nothing, and returns what it asks. Throws CalendarRefused.
 */
export async function syncRound(round: Round): Promise<Report | { question: Question }> {
	const { db, acting, calendar } = round;
	const me = acting.actor.id;
	const reader = readerOf(acting);
	const links = await readLinks(db, me);
	const there = await lookAround(calendar, links);
	const shared = links.filter(({ interactionId }) => interactionId !== null);
	const verdicts = shared.map((link) => verdictOn(link, calendar, there, reader));
	const question = questionOf(verdicts, round.allowed);
	if (question !== null) return { question };
	const running: Running = {
		...round,
		report: { taken: 0, sent: 0, removed: 0, cancelled: 0, copied: 0, strangers: 0 },
		journal: journalOf(db, me, acting.now),
	};
	for (const verdict of verdicts) {
		await untilTold(() => settle(running, verdict));
		if (verdict.unreadable) await noteFault(db, me, verdict.link.href, 'unreadable');
	}
	await meetStrangers(running, links, there);
	for (const step of await unlinkedSteps(db, me, acting.now)) await introduce(running, step);
	return running.report;
}

/** Runs what a colleague's change in between, or a rule of now, may refuse: then it is the next round's. */
export async function untilTold(work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		if (!(error instanceof Told)) throw error;
	}
}

async function meetStrangers(
	running: Running,
	links: Link[],
	there: Awaited<ReturnType<typeof lookAround>>,
): Promise<void> {
	const { db, acting, calendar } = running;
	const known = new Map(links.map((link) => [alikeHref(link.href, calendar.url), link]));
	for (const [at, link] of known)
		if (link.interactionId === null && !there.states.has(at))
			await dropLink(db, acting.actor.id, link.href);
	for (const [at, event] of there.texts) {
		const link = known.get(at);
		if (link && link.interactionId !== null) continue;
		await untilTold(() => meet(running, { ...event, href: link?.href ?? at }));
	}
}

// Either one of ours whose link was lost, or a meeting with people whom the client list knows, or a stranger.
async function meet(running: Running, event: RemoteEvent): Promise<void> {
	const { db, acting, report, journal } = running;
	const me = acting.actor.id;
	const taken = standing(event.text, null, null, readerOf(acting));
	await transact(db, async (tx) => {
		const own = taken && (await acquaint(tx, acting, taken));
		if (!taken || !own) {
			await keepStranger(tx, me, event);
			report.strangers += 1;
			return;
		}
		const { href, etag, text } = event;
		const { occurrence } = taken;
		const { id: interactionId, version } = own;
		await keepLink(tx, me, { href, etag, interactionId, version, text, occurrence });
		if (taken.unknownZone) await noteFault(tx, me, href, 'zone');
		if (!own.isNew) return;
		report.taken += 1;
		await journal.note(tx, { change: 'made', href, interactionId, version, text });
	});
	if (taken === null) await noteFault(db, me, event.href, 'unreadable');
}
