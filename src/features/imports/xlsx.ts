import { readFile, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type { CellValue, Row } from 'exceljs';
import type { Line } from './csv.ts';
import { FileFault } from './messages.ts';
import { UNPACKED_LIMIT, unzip, zip } from './zip.ts';

const WORKBOOK = 'xl/workbook.xml';
const RELATIONS = 'xl/_rels/workbook.xml.rels';
const STRINGS = 'xl/sharedStrings.xml';
const STYLES = 'xl/styles.xml';
const SHEET = 'xl/worksheets/sheet1.xml';

/**
 * Lines of the first sheet of an XLSX file, one at a time, each cell as text: numbers with a point, days
 * as 2026-12-31, formulas as their last result. Empty lines are left out. Throws FileFault.
 */
export async function* xlsxLines(path: string): AsyncGenerator<Line> {
	if ((await stat(path)).size > UNPACKED_LIMIT)
		throw new FileFault('file.zipTooBig', { limit: '50 МБ' });
	const archive = firstSheetOnly(await readFile(path));
	const { default: ExcelJS } = await import('exceljs');
	const reader = new ExcelJS.stream.xlsx.WorkbookReader(Readable.from(pieces(archive)), {
		worksheets: 'emit',
		sharedStrings: 'cache',
		styles: 'cache',
		hyperlinks: 'ignore',
		entries: 'ignore',
	});
	try {
		for await (const sheet of reader)
			for await (const row of sheet) {
				const cells = cellsOf(row);
				if (cells.some((cell) => cell !== '')) yield { line: row.number, cells };
			}
	} catch (error) {
		if (error instanceof FileFault) throw error;
		throw unreadable((error as Error).message.split('\n')[0] ?? '');
	}
}

const PIECE_BYTES = 65_536;

// The library holds all that it makes of one piece: given the archive whole, that is a gigabyte.
function* pieces(archive: Buffer): Generator<Buffer> {
	for (let at = 0; at < archive.length; at += PIECE_BYTES)
		yield archive.subarray(at, at + PIECE_BYTES);
}

const unreadable = (reason: string) => new FileFault('file.sheetBroken', { reason });

/**
 * The library unpacks without limits and walks through merged ranges, column runs and defined names of
 * any size: it is given an archive of our own with the bare cells of one sheet, already measured.
 */
function firstSheetOnly(archive: Buffer): Buffer {
	const named = unzip(archive, (name) => [WORKBOOK, RELATIONS, STRINGS, STYLES].includes(name));
	const target = firstSheet(named);
	const sheet = unzip(archive, (name) => name === target).get(target);
	if (!sheet) throw new FileFault('file.noSheet');
	return zip(
		new Map([
			[
				RELATIONS,
				Buffer.from(
					'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>',
				),
			],
			[WORKBOOK, Buffer.from(bareWorkbook(String(named.get(WORKBOOK))))],
			[STRINGS, named.get(STRINGS) ?? Buffer.from('<sst/>')],
			...(named.has(STYLES) ? [[STYLES, named.get(STYLES)] as [string, Buffer]] : []),
			[SHEET, bareCells(sheet)],
		]),
	);
}

function firstSheet(parts: Map<string, Buffer>): string {
	const id = /<sheet\b[^>]*\br:id="([^"]+)"/.exec(String(parts.get(WORKBOOK) ?? ''))?.[1];
	const relations = String(parts.get(RELATIONS) ?? '').match(/<Relationship\b[^>]*>/g) ?? [];
	const relation = relations.find((tag) => tag.includes(`Id="${id}"`));
	const target = relation && /\bTarget="([^"]+)"/.exec(relation)?.[1];
	if (!target) throw new FileFault('file.noSheet');
	return target.startsWith('/') ? target.slice(1) : posix.join('xl', target);
}

// Macs once counted days from 1904: all that is needed of the workbook's own part.
function bareWorkbook(workbook: string): string {
	const since1904 = /<workbookPr\b[^>]*\bdate1904="(1|true)"/.test(workbook);
	return `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><workbookPr${since1904 ? ' date1904="1"' : ''}/></workbook>`;
}

function bareCells(sheet: Buffer): Buffer {
	const from = sheet.indexOf('<sheetData');
	const to = sheet.lastIndexOf('</sheetData>');
	if (from < 0) throw unreadable('sheetData');
	if (to < 0) throw new FileFault('file.empty');
	return Buffer.concat([
		Buffer.from('<worksheet>'),
		plainValues(sheet.subarray(from, to)),
		Buffer.from('</sheetData></worksheet>'),
	]);
}

// Of a formula only its last result counts, and the library loses those that are errors; of a text inside a
// cell it keeps the last run, and decodes its &amp; twice.
function plainValues(cells: Buffer): Buffer {
	if (!cells.includes('<is>') && !cells.includes('<f')) return cells;
	const values = String(cells)
		.replace(/<f(?:\s[^>]*)?(?:\/>|>[^<]*<\/f>)/g, '')
		.replace(/<is>(.*?)<\/is>/gs, (_, runs: string) => {
			const texts = [...runs.matchAll(/<t(?:\s[^>]*)?>([^<]*)<\/t>/g)].map(([, text]) => text);
			return `<is><t>${texts.join('').replaceAll('&', '&amp;')}</t></is>`;
		});
	return Buffer.from(values);
}

function cellsOf(row: Row): string[] {
	const cells: string[] = [];
	row.eachCell({ includeEmpty: false }, (cell, position) => {
		while (cells.length < position - 1) cells.push('');
		cells[position - 1] = textOf(cell.value);
	});
	return cells;
}

function textOf(value: CellValue | undefined): string {
	if (value === null || value === undefined) return '';
	if (typeof value === 'string') return unescaped(value);
	// Excel itself keeps 15 digits: 0.1 + 0.2 is 0.3 there, and so it is here.
	if (typeof value === 'number') return String(Number(value.toPrecision(15)));
	if (typeof value === 'boolean') return value ? 'да' : 'нет';
	if (value instanceof Date) return dayOrMoment(value);
	if ('error' in value) return value.error;
	if ('richText' in value) return value.richText.map(({ text }) => unescaped(text ?? '')).join('');
	if ('hyperlink' in value) return textOf(value.text);
	return 'result' in value ? textOf(value.result) : '';
}

// The format writes what XML has no place for as _x000D_.
function unescaped(text: string): string {
	return text.replace(/_x([\dA-Fa-f]{4})_/g, (_, code: string) =>
		String.fromCharCode(Number.parseInt(code, 16)),
	);
}

function dayOrMoment(value: Date): string {
	if (Number.isNaN(value.getTime())) return '#VALUE!';
	return value.toISOString().replace(/T00:00:00.*$|\..*$/, '');
}
