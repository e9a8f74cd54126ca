import { createAccount, DAVNamespaceShort, fetchCalendars, makeCalendar } from 'tsdav';
import { type Row, readRows, statesIn } from '#src/features/calendar/page/listing.ts';
import { fenced } from '#src/platform/outgoing/fence.ts';

/** Where a calendar stands, and who comes for it. */
export type Account = { server: string; login: string; password: string };

/** An event on the server: where, in which state, and its text. */
export type RemoteEvent = { href: string; etag: string; text: string };

/** What became of a change: its new state, or that the event is in another state, or is gone. */
export type Sent = { etag: string } | 'changed' | 'gone';

/** The server does not do what was asked; `status` is what it answered, null where that was no answer to it. */
export class CalendarRefused extends Error {
	readonly status: number | null;
	constructor(status: number | null) {
		// Never the library's or the server's own words: they could hold an address with a password in it.
		super(
			status === null
				? 'the calendar server does not answer'
				: `the calendar server says ${status}`,
		);
		this.status = status;
	}
}

const NAME = 'Мои продажи';
const FOLDER = 'moi-prodazhi';
/** A calendar of ten thousand events is listed in some five. */
const MEGABYTES = 20;
const AT_ONCE = 50;
const { DAV } = DAVNamespaceShort;

/** A person's calendar on a CalDAV server (RFC 4791). Every method throws CalendarRefused. */
export type RemoteCalendar = {
	url: string;
	/** State of every event by its address. */
	list: () => Promise<Map<string, string>>;
	/** The events that are there, of those asked for: what is gone is left out. */
	read: (hrefs: string[]) => Promise<RemoteEvent[]>;
	/** One event as it is at this moment, or null where the server says that it is gone. */
	find: (href: string) => Promise<RemoteEvent | null>;
	/** Puts a new event there. Returns its state, or null where one of this name is there already. */
	create: (href: string, text: string) => Promise<{ href: string; etag: string } | null>;
	/** Changes an event that is in state `etag`; null: in whichever. */
	update: (href: string, etag: string | null, text: string) => Promise<Sent>;
	/** Takes an event away. Returns false where it is not in state `etag` any more. */
	remove: (href: string, etag: string | null) => Promise<boolean>;
};

/**
 * Finds a person's own calendar of ours on the server, or makes it; `url` is where it was the last time.
 * Throws CalendarRefused: 401 and 403 for a wrong login or password, null for a server out of reach.
 */
export async function openCalendar(
	account: Account,
	url: string | null,
	signal?: AbortSignal,
): Promise<RemoteCalendar> {
	const caller = callerOf(account, signal);
	const place = url ?? (await findOrMake(account, caller));
	return calendarAt(place, caller);
}

type Caller = { headers: Record<string, string>; fetch: typeof fetch };

function callerOf({ server, login, password }: Account, signal?: AbortSignal): Caller {
	const send = fenced({ allowed: [server], inner: true, megabytes: MEGABYTES });
	const authorization = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
	return {
		headers: { authorization },
		fetch: async (input, init) => {
			const answer = await send(input, { ...init, ...(signal && { signal }) }).catch(() => {
				throw new CalendarRefused(null);
			});
			if (answer.status === 401 || answer.status === 403 || answer.status >= 500)
				throw new CalendarRefused(answer.status);
			return answer;
		},
	};
}

// A page where rows were asked for is a sign-in in front of the server: the library would take it for «nothing there».
const discovering = (caller: Caller): Caller => ({
	...caller,
	fetch: async (input, init) => {
		const answer = await caller.fetch(input, init);
		const guess = new URL(String(input)).pathname === '/.well-known/caldav';
		if (guess || (init?.method !== 'PROPFIND' && init?.method !== 'REPORT')) return answer;
		if (answer.status !== 207) throw new CalendarRefused(answer.ok ? null : answer.status);
		return answer;
	},
});

async function findOrMake({ server }: Account, plain: Caller): Promise<string> {
	const caller = discovering(plain);
	const account = await refusing(() =>
		createAccount({ account: { serverUrl: server, accountType: 'caldav' }, ...caller }),
	);
	const calendars = await refusing(() => fetchCalendars({ account, ...caller }));
	const own = calendars.find(
		({ displayName, url }) => displayName === NAME || url.endsWith(`/${FOLDER}/`),
	);
	if (own) return own.url;
	const home = account.homeUrl;
	if (home === undefined) throw new CalendarRefused(404);
	const url = new URL(`${FOLDER}/`, home.endsWith('/') ? home : `${home}/`).href;
	const made = await refusing(() =>
		makeCalendar({ url, props: { [`${DAV}:displayname`]: NAME }, ...caller }),
	);
	const refused = made.find(({ status }) => status !== 201 && status !== 207);
	if (refused) throw new CalendarRefused(refused.status >= 400 ? refused.status : null);
	return url;
}

/** An address in one of its many spellings (RFC 3986, 6.2.2): `%40` and `@` are the same. */
export function alikeHref(href: string, base: string): string {
	const { pathname } = new URL(href, base);
	const plain = (part: string) => {
		try {
			return encodeURIComponent(decodeURIComponent(part));
		} catch {
			return part;
		}
	};
	return pathname.split('/').map(plain).join('/');
}

const XML = { 'content-type': 'application/xml; charset=utf-8' };
const TEXT = { 'content-type': 'text/calendar; charset=utf-8' };
const ASK_STATE = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>';

/** An event's state without the sign that it is a weak one: servers put it on as they like. */
export const bareState = (etag: string) => etag.replace(/^W\//, '');

function calendarAt(url: string, caller: Caller): RemoteCalendar {
	// Asked for as the server itself wrote it, wherever it has.
	const written = new Map<string, string>();
	const alike = (href: string) => alikeHref(href, url);
	const whole = (href: string) => new URL(written.get(alike(href)) ?? href, url).href;
	const ask = async (to: string, method: string, more: Record<string, string>, body?: string) =>
		await caller.fetch(to, {
			method,
			redirect: 'manual',
			headers: { ...caller.headers, ...more },
			...(body !== undefined && { body }),
		});
	const rows = async (answer: Response): Promise<Row[]> => {
		if (answer.status !== 207) throw new CalendarRefused(answer.ok ? null : answer.status);
		const found = readRows(await answer.text());
		if (found === null) throw new CalendarRefused(null);
		return found;
	};
	const stateOf = async (answer: Response, href: string) => {
		// A page that says 200 to everything has a state of its own as well.
		const said = answer.status === 201 || answer.status === 204 ? answer.headers.get('etag') : null;
		if (said !== null) return said;
		const asked = await ask(whole(href), 'PROPFIND', { ...XML, depth: '0' }, ASK_STATE);
		const row = (await rows(asked)).find((one) => alike(one.href) === alike(href));
		if (!row?.etag) throw new CalendarRefused(null);
		return row.etag;
	};
	const find = async (href: string): Promise<RemoteEvent | null> => {
		const answer = await ask(whole(href), 'GET', { accept: 'text/calendar' });
		if (answer.status === 404 || answer.status === 410) return null;
		const text = answer.status === 200 ? await answer.text() : '';
		if (!/^\s*BEGIN:VCALENDAR/i.test(text))
			throw new CalendarRefused(answer.ok ? null : answer.status);
		return {
			href: alike(href),
			text,
			etag: answer.headers.get('etag') ?? (await stateOf(answer, href)),
		};
	};
	return {
		url,
		find,
		list: async () => {
			const answer = await ask(url, 'PROPFIND', { ...XML, depth: '1' }, ASK_STATE);
			const states = statesIn(await rows(answer), url, alike);
			if (states === null) throw new CalendarRefused(null);
			for (const [at, { href }] of states) written.set(at, href);
			return new Map([...states].map(([at, { etag }]) => [at, etag]));
		},
		read: async (hrefs) => {
			const found: RemoteEvent[] = [];
			for (let from = 0; from < hrefs.length; from += AT_ONCE) {
				const asked = hrefs.slice(from, from + AT_ONCE);
				const answer = await ask(url, 'REPORT', { ...XML, depth: '1' }, multiGet(asked.map(whole)));
				const read = new Map(
					(await rows(answer)).flatMap(({ href, etag, text }) =>
						text && etag ? [[alike(href), { href: alike(href), etag, text }] as const] : [],
					),
				);
				// What a report passes over is asked for by itself: servers leave out what they cannot read, too.
				for (const href of asked) {
					const event = read.get(alike(href)) ?? (await find(href).catch(passedOver));
					if (event) found.push(event);
				}
			}
			return found;
		},
		create: async (href, text) => {
			const answer = await ask(whole(href), 'PUT', { ...TEXT, 'if-none-match': '*' }, text);
			if (answer.status === 412) return null;
			accepted(answer);
			return { href: alike(href), etag: await stateOf(answer, href) };
		},
		update: async (href, etag, text) => {
			const only = etag === null ? {} : { 'if-match': etag };
			const answer = await ask(whole(href), 'PUT', { ...TEXT, ...only }, text);
			if (answer.status === 412) return 'changed';
			if (answer.status === 404 || answer.status === 410) return 'gone';
			accepted(answer);
			return { etag: await stateOf(answer, href) };
		},
		remove: async (href, etag) => {
			const only = etag === null ? {} : { 'if-match': etag };
			const answer = await ask(whole(href), 'DELETE', only);
			if (answer.status === 412) return false;
			if (answer.status === 404 || answer.status === 410) return true;
			accepted(answer);
			if (answer.status !== 204 && (await find(href)) !== null) throw new CalendarRefused(null);
			return true;
		},
	};
}

// One that the server cannot give stops none of the others; it is neither gone nor changed.
function passedOver(error: unknown): null {
	if (error instanceof CalendarRefused) return null;
	throw error;
}

const xmlText = (text: string) =>
	text.replace(/[&<>]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one] ?? '');

function multiGet(urls: string[]): string {
	const hrefs = urls.map((url) => `<d:href>${xmlText(new URL(url).pathname)}</d:href>`);
	return (
		'<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">' +
		`<d:prop><d:getetag/><c:calendar-data/></d:prop>${hrefs.join('')}</c:calendar-multiget>`
	);
}

function accepted(answer: Response): void {
	if (!answer.ok) throw new CalendarRefused(answer.status);
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof CalendarRefused) throw error;
		throw new CalendarRefused(null);
	}
}
