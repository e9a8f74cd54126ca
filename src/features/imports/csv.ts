import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { rearmed } from '#src/platform/web/cells.ts';
import { decoded, detectEncoding, type Encoding, LINE_LIMIT } from './encoding.ts';
import { FileFault } from './messages.ts';

/** A line of the table as it stands in the file, the headings included. */
export type Line = { line: number; cells: string[] };

const DELIMITERS = [';', ',', '\t', '|'] as const;

/** How a CSV file is to be read; what is not said is found out. */
export type CsvReading = { encoding?: Encoding | null; delimiter?: string | null };

/**
 * Lines of a CSV file, one at a time, whatever its encoding and delimiter are. Empty lines are left out.
 * Throws FileFault where the file is no table.
 */
export async function* csvLines(path: string, reading: CsvReading = {}): AsyncGenerator<Line> {
	const encoding = reading.encoding ?? (await detectEncoding(path));
	const delimiter = reading.delimiter ?? delimiterOf(await head(path, encoding));
	const parser = parse({
		delimiter,
		record_delimiter: ['\r\n', '\n', '\r'],
		relax_column_count: true,
		// ООО "Ромашка" without outer quotes is how many accounting programs write it.
		relax_quotes: true,
		max_record_size: LINE_LIMIT,
	});
	const text = decoded(path, encoding);
	text.on('error', (error) => parser.destroy(error));
	text.pipe(parser);
	try {
		// Counted here: the parser takes a CRLF inside quotes for two lines.
		let line = 1;
		for await (const record of parser as AsyncIterable<string[]>) {
			if (record.some((cell) => cell !== '')) yield { line, cells: record.map(rearmed) };
			line += 1 + newlines(record);
		}
	} catch (error) {
		throw error instanceof CsvError ? faultOf(error) : error;
	} finally {
		text.destroy();
	}
}

function newlines(record: string[]): number {
	return record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
}

function faultOf(error: CsvError): FileFault {
	const line = Number(error.lines ?? 0);
	if (error.code === 'CSV_QUOTE_NOT_CLOSED') return new FileFault('file.openQuote', { line });
	if (error.code === 'CSV_MAX_RECORD_SIZE')
		return new FileFault('file.longLine', { line, limit: 1 });
	return new FileFault('file.broken', { reason: error.message });
}

/** What a CSV file looks like: its encoding and its delimiter. Throws FileFault. */
export async function looksOf(path: string): Promise<{ encoding: Encoding; delimiter: string }> {
	const encoding = await detectEncoding(path);
	return { encoding, delimiter: delimiterOf(await head(path, encoding)) };
}

async function head(path: string, encoding: Encoding): Promise<string> {
	const text: Readable = decoded(path, encoding);
	try {
		await once(text, 'readable');
		return String(text.read() ?? '');
	} finally {
		text.destroy();
	}
}

/** The delimiter that the headings use most, quoted text aside; `;` where they use none. */
export function delimiterOf(text: string): string {
	const headings = text.replace(/"(?:[^"]|"")*"/g, '').split(/\r|\n/, 1)[0] ?? '';
	const counts = DELIMITERS.map((delimiter) => headings.split(delimiter).length);
	return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ';';
}
