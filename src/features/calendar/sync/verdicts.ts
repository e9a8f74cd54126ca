import type { Acting } from '#src/features/access/rights.ts';
import type { Reader, TakenEvent } from '#src/features/calendar/ical/reading.ts';
import { type Side, type Step, stepFor } from '#src/features/calendar/rules.ts';
import type { Question } from '#src/features/calendar/tables.ts';
import { alikeHref, bareState, type RemoteCalendar, type RemoteEvent } from './caldav.ts';
import { type Link, LOST } from './links.ts';
import { isOlder, standing } from './merge.ts';

/** What is to be done about one event that both sides know. */
export type Verdict = {
	link: Link;
	step: Step;
	/** Its state there; null: it is gone. */
	etag: string | null;
	/** Its text there, where it was read. */
	text: string | null;
	/** What it says now, and what it said when both sides were the same. */
	now: TakenEvent | null;
	before: TakenEvent | null;
	unreadable: boolean;
	/** What it takes away, and where. */
	takes: 'cancel' | 'remove' | null;
};

/** What stands on the server: states by address, and the texts that are new. */
export type Standing = { states: Map<string, string>; texts: Map<string, RemoteEvent> };

/**
 * Looks at the server. What is missing from the listing is asked for by itself, and is gone only where the server
 * says so of it. Throws CalendarRefused.
 */
export async function lookAround(calendar: RemoteCalendar, links: Link[]): Promise<Standing> {
	const states = await calendar.list();
	const texts = new Map<string, RemoteEvent>();
	const known = new Map(links.map((link) => [alikeHref(link.href, calendar.url), link]));
	for (const [at, link] of known) {
		if (states.has(at) || link.interactionId === null || link.etag === LOST) continue;
		const event = await calendar.find(at);
		if (event === null) continue;
		states.set(at, event.etag);
		texts.set(at, event);
	}
	const news = [...states].filter(([at, etag]) => {
		const link = known.get(at);
		if (texts.has(at)) return false;
		return !link || !isSame(link, etag) || (link.interactionId !== null && link.text === null);
	});
	for (const event of await calendar.read(news.map(([at]) => at))) {
		texts.set(event.href, event);
		states.set(event.href, event.etag);
	}
	return { states, texts };
}

const isSame = (link: Link, etag: string) => bareState(link.etag) === bareState(etag);

/** What is to be done about an event, by what has become of it on both sides. */
export function verdictOn(
	link: Link,
	calendar: RemoteCalendar,
	{ states, texts }: Standing,
	reader: Reader,
): Verdict {
	const at = alikeHref(link.href, calendar.url);
	const etag = states.get(at) ?? null;
	const event = texts.get(at);
	const now = event ? standing(event.text, link.occurrence, link.step, reader) : null;
	const before =
		link.text === null ? null : standing(link.text, link.occurrence, link.step, reader);
	const unreadable = etag !== null && now === null && (event !== undefined || !isSame(link, etag));
	const here = hereSide(link);
	const stale = now !== null && isOlder(now, before);
	const there = thereSide(link, etag, now, stale);
	const step =
		there === 'lost' ? lost(here) : stale && here === 'same' ? 'send' : stepFor(here, there);
	return {
		link,
		step,
		etag,
		text: event?.text ?? link.text,
		now,
		before,
		unreadable,
		takes: takenAway(link, step, now),
	};
}

/** What has become of the interaction since both sides were the same. */
export function hereSide({ step, syncedVersion }: Link): Side {
	if (step === null || step.status === 'cancelled') return 'gone';
	return step.version === syncedVersion ? 'same' : 'changed';
}

function thereSide(
	link: Link,
	etag: string | null,
	now: TakenEvent | null,
	stale: boolean,
): Side | 'lost' {
	if (etag === null) return link.etag === LOST ? 'lost' : 'gone';
	return isSame(link, etag) || now === null || stale ? 'same' : 'changed';
}

// A calendar that went as a whole, or of which its person said that it was a fault, is filled anew.
const lost = (here: Side): Step => (here === 'gone' ? 'forget' : 'send again');

function takenAway({ step: ours }: Link, step: Step, now: TakenEvent | null): Verdict['takes'] {
	if (step === 'remove there') return 'remove';
	if (ours?.status !== 'planned') return null;
	return step === 'cancel here' || (step === 'take' && now?.cancelled) ? 'cancel' : null;
}

const MOST = 5;
const SHARE = 5;

/**
 * What a person is to be asked before a round goes on: it would take away more than five events, or several that are more
 * than a fifth of all. What they have allowed is not asked again. Null: nothing to ask.
 */
export function questionOf(verdicts: Verdict[], allowed: string[]): Question | null {
	const taking = verdicts.filter(({ takes, link }) => takes && !allowed.includes(link.href));
	const few = taking.length <= MOST && taking.length * SHARE <= verdicts.length;
	if (few || taking.length <= 1) return null;
	const hrefs = (what: Verdict['takes']) =>
		taking.filter(({ takes }) => takes === what).map(({ link }) => link.href);
	return { cancel: hrefs('cancel'), remove: hrefs('remove'), of: verdicts.length };
}

/** By whose clock, and from when on, a person's calendar is read. */
export const readerOf = ({ actor, now }: Acting): Reader => ({ zone: actor.timeZone, now });
