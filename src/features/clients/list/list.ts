import { shortName } from '#src/features/access/names.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { clientBar } from '#src/features/clients/bulk/forms.ts';
import { CLIENT_STATUSES } from '#src/features/clients/tables.ts';
import { clientStepGroup, type StepGroup } from '#src/features/next-step/rules.ts';
import { dueWords } from '#src/features/next-step/words.ts';
import { type SavedMenu, savedMenu } from '#src/features/saved-filters/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { type BulkBar, MOST_CHOSEN, type Selection } from '#src/platform/forms/chosen.ts';
import { dayOf, formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import { type Heading, headingsOf } from '#src/platform/listing/headings.ts';
import { type ClientLine, clientColumns } from './columns.ts';
import {
	ARCHIVES,
	type ClientQuery,
	CONTACTS,
	clientsUrl,
	linesAsked,
	moreUrl,
	narrows,
	readClientQuery,
	unfoldedUrl,
} from './filter.ts';
import {
	type ClientFrame,
	countClients,
	readClientFrame,
	readClients,
	talliesTell,
} from './queries.ts';

/** A line as it is drawn: with the group of its next step. */
export type ShownClient = ClientLine & { group: StepGroup };

/** Lines of the list, and the way to the next ones. */
export type ClientLines = {
	query: ClientQuery;
	lines: ShownClient[];
	/** The address of the next lines, null at the end. */
	more: string | null;
	/** The address of a list that shows at once all up to here, for reloads and Back. */
	unfolded: string | null;
} & Words;

/** All that the list draws. */
export type ClientList = ClientLines &
	Omit<ClientFrame, 'saved'> & {
		headings: Heading[];
		sort: string;
		count: number;
		narrowed: boolean;
		/** Отбор in words, for paper. */
		told: string[];
		saved: SavedMenu;
		/** Whether there can be clients of nobody in what the actor sees. */
		seesAll: boolean;
		choices: typeof CHOICES;
		bulk: BulkBar;
	};

const CHOICES = { statuses: CLIENT_STATUSES, contacts: CONTACTS, archives: ARCHIVES };

/** What templates say and link with. */
type Words = {
	/** The list in another order, from its beginning; with other отбор. */
	url: (change: Partial<Record<keyof ClientQuery, string | number | null>>) => string;
	exportUrl: (format: string) => string;
	printUrl: string;
	/** The address of all that is found, for choosing it. */
	selectionUrl: string;
	contactWords: (at: Date) => string;
	stepWords: (line: ShownClient) => string;
	short: typeof shortName;
};

const wordsFor = (query: ClientQuery, viewer: Viewer): Words => ({
	url: (change) => clientsUrl(query, change),
	exportUrl: (format) => clientsUrl(query, { format }, '/clients/export'),
	printUrl: clientsUrl(query, {}, '/clients/print'),
	selectionUrl: clientsUrl(query, {}, '/clients/selection'),
	contactWords: (at) => formatDay(dayOf(at, viewer.timeZone), viewer, true),
	stepWords: (line) => dueWords(line, viewer),
	short: shortName,
});

/**
 * Reads the list of clients in three or four statements, one more where lines without a value begin; `most`: how
 * many lines, where it is not the address that says so. Throws BadRequest and NotFound for an address that makes
 * no sense.
 */
export async function readClientList(
	db: Sql,
	actor: Actor,
	address: unknown,
	viewer: Viewer,
	most?: number,
): Promise<ClientList> {
	const query = readClientQuery(actor, address);
	const framing = readClientFrame(db, actor, query);
	const [[count, page], { saved, ...frame }] = await Promise.all([
		readCounted(db, actor, query, viewer, { framing, limit: most ?? linesAsked(query) }),
		framing,
	]);
	const sort = query.sort ?? (query.q === null ? 'name' : '');
	const present = clientsUrl(query).split('?')[1] ?? '';
	return {
		...page,
		...frame,
		...{ sort, count, choices: CHOICES },
		headings: headingsOf(clientColumns(viewer), sort),
		narrowed: narrows(query),
		told: toldWords(query, frame, viewer),
		saved: savedMenu(actor, 'clients', saved, present),
		seesAll: actor.scope === 'all',
		bulk: clientBar(actor, frame.colleagues.length > 1),
	};
}

/** All that is found, as far as it can be chosen at once; what one only reads would be refused one by one. */
export async function readClientSelection(
	db: Sql,
	actor: Actor,
	address: unknown,
	viewer: Viewer,
): Promise<Selection> {
	const query = readClientQuery(actor, address);
	const [count, { rows }] = await Promise.all([
		countClients(db, actor, query, viewer),
		readClients(db, actor, query, viewer, { after: null, limit: MOST_CHOSEN }),
	]);
	const lines = rows.filter(({ editable }) => editable);
	return {
		lines: lines.map(({ id, version, name, inn }) => ({
			...{ token: `${id}.${version}`, title: name, beside: inn },
		})),
		...{ count, all: wordsFor(query, viewer).selectionUrl },
	};
}

/** Lines on paper at most; how many lie behind is told at the end. */
export const MOST_PRINTED = 2_000;

/** The list for paper: from its beginning, and as far as paper bears it. Throws as readClientList does. */
export async function readClientPrint(
	db: Sql,
	actor: Actor,
	address: unknown,
	viewer: Viewer,
): Promise<ClientList> {
	const { after: _, shown: __, ...whole } = address as Record<string, unknown>;
	return await readClientList(db, actor, whole, viewer, MOST_PRINTED);
}

function toldWords(
	query: ClientQuery,
	frame: Omit<ClientFrame, 'saved'>,
	viewer: Viewer,
): string[] {
	const { owner, q, segment, region, status, tag, contact, archived } = query;
	const say = (key: MessageKey, args?: Record<string, string>) =>
		translate(viewer.language, key, args);
	const person = frame.colleagues.find(({ id }) => String(id) === owner)?.name;
	const named = { me: say('filter.ownerMe'), none: say('client.noOwner') };
	return [
		person ?? named[owner as keyof typeof named],
		q && say('filter.text', { text: q }),
		...[segment, region],
		status && say('client.status', { status }),
		frame.tags.find(({ id }) => id === tag)?.name,
		contact && `${say('clients.contact')}: ${say('clients.contactName', { contact })}`,
		archived && `${say('clients.archive')}: ${say('clients.archiveName', { archived })}`,
	].filter((words): words is string => typeof words === 'string');
}

/** More lines from where an address goes on: what «Показать ещё» brings. Throws BadRequest, NotFound. */
export async function readMoreClients(
	db: Sql,
	actor: Actor,
	address: unknown,
	viewer: Viewer,
): Promise<ClientLines> {
	const query = readClientQuery(actor, address);
	return await readLines(db, actor, query, viewer, linesAsked(query));
}

async function readCounted(
	db: Sql,
	actor: Actor,
	query: ClientQuery,
	viewer: Viewer,
	{ framing, limit }: { framing: Promise<{ count: number }>; limit: number },
): Promise<[number, ClientLines]> {
	const counting = talliesTell(query)
		? framing.then(({ count }) => count)
		: countClients(db, actor, query, viewer);
	// How many they are tells how a director's lines are read; tallies say so at once.
	if (actor.scope !== 'all' || query.q !== null)
		return await Promise.all([counting, readLines(db, actor, query, viewer, limit)]);
	const count = await counting;
	return [count, await readLines(db, actor, query, viewer, limit, count)];
}

async function readLines(
	db: Sql,
	actor: Actor,
	query: ClientQuery,
	viewer: Viewer,
	limit: number,
	count?: number,
): Promise<ClientLines> {
	const page = {
		...{ after: query.after, limit },
		...(count === undefined ? {} : { count }),
	};
	const { rows, next } = await readClients(db, actor, query, viewer, page);
	return {
		query,
		lines: rows.map((line) => ({ ...line, group: clientStepGroup(line, line.openDeals, viewer) })),
		more: next && moreUrl(query, next),
		unfolded: unfoldedUrl(query),
		...wordsFor(query, viewer),
	};
}
