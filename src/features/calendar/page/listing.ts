import { SaxesParser, type SaxesTagNS } from 'saxes';

/** A row of a multistatus (RFC 4918, 13): where, what became of it, and what was asked for. */
export type Row = { href: string; status: number | null; etag: string | null; text: string | null };

const DAV = 'DAV:';
const CALDAV = 'urn:ietf:params:xml:ns:caldav';

/**
 * Reads the rows of an answer of several states, or null for what is none: a page, nothing, a text that was cut
 * off, one with a DOCTYPE. What is not believed here is never taken for an empty calendar.
 */
export function readRows(xml: string): Row[] | null {
	const rows: Row[] = [];
	const path: string[] = [];
	let row: Row | null = null;
	let found: Found = NOTHING;
	let words = '';
	let root: string | null = null;
	const parser = new SaxesParser({ xmlns: true });
	const fail = (error: Error) => {
		throw error;
	};
	parser.on('error', fail);
	parser.on('doctype', () => fail(new Error('a document type')));
	parser.on('opentag', (tag) => {
		const name = nameOf(tag);
		path.push(name);
		root ??= name;
		words = '';
		if (name === 'D:response') row = { href: '', status: null, etag: null, text: null };
		if (name === 'D:propstat') found = { ...NOTHING };
	});
	parser.on('text', (text) => {
		words += text;
	});
	parser.on('cdata', (text) => {
		words += text;
	});
	parser.on('closetag', (tag) => {
		const name = nameOf(tag);
		path.pop();
		const parent = path.at(-1);
		if (row === null) return;
		if (name === 'D:href' && parent === 'D:response') row.href ||= words.trim();
		if (name === 'D:status' && parent === 'D:response') row.status = statusIn(words);
		if (name === 'D:status' && parent === 'D:propstat') found.status = statusIn(words);
		if (name === 'D:getetag') found.etag = words.trim() || null;
		if (name === 'C:calendar-data') found.text = words.trim() === '' ? null : words;
		if (name === 'D:propstat' && (found.status === null || isFine(found.status))) {
			row.etag ??= found.etag;
			row.text ??= found.text;
		}
		if (name === 'D:response') {
			rows.push(row);
			row = null;
		}
		words = '';
	});
	try {
		parser.write(xml.replace(/^\ufeff/, '').trimStart()).close();
	} catch {
		return null;
	}
	return root === 'D:multistatus' ? rows : null;
}

type Found = { status: number | null; etag: string | null; text: string | null };
const NOTHING: Found = { status: null, etag: null, text: null };
const isFine = (status: number) => status >= 200 && status < 300;

const nameOf = ({ uri, local }: SaxesTagNS) =>
	uri === DAV ? `D:${local}` : uri === CALDAV ? `C:${local}` : local;

function statusIn(words: string): number | null {
	const [, status] = /^HTTP\/[\d.]+\s+(\d{3})/.exec(words.trim()) ?? [];
	return status === undefined ? null : Number(status);
}

/**
 * The states of the events of a collection, by their addresses made alike, or null where the listing is not to be
 * believed: without a row of the collection itself, with a row that is refused, or an event without a state.
 */
export function statesIn(
	rows: Row[],
	collection: string,
	alike: (href: string) => string,
): Map<string, { etag: string; href: string }> | null {
	let itself = false;
	const states = new Map<string, { etag: string; href: string }>();
	for (const { href, status, etag } of rows) {
		if (href === '' || (status !== null && !isFine(status))) return null;
		const at = alike(href);
		if (at === alike(collection)) {
			itself = true;
			continue;
		}
		// A folder inside is no event.
		if (at.endsWith('/')) continue;
		if (etag === null) return null;
		states.set(at, { etag, href });
	}
	return itself ? states : null;
}
