import { type Actor, scopeChosen } from '#src/features/access/rights.ts';
import { CLIENT_STATUSES } from '#src/features/clients/tables.ts';
import { form, id, oneOf, optional, readQuery, text, whole } from '#src/platform/forms/readers.ts';
import { addDays, startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';

/** For how long nobody has spoken with a client, in days, or not at all ever. */
export const CONTACTS = ['30', '90', '180', 'never'] as const;
/** Archived clients: left out unless the address asks for them too, or for them alone. */
export const ARCHIVES = ['with', 'only'] as const;
/** Lines that the list draws at once, and at most after «Показать ещё». */
export const LINES_A_PAGE = 50;
const MOST_LINES = 500;

/** Отбор of the list; empty words and null: not asked for. */
export type ClientFilter = {
	/** As it stands in the address: `me`, a person's id, `none` (nobody's); empty: all that the actor sees. */
	owner: string;
	q: string | null;
	segment: string | null;
	region: string | null;
	status: (typeof CLIENT_STATUSES)[number] | null;
	/** A tag's id. */
	tag: number | null;
	contact: (typeof CONTACTS)[number] | null;
	archived: (typeof ARCHIVES)[number] | null;
};

/** An address of the list: отбор, order (null: by name, or by how well the text fits), paging. */
export type ClientQuery = ClientFilter & {
	sort: string | null;
	after: string | null;
	/** How many lines stand on the screen with those of this page; null: more than are drawn at once again. */
	shown: number | null;
};

/** The address of the list of clients. */
export const ClientsQuery = form({
	owner: optional(text(20)),
	q: optional(text(200)),
	segment: optional(text(200)),
	region: optional(text(200)),
	status: optional(oneOf(...CLIENT_STATUSES)),
	tag: optional(id()),
	contact: optional(oneOf(...CONTACTS)),
	archived: optional(oneOf(...ARCHIVES)),
	sort: optional(text(20)),
	after: optional(text(4000)),
	shown: optional(whole(LINES_A_PAGE, MOST_LINES)),
});

/** Reads the address of the list. Throws BadRequest, NotFound for an owner outside of the actor's scope. */
export function readClientQuery(actor: Actor, query: unknown): ClientQuery {
	const read = readQuery(ClientsQuery, query);
	const { owner = '', q = null, segment = null, region = null, status = null } = read;
	const { tag = null, contact = null, archived = null, sort = null, after = null } = read;
	if (owner !== 'none') scopeChosen(actor, owner);
	const facts = { owner, q, segment, region, status, tag, contact, archived };
	return { ...facts, sort, after, shown: read.shown ?? (after === null ? LINES_A_PAGE : null) };
}

/** The address of the list with some of it changed: from its beginning unless `after` is asked for. */
export function clientsUrl(
	{ after: _, shown: __, ...query }: ClientQuery,
	change: Partial<Record<keyof ClientQuery | 'format', string | number | null>> = {},
	path = '/clients',
): string {
	const address = new URLSearchParams();
	for (const [name, value] of Object.entries({ ...query, ...change }))
		if (value !== null && value !== '') address.set(name, String(value));
	return address.size === 0 ? path : `${path}?${address}`;
}

/** The address of the lines behind a place. */
export function moreUrl(query: ClientQuery, after: string): string {
	const shown = (query.shown ?? MOST_LINES) + LINES_A_PAGE;
	return clientsUrl(query, { after, shown: shown <= MOST_LINES ? shown : null });
}

/** The address of a list that shows at once all that has been unfolded; null where that is too much. */
export function unfoldedUrl(query: ClientQuery): string | null {
	return query.shown === null ? null : clientsUrl(query, { shown: query.shown });
}

/** How many lines an address asks for. */
export function linesAsked({ after, shown }: ClientQuery): number {
	return after === null ? (shown ?? LINES_A_PAGE) : LINES_A_PAGE;
}

/** Whether отбор leaves anybody out. */
export function narrows({ sort: _, after: __, shown: ___, ...filter }: ClientQuery): boolean {
	return Object.values(filter).some((value) => value !== null && value !== '');
}

const HOUR = 3_600_000;

/**
 * The moment since which nobody has spoken with the clients asked for: the beginning of the viewer's day so
 * many days ago, at a whole hour, by which tallies are kept. Null: it is not asked for, or asked for never.
 */
export function silentSince({ contact }: ClientFilter, viewer: Viewer): Date | null {
	if (contact === null || contact === 'never') return null;
	const start = startOfDay(addDays(viewer.today, -Number(contact)), viewer.timeZone);
	return new Date(Math.floor(start.getTime() / HOUR) * HOUR);
}
