import { readFile, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Line } from './csv.ts';
import { FileFault } from './messages.ts';
import { dateStyles, sharedStrings, sheetRows } from './sheet-xml.ts';
import { UNPACKED_LIMIT, unzip } from './zip.ts';

const WORKBOOK = 'xl/workbook.xml';
const RELATIONS = 'xl/_rels/workbook.xml.rels';
const STRINGS = 'xl/sharedStrings.xml';
const STYLES = 'xl/styles.xml';
/** Rows in one go, before others have their turn. */
const ROWS_AT_ONCE = 1_000;

/**
 * Lines of the first sheet of an XLSX file, one at a time, each cell as text: numbers with a point, days
 * as 2026-12-31, formulas as their last result. Empty lines are left out. Throws FileFault.
 */
export async function* xlsxLines(
	path: string,
	{ onlyRows }: { onlyRows?: number } = {},
): AsyncGenerator<Line> {
	if ((await stat(path)).size > UNPACKED_LIMIT)
		throw new FileFault('file.zipTooBig', { limit: 50 });
	const archive = await readFile(path);
	const parts = unzip(archive, (name) => [WORKBOOK, RELATIONS, STRINGS, STYLES].includes(name));
	const target = firstSheet(parts);
	const sheet = unzip(archive, (name) => name === target).get(target);
	if (!sheet) throw new FileFault('file.noSheet');
	const book = {
		strings: sharedStrings(parts.get(STRINGS)),
		dates: dateStyles(parts.get(STYLES)),
		since1904: isSince1904(String(parts.get(WORKBOOK))),
	};
	let count = 0;
	for (const { number, cells } of sheetRows(sheet, book, onlyRows)) {
		yield { line: number, cells };
		count += 1;
		if (count % ROWS_AT_ONCE === 0) await new Promise((done) => setImmediate(done));
	}
}

function firstSheet(parts: Map<string, Buffer>): string {
	const id = /<(?:\w+:)?sheet\b[^>]*\br:id="([^"]+)"/.exec(String(parts.get(WORKBOOK) ?? ''))?.[1];
	const relations = String(parts.get(RELATIONS) ?? '').match(/<Relationship\b[^>]*>/g) ?? [];
	const relation = relations.find((tag) => tag.includes(`Id="${id}"`));
	const target = relation && /\bTarget="([^"]+)"/.exec(relation)?.[1];
	if (!target) throw new FileFault('file.noSheet');
	return target.startsWith('/') ? target.slice(1) : posix.join('xl', target);
}

// Macs once counted days from 1904.
function isSince1904(workbook: string): boolean {
	return /<(?:\w+:)?workbookPr\b[^>]*\bdate1904="(1|true)"/.test(workbook);
}
