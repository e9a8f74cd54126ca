import { open } from 'node:fs/promises';
import { FileFault, type Reason } from '#src/features/imports/console/messages.ts';
import { type CsvReading, csvLines, type Line } from './csv.ts';
import { xlsxLines } from './xlsx.ts';

/** A row of a table by its headings; `fault` where its shape alone is a reason to reject it. */
export type Row = { line: number; cells: Readonly<Record<string, string>>; fault?: Reason };

/** A table whose headings are read and whose rows are not yet. */
export type Table = { headers: string[]; headerLine: number; rows: AsyncIterable<Row> };

/** What is read at most: of columns, and of rows by kind of file. */
export const COLUMN_LIMIT = 500;
export const ROW_LIMIT = { csv: 1_000_000, xlsx: 100_000 } as const;

export type Kind = keyof typeof ROW_LIMIT;

/** How a file is to be read: by default as it looks, its headings behind the lines of a title. */
export type Opening = CsvReading & {
	headerLine?: number | null;
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
	const top = await topOf(lines, opening).catch(async (error: unknown) => {
		await lines.return(undefined);
		throw error;
	});
	const rows = rowsOf(lines, top, kind, opening.rows ?? ROW_LIMIT[kind]);
	return { headers: top.headers, headerLine: top.headerLine, rows };
}

/** The headings alone; the file is closed again. Throws FileFault. */
export async function readHeaders(path: string): Promise<string[]> {
	const lines = LINES[await kindOf(path)](path, {});
	try {
		return (await topOf(lines, {})).headers;
	} finally {
		await lines.return(undefined);
	}
}

const LINES = { csv: csvLines, xlsx: xlsxLines } as const;

/** What stands above the rows, and those that were read to find it. */
type Top = { headers: string[]; headerLine: number; ahead: Line[] };

async function topOf(
	lines: AsyncGenerator<Line>,
	{ headerLine = null, columns = COLUMN_LIMIT }: Opening,
): Promise<Top> {
	const ahead: Line[] = [];
	while (ahead.length < (headerLine === null ? LINES_JUDGED : 1)) {
		const next = await lines.next();
		if (next.done) break;
		if (next.value.line >= (headerLine ?? 1)) ahead.push(next.value);
	}
	const at = headerLine === null ? headingsAt(ahead) : 0;
	const line = ahead[at];
	if (line === undefined) throw new FileFault('file.empty');
	return { headers: headersOf(line, columns), headerLine: line.line, ahead: ahead.slice(at + 1) };
}

/** So many lines are looked at to tell titles from headings. */
export const LINES_JUDGED = 20;

const filled = ({ cells }: Line) => cells.filter((cell) => cell.trim() !== '').length;

// Titles above the headings (every report of 1C has some) fill far fewer cells than the lines below them do.
function headingsAt(lines: readonly Line[]): number {
	const at = lines.findIndex((line, index) => {
		const below = lines
			.slice(index + 1)
			.map(filled)
			.sort((a, b) => a - b);
		const usual = below[Math.floor(below.length / 2)] ?? 0;
		return filled(line) * 3 >= usual * 2;
	});
	return Math.max(0, at);
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
	return headers.map((header, index) => {
		if (header === '') throw new FileFault('file.headerAbsent', { position: index + 1 });
		if (header === '__proto__') throw new FileFault('file.headerForbidden', { header });
		const own = numbered(header, seen);
		seen.add(own.toLowerCase());
		return own;
	});
}

// «Телефон», «Телефон (2)»: columns of one name are columns all the same.
function numbered(header: string, seen: ReadonlySet<string>): string {
	if (!seen.has(header.toLowerCase())) return header;
	for (let n = 2; ; n++) {
		const own = `${header} (${n})`;
		if (!seen.has(own.toLowerCase())) return own;
	}
}

async function* rowsOf(
	lines: AsyncGenerator<Line>,
	{ headers, ahead }: Top,
	kind: Kind,
	limit: number,
): AsyncGenerator<Row> {
	let count = 0;
	try {
		for await (const line of both(ahead, lines)) {
			if (++count > limit) throw new FileFault('file.tooManyRows', { limit });
			yield rowOf(line, headers, kind);
		}
	} finally {
		await lines.return(undefined);
	}
}

async function* both(ahead: Line[], lines: AsyncIterable<Line>): AsyncGenerator<Line> {
	yield* ahead;
	yield* lines;
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
