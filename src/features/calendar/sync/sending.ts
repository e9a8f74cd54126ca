import { eventText } from '#src/features/calendar/ical/ics.ts';
import { patched, type Writer } from '#src/features/calendar/ical/patch.ts';
import type { CalendarStep } from '#src/features/calendar/steps.ts';
import { eventOf } from '#src/features/calendar/words.ts';
import { bareState, type RemoteEvent, type Sent } from './caldav.ts';
import { keepLink, type Link, noteFault } from './links.ts';
import type { Running } from './round.ts';
import { readerOf } from './verdicts.ts';

/** What is known of an event before it is changed there: its state, its text, and which of a series. */
export type Base = { etag: string; text: string; occurrence: string | null };

const writerOf = ({ owner, home, acting }: Running): Writer => ({
	...{ owner, home, reader: readerOf(acting) },
});

/** A step as an event of our own making. */
const textOf = (step: CalendarStep, { owner, home }: Running) =>
	eventText(eventOf(step, owner, home));

/** Writes what the step says into the event there, and notes that both sides are the same. */
export async function send(
	running: Running,
	link: Link,
	step: CalendarStep,
	base: Base,
): Promise<void> {
	const text =
		patched(base.text, base.occurrence, step, writerOf(running)) ?? textOf(step, running);
	await put(running, link, { ...base, interactionId: step.id, version: step.version }, text);
}

type Standing = Base & { interactionId: number; version: number };

/** Puts a text in the place of another one, if that stands there still. Returns whether it does now. */
export async function put(
	{ db, acting, calendar, report, journal }: Running,
	{ href }: Link,
	base: Standing,
	text: string,
): Promise<boolean> {
	const me = acting.actor.id;
	const { interactionId, version, occurrence } = base;
	if (text === base.text) {
		await keepLink(db, me, { href, etag: base.etag, interactionId, version, text, occurrence });
		return true;
	}
	const write = (etag: string | null) => calendar.update(href, etag, text);
	const sent = await whereItStands(base, () => calendar.find(href), write);
	if (typeof sent === 'string') {
		if (sent === 'changed') await noteFault(db, me, href, 'refused');
		return false;
	}
	await journal.note(db, {
		change: 'sent',
		href,
		interactionId,
		version,
		text: base.text,
		occurrence,
	});
	await keepLink(db, me, { href, etag: sent.etag, interactionId, version, text, occurrence });
	report.sent += 1;
	return true;
}

/**
 * Changes an event by its state. A weak one is no ground for a change (RFC 9110, 13.1.1), and some servers refuse
 * even their own: then it is read again, and changed if its text is the one that is known.
 */
export async function whereItStands(
	base: { etag: string; text: string },
	find: () => Promise<RemoteEvent | null>,
	write: (etag: string | null) => Promise<Sent>,
): Promise<Sent> {
	if (!base.etag.startsWith('W/')) {
		const sent = await write(base.etag);
		if (sent !== 'changed') return sent;
	}
	const event = await find();
	if (event === null) return 'gone';
	const same = bareState(event.etag) === bareState(base.etag) || sameText(event.text, base.text);
	return same ? await write(null) : 'changed';
}

// Within XML every line ends with a line feed alone.
const sameText = (a: string, b: string) =>
	a.replace(/\r\n?/g, '\n').trim() === b.replace(/\r\n?/g, '\n').trim();

/** Puts an interaction on the server that does not stand there; `link`: where it stood, and with which text. */
export async function introduce(
	running: Running,
	step: CalendarStep,
	link: Link | null = null,
): Promise<void> {
	const { db, acting, calendar, report } = running;
	const { id: interactionId, version } = step;
	const at = new URL(`interaction-${step.id}-${step.version}.ics`, calendar.url).pathname;
	const occurrence = link?.occurrence ?? null;
	const text =
		(link?.text && patched(link.text, occurrence, step, writerOf(running))) ||
		textOf(step, running);
	const made = await calendar.create(link?.href ?? at, text);
	const known = { interactionId, version, occurrence };
	if (made !== null) {
		const href = link?.href ?? made.href;
		await keepLink(db, acting.actor.id, { ...known, href, etag: made.etag, text });
		report.sent += 1;
		return;
	}
	// A round that broke off after sending: it stands there, of this very version.
	const event = await calendar.find(link?.href ?? at);
	if (event === null) return;
	const href = link?.href ?? event.href;
	await keepLink(db, acting.actor.id, { ...known, href, etag: event.etag, text: event.text });
}
