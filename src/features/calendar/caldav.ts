import {
	calendarMultiGet,
	createAccount,
	createObject,
	DAVNamespaceShort,
	deleteObject,
	fetchCalendars,
	makeCalendar,
	propfind,
	updateObject,
} from 'tsdav';
import { fenced } from '#src/platform/outgoing/fence.ts';

/** Where a calendar stands, and who comes for it. */
export type Account = { server: string; login: string; password: string };

/** An event on the server: where, in which state, and its text. */
export type RemoteEvent = { href: string; etag: string; text: string };

/** The server does not do what was asked; `status` is what it answered, null where it did not. */
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
const { DAV, CALDAV } = DAVNamespaceShort;

/** A person's calendar on a CalDAV server (RFC 4791). Every method throws CalendarRefused. */
export type RemoteCalendar = {
	url: string;
	/** State of every event by its address. */
	list: () => Promise<Map<string, string>>;
	read: (hrefs: string[]) => Promise<RemoteEvent[]>;
	/** Puts a new event there. Returns its state, or null where one of this name is there already. */
	create: (name: string, text: string) => Promise<{ href: string; etag: string } | null>;
	/** Changes an event. Returns its state, or null where it is not in state `etag` any more. */
	update: (href: string, etag: string, text: string) => Promise<string | null>;
	/** Takes an event away. Returns false where it is not in state `etag` any more. */
	remove: (href: string, etag: string) => Promise<boolean>;
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
			// The library takes some refusals for an empty answer, and all would seem to have been deleted.
			if (answer.status === 401 || answer.status === 403 || answer.status >= 500)
				throw new CalendarRefused(answer.status);
			return answer;
		},
	};
}

async function findOrMake({ server }: Account, caller: Caller): Promise<string> {
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
	const refused = made.find(({ status }) => status >= 400);
	if (refused) throw new CalendarRefused(refused.status);
	return url;
}

// A calendar that is not there has no events either, and the library would say just that: all deleted.
const strict = (caller: Caller): Caller => ({
	...caller,
	fetch: async (input, init) => {
		const answer = await caller.fetch(input, init);
		if (!answer.ok) throw new CalendarRefused(answer.status);
		return answer;
	},
});

function calendarAt(url: string, caller: Caller): RemoteCalendar {
	const path = (href: string) => new URL(href, url).pathname;
	const whole = (href: string) => new URL(href, url).href;
	const etags = async (at: string, depth: '0' | '1') => {
		const answers = await refusing(() =>
			propfind({ url: at, props: { [`${DAV}:getetag`]: {} }, depth, ...strict(caller) }),
		);
		return new Map(
			answers.flatMap(({ href, props }) =>
				href && path(href) !== path(url) && props?.getetag
					? [[path(href), String(props.getetag)] as const]
					: [],
			),
		);
	};
	const stateOf = async (answer: Response, href: string) =>
		answer.headers.get('etag') ?? (await etags(whole(href), '0')).get(path(href)) ?? '';
	return {
		url,
		list: () => etags(url, '1'),
		read: async (hrefs) => {
			const found: RemoteEvent[] = [];
			for (let from = 0; from < hrefs.length; from += AT_ONCE)
				found.push(...(await multiGet(url, hrefs.slice(from, from + AT_ONCE), caller, path)));
			return found;
		},
		create: async (name, text) => {
			const href = path(new URL(name, url).href);
			const answer = await refusing(() =>
				createObject({
					...{ url: whole(href), data: text, fetch: caller.fetch },
					headers: { ...caller.headers, ...TEXT, 'if-none-match': '*' },
				}),
			);
			if (answer.status === 412) return null;
			accepted(answer);
			return { href, etag: await stateOf(answer, href) };
		},
		update: async (href, etag, text) => {
			const answer = await refusing(() =>
				updateObject({
					...{ url: whole(href), data: text, etag, fetch: caller.fetch },
					headers: { ...caller.headers, ...TEXT },
				}),
			);
			if (answer.status === 412 || answer.status === 404) return null;
			accepted(answer);
			return await stateOf(answer, href);
		},
		remove: async (href, etag) => {
			const answer = await refusing(() => deleteObject({ url: whole(href), etag, ...caller }));
			if (answer.status === 412) return false;
			if (answer.status !== 404) accepted(answer);
			return true;
		},
	};
}

const TEXT = { 'content-type': 'text/calendar; charset=utf-8' };

async function multiGet(
	url: string,
	hrefs: string[],
	caller: Caller,
	path: (href: string) => string,
): Promise<RemoteEvent[]> {
	const answers = await refusing(() =>
		calendarMultiGet({
			...{ url, objectUrls: hrefs, depth: '1', ...strict(caller) },
			props: { [`${DAV}:getetag`]: {}, [`${CALDAV}:calendar-data`]: {} },
		}),
	);
	return answers.flatMap(({ href, props }) => {
		const text = textOf(props?.calendarData);
		return href && text !== null
			? [{ href: path(href), etag: String(props?.getetag ?? ''), text }]
			: [];
	});
}

// The text comes as it is or wrapped as CDATA, as the server likes.
function textOf(data: unknown): string | null {
	if (typeof data === 'string') return data;
	const wrapped = (data as { _cdata?: unknown } | undefined)?._cdata;
	return typeof wrapped === 'string' ? wrapped : null;
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
