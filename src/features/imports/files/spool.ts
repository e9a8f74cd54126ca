import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { OURS } from '#src/features/imports/columns/columns.ts';
import { FileFault } from '#src/features/imports/console/messages.ts';
import type { AskedReading, Reading } from '#src/features/imports/tables.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { looksOf } from './csv.ts';
import type { Encoding } from './encoding.ts';
import { kindOf, LINES_JUDGED, openTable, type Row } from './readers.ts';

/** What a file in the browser may be at most, as its page tells. */
export const LIMITS = { megabytes: 50, rows: 100_000, columns: 200 } as const;

const CHUNK_BYTES = 262_144;
const SAMPLE_ROWS = 5;

/** Puts a file into the database, piece by piece. */
export async function storeFile(tx: Sql, importId: number, path: string): Promise<void> {
	let position = 0;
	for await (const bytes of createReadStream(path, { highWaterMark: CHUNK_BYTES }))
		await tx.execute(sql`
			insert into import_chunks (import_id, position, bytes)
			values (${importId}, ${position++}, ${bytes as Buffer})`);
}

/** Gives `work` the file of an import as a file on this machine, and removes it afterwards. */
export async function withStoredFile<T>(
	db: Sql,
	importId: number,
	work: (path: string) => Promise<T>,
): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), 'moi-prodazhi-file-'));
	try {
		const path = join(folder, randomUUID());
		const file = await open(path, 'w');
		try {
			for (let position = 0; ; position++) {
				const { rows } = await db.execute<{ bytes: Buffer }>(sql`
					select bytes from import_chunks where import_id = ${importId} and position = ${position}`);
				if (rows[0] === undefined) break;
				await file.write(rows[0].bytes);
			}
		} finally {
			await file.close();
		}
		return await work(path);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** A file as it looks: what it is, how it is read, its headings and first rows. */
export type Look = {
	kind: 'csv' | 'xlsx';
	/** As it was found out, where nothing was said. */
	reading: Reading & { encoding: Encoding | null; delimiter: string | null };
	headers: string[];
	fingerprint: string;
	sample: Row[];
};

/** Looks at a file. Throws FileFault for what is no table, or is too large. */
export async function lookAt(path: string, asked: AskedReading | null): Promise<Look> {
	const kind = await kindOf(path);
	const found =
		kind === 'xlsx'
			? { encoding: null, delimiter: null }
			: asked?.encoding && asked.delimiter
				? { encoding: asked.encoding, delimiter: asked.delimiter }
				: await looksOf(path);
	const reading = {
		encoding: (kind === 'csv' && asked?.encoding) || found.encoding,
		delimiter: (kind === 'csv' && asked?.delimiter) || found.delimiter,
		headerLine: asked?.headerLine ?? null,
	};
	// Headings and a sample: the rest of a large sheet need not be unpacked for them.
	const onlyRows = (reading.headerLine ?? LINES_JUDGED) + SAMPLE_ROWS + 1;
	const table = await openTable(path, { ...reading, ...LIMITS, onlyRows });
	const sample: Row[] = [];
	for await (const row of table.rows) {
		sample.push(row);
		if (sample.length === SAMPLE_ROWS) break;
	}
	if (sample.length === 0) throw new FileFault('file.onlyHeader');
	return {
		kind,
		reading: { ...reading, headerLine: table.headerLine },
		headers: table.headers,
		fingerprint: fingerprintOf(table.headers),
		sample,
	};
}

// Columns that we put behind a file of rejected rows are ours: a mended one has the shape of the first.
function fingerprintOf(headers: string[]): string {
	const own = headers.filter((header) => !OURS.includes(header)).map((one) => one.toLowerCase());
	return createHash('sha256').update(JSON.stringify(own)).digest('hex');
}

/** Cells of rows as jsonb takes them: no NUL, no half letters; both are damage that the row is rejected for. */
export function storedCells({ cells }: Row, headers: readonly string[]): string[] {
	return headers.map((header) => (cells[header] ?? '').replaceAll('\0', '\ufffd').toWellFormed());
}

/** The row that was stored, as the engine reads it. */
export function rowOf(
	line: number,
	cells: readonly string[],
	headers: readonly string[],
	fault: Row['fault'],
): Row {
	const named: Record<string, string> = Object.create(null);
	for (const [at, header] of headers.entries()) named[header] = cells[at] ?? '';
	return fault ? { line, cells: named, fault } : { line, cells: named };
}
