import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { FileFault } from '#src/features/imports/console/messages.ts';
import type { Line } from './csv.ts';
import { LINE_LIMIT } from './encoding.ts';
import { dateStyles, sharedStrings, sheetRows, targetIn, workbookIn } from './sheet-xml.ts';
import { unzip } from './zip.ts';

const WORKBOOK = 'xl/workbook.xml';
const RELATIONS = 'xl/_rels/workbook.xml.rels';
const STRINGS = 'xl/sharedStrings.xml';
const STYLES = 'xl/styles.xml';
/** Signs in all cells together, at most: a shared text can stand in a million of them. */
const MOST_TEXT = 200 * 1_048_576;

/** What a thread is to read. */
export type SheetOrder = { path: string; onlyRows: number | null };

/** The lines of the first sheet of an XLSX file, as `xlsxLines` hands them out; holds its thread. Throws FileFault. */
export function* sheetLines({ path, onlyRows }: SheetOrder): Generator<Line> {
	const archive = readFileSync(path);
	const parts = unzip(archive, (name) => [WORKBOOK, RELATIONS, STRINGS, STYLES].includes(name));
	const [workbook, relations] = [parts.get(WORKBOOK), parts.get(RELATIONS)];
	if (!workbook || !relations) throw new FileFault('file.noSheet');
	const { sheet: id, since1904 } = workbookIn(workbook);
	const target = id === null ? null : targetIn(relations, id);
	if (target === null) throw new FileFault('file.noSheet');
	const name = target.startsWith('/') ? target.slice(1) : posix.join('xl', target);
	const sheet = unzip(archive, (part) => part === name).get(name);
	if (!sheet) throw new FileFault('file.noSheet');
	const book = {
		strings: sharedStrings(parts.get(STRINGS)),
		dates: dateStyles(parts.get(STYLES)),
		since1904,
	};
	let text = 0;
	for (const { number, cells } of sheetRows(sheet, book, onlyRows ?? undefined)) {
		const length = textOf(cells);
		if (length > LINE_LIMIT) throw new FileFault('file.longLine', { line: number, limit: 1 });
		text += length;
		if (text > MOST_TEXT) throw new FileFault('file.sheetText', { limit: MOST_TEXT / 1_048_576 });
		yield { line: number, cells };
	}
}

/** How many signs stand in cells together. */
export function textOf(cells: readonly string[]): number {
	return cells.reduce((sum, cell) => sum + cell.length, 0);
}
