import { FileFault } from './messages.ts';

/*
 * The few elements of a sheet that say what its cells hold. A whole XML parser is not needed for them, and
 * the streaming one of exceljs tears letters of two bytes apart where its pieces end.
 */

/** What the cells of a sheet lean on: its shared texts, which styles are dates, and when its days begin. */
export type SheetBook = { strings: string[]; dates: readonly boolean[]; since1904: boolean };

/** A row as it stands in its sheet. */
export type SheetRow = { number: number; cells: string[] };

const unreadable = (reason: string) => new FileFault('file.sheetBroken', { reason });

const PIECE = 262_144;
const MOST_COLUMNS = 16_384;

/** The shared texts of a workbook, in order. Throws FileFault. */
export function sharedStrings(part: Buffer | undefined): string[] {
	const strings: string[] = [];
	if (part === undefined) return strings;
	refuseDoctype(part);
	const prefix = prefixOf(part, part.indexOf('sst'));
	for (const xml of pieces(part, 0, part.length, `</${prefix}si>`))
		for (const [, attributes = '', text = ''] of xml.matchAll(SHARED))
			strings.push(attributes.endsWith('/') ? '' : textIn(text));
	return strings;
}

const SHARED = /<(?:\w+:)?si((?:\s[^>]*)?\/?)>(?:(.*?)<\/(?:\w+:)?si>)?/gs;

/** Of each style of cells, whether it shows a number as a date. Throws FileFault. */
export function dateStyles(part: Buffer | undefined): boolean[] {
	if (part === undefined) return [];
	refuseDoctype(part);
	const xml = String(part);
	const own = new Map<string, string>();
	for (const [tag] of xml.matchAll(/<(?:\w+:)?numFmt\s[^>]*>/g))
		own.set(attribute(tag, 'numFmtId') ?? '', decoded(attribute(tag, 'formatCode') ?? ''));
	const styles = /<(?:\w+:)?cellXfs[\s>].*?<\/(?:\w+:)?cellXfs>/s.exec(xml)?.[0] ?? '';
	return [...styles.matchAll(/<(?:\w+:)?xf[\s>/][^>]*/g)].map(([tag]) => {
		const id = attribute(tag, 'numFmtId') ?? '0';
		return isDate(Number(id), own.get(id));
	});
}

// The built-in dates and times, and any format that has a letter of a date outside of quotes and brackets.
function isDate(id: number, code: string | undefined): boolean {
	if (code === undefined)
		return (
			(id >= 14 && id <= 22) ||
			(id >= 27 && id <= 36) ||
			(id >= 45 && id <= 58 && id !== 48 && id !== 49)
		);
	const bare = code.replace(/"[^"]*"|\\.|\[(?!h|m|s)[^\]]*\]|_.|\*./gi, '');
	return /[ymdhs]/i.test(bare) && !/^general$/i.test(bare);
}

/** The rows of a sheet that hold anything, one at a time; `limit` of them at most. Throws FileFault. */
export function* sheetRows(
	sheet: Buffer,
	book: SheetBook,
	limit = Number.POSITIVE_INFINITY,
): Generator<SheetRow> {
	refuseDoctype(sheet);
	const [from, to] = boundsOf(sheet);
	const end = `</${prefixOf(sheet, from)}row>`;
	let number = 0;
	let left = limit;
	for (const xml of pieces(sheet, from, to, end))
		for (const [, attributes = '', inner] of xml.matchAll(ROW)) {
			number = Number(attribute(attributes, 'r') ?? number + 1);
			if (!Number.isSafeInteger(number) || number < 1) throw unreadable('row');
			const cells = inner === undefined ? [] : cellsIn(inner, book);
			if (cells.some((cell) => cell !== '')) yield { number, cells };
			left -= 1;
			if (left === 0) return;
		}
}

const ROW = /<(?:\w+:)?row((?:\s[^>]*?)?)(?:\/>|>(.*?)<\/(?:\w+:)?row>)/gs;

function boundsOf(sheet: Buffer): [from: number, to: number] {
	const from = sheet.indexOf('sheetData');
	if (from < 0) throw unreadable('sheetData');
	const end = sheet.lastIndexOf('sheetData>');
	// An empty sheet is <sheetData/>; one that has no end was cut in two.
	if (end <= from) {
		if (/^sheetData\s*\/>/.test(String(sheet.subarray(from, from + 20)))) return [from, from];
		throw unreadable('sheetData');
	}
	return [from, end];
}

// Whole elements, some at a time: as one text a large sheet would take the whole memory.
function* pieces(part: Buffer, from: number, to: number, end: string): Generator<string> {
	for (let at = from; at < to; ) {
		const found = part.indexOf(end, Math.min(at + PIECE, to));
		const next = found < 0 || found > to ? to : found + end.length;
		yield String(part.subarray(at, next));
		at = next;
	}
}

/** «x:» where the elements of a part are called <x:row>. */
function prefixOf(part: Buffer, name: number): string {
	const before = String(part.subarray(Math.max(0, name - 20), Math.max(0, name)));
	return /<(\w+:)$/.exec(before)?.[1] ?? '';
}

const CELL = /<(?:\w+:)?c((?:\s[^>]*?)?)(?:\/>|>(.*?)<\/(?:\w+:)?c>)/gs;
const VALUE = /<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)<\/(?:\w+:)?v>/;
const INLINE = /<(?:\w+:)?is(?:\s[^>]*)?>(.*?)<\/(?:\w+:)?is>/s;

function cellsIn(row: string, book: SheetBook): string[] {
	const cells: string[] = [];
	let at = -1;
	for (const [, attributes = '', inner] of row.matchAll(CELL)) {
		const place = attribute(attributes, 'r');
		at = place === null ? at + 1 : columnOf(place);
		while (cells.length < at) cells.push('');
		cells[at] = inner === undefined ? '' : cellText(attributes, inner, book);
	}
	return cells;
}

function columnOf(place: string): number {
	let column = 0;
	for (const letter of /^[A-Z]+/.exec(place)?.[0] ?? '')
		column = column * 26 + letter.charCodeAt(0) - 64;
	if (column < 1 || column > MOST_COLUMNS) throw unreadable(`c r="${place.slice(0, 20)}"`);
	return column - 1;
}

// Of a formula only its last result counts.
function cellText(attributes: string, inner: string, book: SheetBook): string {
	const type = attribute(attributes, 't') ?? 'n';
	if (type === 'inlineStr') return textIn(INLINE.exec(inner)?.[1] ?? '');
	const value = VALUE.exec(inner)?.[1];
	if (value === undefined) return '';
	if (type === 's') return book.strings[Number(value)] ?? '';
	if (type === 'b') return value.trim() === '1' ? 'да' : 'нет';
	if (type !== 'n') return unescaped(decoded(value));
	const number = Number(value);
	if (value.trim() === '' || Number.isNaN(number)) return decoded(value).trim();
	if (book.dates[Number(attribute(attributes, 's') ?? -1)])
		return dayOrMoment(number, book.since1904);
	// Excel itself keeps 15 digits: 0.1 + 0.2 is 0.3 there, and so it is here.
	return String(Number(number.toPrecision(15)));
}

const DAY_MS = 86_400_000;
/** From 1899-12-30, where Excel begins to count, to 1970; old Macs begin four years later. */
const UNIX_EPOCH_DAYS = 25_569;
const DAYS_TO_1904 = 1_462;

function dayOrMoment(serial: number, since1904: boolean): string {
	const days = serial - UNIX_EPOCH_DAYS + (since1904 ? DAYS_TO_1904 : 0);
	const moment = new Date(Math.round(days * DAY_MS));
	if (Number.isNaN(moment.getTime())) return '#VALUE!';
	return moment.toISOString().replace(/T00:00:00.*$|\..*$/, '');
}

// Runs of a rich text together, without what Japanese writes above it.
function textIn(xml: string): string {
	const runs = xml.replace(/<(?:\w+:)?rPh[\s>].*?<\/(?:\w+:)?rPh>/gs, '');
	const texts = [...runs.matchAll(/<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)<\/(?:\w+:)?t>/g)];
	return unescaped(decoded(texts.map(([, text]) => text).join('')));
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decoded(text: string): string {
	if (!text.includes('&')) return text;
	return text.replace(/&(#x[\dA-Fa-f]{1,6}|#\d{1,7}|\w{1,10});/g, (whole, name: string) => {
		if (!name.startsWith('#')) {
			const sign = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
			if (sign === undefined) throw unreadable(whole);
			return sign;
		}
		const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
		if (code > 0x10ffff) throw unreadable(whole);
		return String.fromCodePoint(code);
	});
}

// The format writes what XML has no place for as _x000D_.
function unescaped(text: string): string {
	return text.replace(/_x([\dA-Fa-f]{4})_/g, (_, code: string) =>
		String.fromCharCode(Number.parseInt(code, 16)),
	);
}

function attribute(tag: string, name: string): string | null {
	const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag);
	return found ? (found[1] ?? found[2] ?? '') : null;
}

// Entities of its own are a way to say a gigabyte in a line; no spreadsheet writes them.
function refuseDoctype(part: Buffer): void {
	if (String(part.subarray(0, 4096)).includes('<!DOCTYPE')) throw unreadable('DOCTYPE');
}
