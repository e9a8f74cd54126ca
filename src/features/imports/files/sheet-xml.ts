import { FileFault } from '#src/features/imports/console/messages.ts';
import { hear, heard, type Listener, unreadable } from './xml.ts';

/** What the cells of a sheet lean on: its shared texts, which styles are dates, and when its days begin. */
export type SheetBook = { strings: string[]; dates: readonly boolean[]; since1904: boolean };

/** A row as it stands in its sheet. */
export type SheetRow = { number: number; cells: string[] };

type Attributes = Readonly<Record<string, string>>;

/** Rows and columns that Excel itself has, and cells together with the holes between them. */
const MOST_ROWS = 1_048_576;
const MOST_COLUMNS = 16_384;
const MOST_CELLS = 20_000_000;
/** Longer is no format that Excel would take. */
const FORMAT_LENGTH = 255;

/** Of the sheets of a workbook the first, by the id of its relation; and when its days begin. Throws FileFault. */
export function workbookIn(part: Buffer): { sheet: string | null; since1904: boolean } {
	const found: { sheet: string | null; since1904: boolean } = { sheet: null, since1904: false };
	hear(part, {
		open(name, attributes) {
			if (name === 'sheet') found.sheet ??= relationOf(attributes);
			// Macs once counted days from 1904.
			if (name === 'workbookPr')
				found.since1904 = ['1', 'true'].includes(attributes.date1904 ?? '');
		},
	});
	return found;
}

function relationOf(attributes: Attributes): string | null {
	const id = Object.keys(attributes).find((name) => name.endsWith(':id'));
	return id === undefined ? null : (attributes[id] ?? null);
}

/** Where the relation with this id leads; null where there is none. Throws FileFault. */
export function targetIn(part: Buffer, id: string): string | null {
	let target: string | null = null;
	hear(part, {
		open(name, attributes) {
			if (name === 'Relationship' && attributes.Id === id) target ??= attributes.Target ?? null;
		},
	});
	return target;
}

/** The shared texts of a workbook, in order. Throws FileFault. */
export function sharedStrings(part: Buffer | undefined): string[] {
	const strings: string[] = [];
	if (part === undefined) return strings;
	const text = new CellText();
	hear(part, {
		open(name) {
			if (name === 'si') text.clear();
			else text.open(name);
		},
		text: (piece, parent) => text.add(piece, parent),
		close(name) {
			if (name === 'si') strings.push(unescaped(text.text));
			else text.close(name);
		},
	});
	return strings;
}

/** The runs of a rich text together, without what Japanese writes above it. */
class CellText {
	text = '';
	#above = false;

	clear(): void {
		this.text = '';
		this.#above = false;
	}
	open(name: string): void {
		if (name === 'rPh') this.#above = true;
	}
	add(piece: string, parent: string): void {
		if (parent === 't' && !this.#above) this.text += piece;
	}
	close(name: string): void {
		if (name === 'rPh') this.#above = false;
	}
}

/** Of each style of cells, whether it shows a number as a date. Throws FileFault. */
export function dateStyles(part: Buffer | undefined): boolean[] {
	const styles: boolean[] = [];
	if (part === undefined) return styles;
	const own = new Map<string, string>();
	hear(part, {
		open(name, { numFmtId = '0', formatCode = '' }, parent) {
			if (name === 'numFmt') own.set(numFmtId, formatCode);
			if (name === 'xf' && parent === 'cellXfs')
				styles.push(isDate(Number(numFmtId), own.get(numFmtId)));
		},
	});
	return styles;
}

// The built-in dates and times, and any format that has a letter of a date outside of quotes and brackets.
function isDate(id: number, code: string | undefined): boolean {
	if (code === undefined)
		return (
			(id >= 14 && id <= 22) ||
			(id >= 27 && id <= 36) ||
			(id >= 45 && id <= 58 && id !== 48 && id !== 49)
		);
	if (code.length > FORMAT_LENGTH) return false;
	const bare = code.replace(/"[^"]*"|\\.|\[(?!h|m|s)[^\]]*\]|_.|\*./gi, '');
	return /[ymdhs]/i.test(bare) && !/^general$/i.test(bare);
}

/** The rows of a sheet that hold anything, one at a time; `limit` of them at most. Throws FileFault. */
export function* sheetRows(
	sheet: Buffer,
	book: SheetBook,
	limit = Number.POSITIVE_INFINITY,
): Generator<SheetRow> {
	const reader = new RowReader(book);
	let left = limit;
	for (const _ of heard(sheet, reader.listener))
		for (const row of reader.taken()) {
			if (row.cells.some((cell) => cell !== '')) yield row;
			left -= 1;
			if (left === 0) return;
		}
	if (!reader.isSheet) throw unreadable('sheetData');
}

class RowReader {
	isSheet = false;
	#rows: SheetRow[] = [];
	#row: SheetRow | null = null;
	#number = 0;
	#cells = 0;
	#at = -1;
	#attributes: Attributes = {};
	#value = '';
	readonly #text = new CellText();
	readonly #book: SheetBook;

	constructor(book: SheetBook) {
		this.#book = book;
	}

	readonly listener: Listener = {
		open: (name, attributes, parent) => {
			if (name === 'sheetData') this.isSheet = true;
			else if (name === 'row' && parent === 'sheetData') this.#openRow(attributes);
			else if (name === 'c' && parent === 'row') this.#openCell(attributes);
			else this.#text.open(name);
		},
		text: (piece, parent) => {
			if (parent === 'v') this.#value += piece;
			else this.#text.add(piece, parent);
		},
		close: (name, parent) => {
			if (name === 'row' && parent === 'sheetData') this.#closeRow();
			else if (name === 'c' && parent === 'row') this.#closeCell();
			else this.#text.close(name);
		},
	};

	/** The rows that have ended since it was asked last. */
	taken(): SheetRow[] {
		const rows = this.#rows;
		this.#rows = [];
		return rows;
	}

	#openRow({ r }: Attributes): void {
		this.#number = r === undefined ? this.#number + 1 : Number(r);
		const known = Number.isSafeInteger(this.#number) && this.#number >= 1;
		if (!known || this.#number > MOST_ROWS) throw unreadable('row');
		this.#row = { number: this.#number, cells: [] };
		this.#at = -1;
	}

	#openCell(attributes: Attributes): void {
		const { r } = attributes;
		this.#at = r === undefined ? this.#at + 1 : columnOf(r);
		if (this.#at >= MOST_COLUMNS) throw unreadable('c');
		this.#attributes = attributes;
		this.#value = '';
		this.#text.clear();
	}

	#closeCell(): void {
		const cells = this.#row?.cells ?? [];
		const before = cells.length;
		while (cells.length < this.#at) cells.push('');
		cells[this.#at] = this.#cellText();
		this.#cells += Math.max(1, cells.length - before);
		if (this.#cells > MOST_CELLS) throw new FileFault('file.sheetLarge', { limit: MOST_CELLS });
	}

	#closeRow(): void {
		if (this.#row) this.#rows.push(this.#row);
		this.#row = null;
	}

	// Of a formula only its last result counts.
	#cellText(): string {
		const { t: type = 'n', s: style = '-1' } = this.#attributes;
		const value = this.#value;
		if (type === 'inlineStr') return unescaped(this.#text.text);
		if (value === '') return '';
		if (type === 's') return this.#book.strings[Number(value)] ?? '';
		if (type === 'b') return value.trim() === '1' ? 'да' : 'нет';
		if (type !== 'n') return unescaped(value);
		const number = Number(value);
		if (value.trim() === '' || Number.isNaN(number)) return value.trim();
		if (this.#book.dates[Number(style)]) return dayOrMoment(number, this.#book.since1904);
		// Excel itself keeps 15 digits: 0.1 + 0.2 is 0.3 there, and so it is here.
		return String(Number(number.toPrecision(15)));
	}
}

function columnOf(place: string): number {
	let column = 0;
	for (const letter of /^[A-Z]+/.exec(place.slice(0, 20))?.[0] ?? '')
		column = column * 26 + letter.charCodeAt(0) - 64;
	if (column < 1 || column > MOST_COLUMNS) throw unreadable(`c r="${place.slice(0, 20)}"`);
	return column - 1;
}

const DAY_MS = 86_400_000;
/** From 1899-12-30, where Excel begins to count, to 1970; old Macs begin four years later. */
const UNIX_EPOCH_DAYS = 25_569;
const DAYS_TO_1904 = 1_462;

function dayOrMoment(serial: number, since1904: boolean): string {
	const days = serial - UNIX_EPOCH_DAYS + (since1904 ? DAYS_TO_1904 : 0);
	const moment = new Date(Math.round(days * DAY_MS));
	if (Number.isNaN(moment.getTime())) return '#VALUE!';
	const [date = '', time = ''] = moment.toISOString().split('T');
	const clock = time.slice(0, 8);
	return clock === '00:00:00' ? date : `${date}T${clock}`;
}

// The format writes what XML has no place for as _x000D_.
function unescaped(text: string): string {
	return text.replace(/_x([\dA-Fa-f]{4})_/g, (_, code: string) =>
		String.fromCharCode(Number.parseInt(code, 16)),
	);
}
