import { pipeline, Readable } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';
import { daysBetween } from '#src/platform/i18n/dates.ts';
import type { ListColumn } from '#src/platform/listing/headings.ts';

/*
 * An XLSX file that is written while it is read: exceljs's own writer does not wait for a slow reader and
 * takes eight times as long. Tests read what comes out with exceljs.
 */

/** A cell: text, a number as a decimal string, a day as `2026-12-31`, a moment as `2026-12-31T15:30`, or nothing. */
export type SheetCell = { kind: ListColumn<never>['kind']; text: string } | null;

export type Sheet = {
	/** Of the tab, at most 31 characters are taken. */
	title: string;
	/** Of each column, in characters. */
	widths: number[];
	headings: string[];
	/** Rows, many at a time. */
	batches: AsyncIterable<SheetCell[][]>;
};

/** What Excel shows of one cell at most. */
const CELL_LIMIT = 32_767;
/** Longer pieces of text only fill the memory. */
const PIECE_LENGTH = 65_536;
const STYLE = { heading: 1, text: 2, number: 0, money: 3, day: 4, moment: 5 } as const;
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** The bytes of an XLSX file with one sheet, made no faster than they are taken. Throws what `batches` throws. */
export async function* workbookBytes(sheet: Sheet): AsyncGenerator<Buffer> {
	yield* zipped([
		['[Content_Types].xml', once(CONTENT_TYPES)],
		['_rels/.rels', once(relations([`${OFFICE}/officeDocument`, 'xl/workbook.xml']))],
		['xl/workbook.xml', once(workbookPart(sheet.title))],
		[
			'xl/_rels/workbook.xml.rels',
			once(
				relations(
					[`${OFFICE}/worksheet`, 'worksheets/sheet1.xml'],
					[`${OFFICE}/styles`, 'styles.xml'],
				),
			),
		],
		['xl/styles.xml', once(STYLES)],
		['xl/worksheets/sheet1.xml', sheetPart(sheet)],
	]);
}

const CONTENT_TYPES = `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPE}.worksheet+xml"/></Types>`;

const STYLES = `${HEAD}<styleSheet xmlns="${MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="dd.mm.yyyy"/><numFmt numFmtId="165" formatCode="dd.mm.yyyy hh:mm"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="6">${[0, 0, 49, 4, 164, 165].map((format, at) => `<xf numFmtId="${format}" fontId="${at === STYLE.heading ? 1 : 0}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"${at === STYLE.heading ? ' applyFont="1"' : ''}/>`).join('')}</cellXfs></styleSheet>`;

function relations(...targets: [type: string, target: string][]): string {
	const each = targets.map(
		([type, target], at) => `<Relationship Id="rId${at + 1}" Type="${type}" Target="${target}"/>`,
	);
	return `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">${each.join('')}</Relationships>`;
}

function workbookPart(title: string): string {
	const name = escaped(
		title
			.replace(/[[\]:*?/\\']/g, ' ')
			.slice(0, 31)
			.trim() || '1',
	);
	return `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="${name}" sheetId="1" r:id="rId1"/></sheets></workbook>`;
}

async function* once(text: string): AsyncGenerator<string> {
	yield text;
}

async function* sheetPart({ widths, headings, batches }: Sheet): AsyncGenerator<string> {
	const columns = widths.map(
		(width, at) => `<col min="${at + 1}" max="${at + 1}" width="${width}" customWidth="1"/>`,
	);
	yield `${HEAD}<worksheet xmlns="${MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${columns.join('')}</cols><sheetData>`;
	const names = headings.map((_, at) => columnName(at));
	const heading = headings.map((text, at) => textCell(`${names[at]}1`, text, STYLE.heading));
	yield `<row r="1">${heading.join('')}</row>`;
	let row = 1;
	for await (const batch of batches) {
		let xml = '';
		for (const cells of batch) {
			row++;
			xml += `<row r="${row}">`;
			for (const [at, cell] of cells.entries())
				if (cell) xml += cellXml(`${names[at]}${row}`, cell);
			xml += '</row>';
			if (xml.length < PIECE_LENGTH) continue;
			yield xml;
			xml = '';
		}
		if (xml) yield xml;
	}
	yield `</sheetData><autoFilter ref="A1:${names.at(-1)}${row}"/><pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>`;
}

/** «A» to «Z», «AA» and on. */
function columnName(at: number): string {
	const letter = String.fromCharCode(65 + (at % 26));
	return at < 26 ? letter : columnName(Math.floor(at / 26) - 1) + letter;
}

function cellXml(place: string, { kind, text }: NonNullable<SheetCell>): string {
	const number = kind === 'text' ? null : numberOf(kind, text);
	if (number === null) return textCell(place, text, STYLE.text);
	// A day among moments has no hour to show.
	const style = kind === 'moment' && !text.includes('T') ? STYLE.day : STYLE[kind];
	return `<c r="${place}" s="${style}"><v>${number}</v></c>`;
}

// A day before 1900 has no number in Excel: it stays text, and so does what is no number.
function numberOf(kind: 'number' | 'money' | 'day' | 'moment', text: string): string | null {
	if (kind === 'number' || kind === 'money') return /^-?\d+(\.\d+)?$/.test(text) ? text : null;
	const [, day, hours, minutes] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d))?$/.exec(text) ?? [];
	if (day === undefined || day < '1900-03-01') return null;
	const days = daysBetween('1899-12-30', day);
	return String(days + (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) / 1440);
}

function textCell(place: string, text: string, style: number): string {
	return `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escaped(text.slice(0, CELL_LIMIT))}</t></is></c>`;
}

const SPECIAL: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

// XML has no place for most control characters; the format writes them as _x0001_, and a text that looks so too.
function escaped(text: string): string {
	if (!/[&<>"\p{Cc}\ufffe\uffff\ud800-\udfff]|_x[\dA-Fa-f]{4}_/u.test(text)) return text;
	return text
		.toWellFormed()
		.replace(/_(?=x[\dA-Fa-f]{4}_)/g, '_x005F_')
		.replace(/[&<>"]/g, (sign) => SPECIAL[sign] ?? '')
		.replace(/(?![\n\t])[\p{Cc}\ufffe\uffff]/gu, (sign) => {
			const code = sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
			return `_x${code}_`;
		});
}

type Part = [name: string, text: AsyncIterable<string>];

// Sizes stand behind each part, for they are not known before it is written.
const SIZES_BEHIND = 0x0808;
const DEFLATED = 8;
const VERSION = 20;

async function* zipped(parts: Part[]): AsyncGenerator<Buffer> {
	const directory: Buffer[] = [];
	let at = 0;
	for (const [name, text] of parts) {
		const begin = at;
		const head = Buffer.concat([localHead(name), Buffer.from(name)]);
		yield head;
		const measured = { crc: 0, packed: 0, size: 0 };
		for await (const piece of deflated(text, measured)) {
			measured.packed += piece.length;
			yield piece;
		}
		const sums = Buffer.alloc(12);
		sums.writeUInt32LE(measured.crc, 0);
		sums.writeUInt32LE(measured.packed, 4);
		sums.writeUInt32LE(measured.size, 8);
		yield Buffer.concat([Buffer.from('PK\x07\x08', 'latin1'), sums]);
		at += head.length + measured.packed + 16;
		directory.push(centralHead(name, sums, begin), Buffer.from(name));
	}
	const central = Buffer.concat(directory);
	const end = Buffer.alloc(22);
	end.write('PK\x05\x06', 'latin1');
	end.writeUInt16LE(parts.length, 8);
	end.writeUInt16LE(parts.length, 10);
	end.writeUInt32LE(central.length, 12);
	end.writeUInt32LE(at, 16);
	yield Buffer.concat([central, end]);
}

function localHead(name: string): Buffer {
	const head = Buffer.alloc(30);
	head.write('PK\x03\x04', 'latin1');
	head.writeUInt16LE(VERSION, 4);
	head.writeUInt16LE(SIZES_BEHIND, 6);
	head.writeUInt16LE(DEFLATED, 8);
	head.writeUInt16LE(Buffer.byteLength(name), 26);
	return head;
}

function centralHead(name: string, sums: Buffer, begin: number): Buffer {
	const head = Buffer.alloc(46);
	head.write('PK\x01\x02', 'latin1');
	head.writeUInt16LE(VERSION, 4);
	head.writeUInt16LE(VERSION, 6);
	head.writeUInt16LE(SIZES_BEHIND, 8);
	head.writeUInt16LE(DEFLATED, 10);
	sums.copy(head, 16);
	head.writeUInt16LE(Buffer.byteLength(name), 28);
	head.writeUInt32LE(begin, 42);
	return head;
}

type Measured = { crc: number; size: number };

async function* deflated(text: AsyncIterable<string>, measured: Measured): AsyncGenerator<Buffer> {
	const bytes = Readable.from(counted(text, measured), { objectMode: false });
	const packer = createDeflateRaw({ level: 3 });
	// A reader that goes away destroys the packer, and that ends the reading of rows.
	pipeline(bytes, packer, () => {});
	yield* packer;
}

async function* counted(text: AsyncIterable<string>, measured: Measured): AsyncGenerator<Buffer> {
	for await (const piece of text) {
		const bytes = Buffer.from(piece);
		measured.crc = crc32(bytes, measured.crc);
		measured.size += bytes.length;
		yield bytes;
	}
}
