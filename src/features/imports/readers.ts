import { open } from 'node:fs/promises';
import { csvLines, type Line } from './csv.ts';
import { FileFault, type Reason } from './messages.ts';
import { xlsxLines } from './xlsx.ts';

/** A row of a table by its headings; `fault` where its shape alone is a reason to reject it. */
export type Row = { line: number; cells: Readonly<Record<string, string>>; fault?: Reason };

/** A table whose headings are read and whose rows are not yet. */
export type Table = { headers: string[]; rows: AsyncIterable<Row> };

/** What is read at most: of columns, and of rows by kind of file. */
export const COLUMN_LIMIT = 500;
export const ROW_LIMIT = { csv: 1_000_000, xlsx: 100_000 } as const;

type Kind = keyof typeof ROW_LIMIT;

/**
 * Opens a CSV or XLSX file, told apart by its first bytes, and hands out its rows one at a time; memory
 * stays bounded whatever the file is. Throws FileFault, also while rows are read.
 */
export async function openTable(path: string): Promise<Table> {
	const kind = await kindOf(path);
	const lines = LINES[kind](path);
	const headers = await firstLine(lines);
	return { headers, rows: rowsOf(lines, headers, kind) };
}

/** The headings alone; the file is closed again. Throws FileFault. */
export async function readHeaders(path: string): Promise<string[]> {
	const lines = LINES[await kindOf(path)](path);
	const headers = await firstLine(lines);
	await lines.return(undefined);
	return headers;
}

const LINES = { csv: csvLines, xlsx: xlsxLines } as const;

async function firstLine(lines: AsyncGenerator<Line>): Promise<string[]> {
	const first = await lines.next();
	if (first.done) throw new FileFault('file.empty');
	return headersOf(first.value);
}

async function kindOf(path: string): Promise<Kind> {
	const bytes = Buffer.alloc(8);
	try {
		const file = await open(path);
		try {
			await file.read(bytes, 0, 8, 0);
		} finally {
			await file.close();
		}
	} catch (error) {
		throw new FileFault('file.absent', { code: (error as NodeJS.ErrnoException).code ?? '' });
	}
	if (bytes.readUInt32BE() === 0x504b0304) return 'xlsx';
	if (bytes.readUInt32BE() === 0xd0cf11e0) throw new FileFault('file.oldExcel');
	if (/\.xls[xm]$/i.test(path)) throw new FileFault('file.notZip');
	return 'csv';
}

function headersOf({ cells }: Line): string[] {
	const headers = cells.map((cell) => cell.replace(/\s+/g, ' ').trim());
	while (headers.at(-1) === '') headers.pop();
	if (headers.length > COLUMN_LIMIT)
		throw new FileFault('file.tooManyColumns', { count: headers.length, limit: COLUMN_LIMIT });
	const seen = new Set<string>();
	for (const [index, header] of headers.entries()) {
		if (header === '') throw new FileFault('file.headerAbsent', { position: index + 1 });
		if (header === '__proto__') throw new FileFault('file.headerForbidden', { header });
		const known = header.toLowerCase();
		if (seen.has(known)) throw new FileFault('file.headerTwice', { header });
		seen.add(known);
	}
	return headers;
}

async function* rowsOf(
	lines: AsyncGenerator<Line>,
	headers: string[],
	kind: Kind,
): AsyncGenerator<Row> {
	let count = 0;
	try {
		for await (const line of lines) {
			if (++count > ROW_LIMIT[kind])
				throw new FileFault('file.tooManyRows', { limit: ROW_LIMIT[kind] });
			yield rowOf(line, headers, kind);
		}
	} finally {
		await lines.return(undefined);
	}
}

function rowOf({ line, cells }: Line, headers: string[], kind: Kind): Row {
	// No prototype: a heading such as «constructor» is a column like any other.
	const named: Record<string, string> = Object.create(null);
	for (const [index, header] of headers.entries()) named[header] = cells[index] ?? '';
	const excess = cells.slice(headers.length).some((cell) => cell !== '');
	// A spreadsheet leaves trailing empty cells out; in a CSV that is a line broken in two.
	const broken = excess || (kind === 'csv' && cells.length < headers.length);
	if (!broken) return { line, cells: named };
	const args = { count: cells.length, expected: headers.length };
	return { line, cells: named, fault: { key: 'row.width', args } };
}
