import { open } from 'node:fs/promises';
import { type CsvReading, csvLines, type Line } from './csv.ts';
import { FileFault, type Reason } from './messages.ts';
import { xlsxLines } from './xlsx.ts';

/** A row of a table by its headings; `fault` where its shape alone is a reason to reject it. */
export type Row = { line: number; cells: Readonly<Record<string, string>>; fault?: Reason };

/** A table whose headings are read and whose rows are not yet. */
export type Table = { headers: string[]; rows: AsyncIterable<Row> };

/** What is read at most: of columns, and of rows by kind of file. */
export const COLUMN_LIMIT = 500;
export const ROW_LIMIT = { csv: 1_000_000, xlsx: 100_000 } as const;

export type Kind = keyof typeof ROW_LIMIT;

/** How a file is to be read: by default as it looks, its headings in the first line. */
export type Opening = CsvReading & {
	headerLine?: number;
	/** No more than so many lines will be looked at. */
	onlyRows?: number;
	columns?: number;
	rows?: number;
};

/**
 * Opens a CSV or XLSX file, told apart by its first bytes, and hands out its rows one at a time; memory
 * stays bounded whatever the file is. Throws FileFault, also while rows are read.
 */
export async function openTable(path: string, opening: Opening = {}): Promise<Table> {
	const kind = await kindOf(path);
	const lines = LINES[kind](path, opening);
	const headers = await headersIn(lines, opening).catch(async (error: unknown) => {
		await lines.return(undefined);
		throw error;
	});
	return { headers, rows: rowsOf(lines, headers, kind, opening.rows ?? ROW_LIMIT[kind]) };
}

/** The headings alone; the file is closed again. Throws FileFault. */
export async function readHeaders(path: string): Promise<string[]> {
	const lines = LINES[await kindOf(path)](path, {});
	try {
		return await headersIn(lines, {});
	} finally {
		await lines.return(undefined);
	}
}

const LINES = { csv: csvLines, xlsx: xlsxLines } as const;

async function headersIn(
	lines: AsyncGenerator<Line>,
	{ headerLine = 1, columns = COLUMN_LIMIT }: Opening,
): Promise<string[]> {
	for (;;) {
		const next = await lines.next();
		if (next.done) throw new FileFault('file.empty');
		if (next.value.line >= headerLine) return headersOf(next.value, columns);
	}
}

/** What a file is by its first bytes. Throws FileFault for what is no table at all. */
export async function kindOf(path: string): Promise<Kind> {
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

function headersOf({ cells }: Line, limit: number): string[] {
	const headers = cells.map((cell) => cell.replace(/\s+/g, ' ').trim());
	while (headers.at(-1) === '') headers.pop();
	if (headers.length > limit)
		throw new FileFault('file.tooManyColumns', { count: headers.length, limit });
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
	limit: number,
): AsyncGenerator<Row> {
	let count = 0;
	try {
		for await (const line of lines) {
			if (++count > limit) throw new FileFault('file.tooManyRows', { limit });
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
