import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { FileFault, type MessageKey } from '#src/features/imports/console/messages.ts';
import { rearmed } from '#src/platform/tables/cells.ts';
import { decoded, detectEncoding, type Encoding, LINE_LIMIT } from './encoding.ts';

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
	const start = await head(path, encoding);
	refuseForeign(start);
	const delimiter = reading.delimiter ?? delimiterOf(start);
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
			const told = record.some((cell) => cell !== '') && !(line === 1 && isHint(record));
			if (told) yield { line, cells: record.map((cell) => rearmed(asText(cell))) };
			line += 1 + newlines(record);
		}
	} catch (error) {
		throw error instanceof CsvError ? faultOf(error) : error;
	} finally {
		text.destroy();
	}
}

// Excel is told so what parts the cells.
const HINT = /^"?sep=(.?)"?$/i;
const HINT_LENGTH = 8;

function isHint([first = '', ...others]: string[]): boolean {
	return HINT.test(first) && others.every((cell) => cell === '');
}

// ="0077" is how a number is made text for Excel.
function asText(cell: string): string {
	const inside =
		cell.length > 2 && cell.startsWith('="') && cell.endsWith('"') ? cell.slice(2, -1) : cell;
	return inside.includes('"') ? cell : inside;
}

/** Files of other kinds that are text, by how they begin. */
const FOREIGN: readonly [begins: RegExp, key: MessageKey][] = [
	[/^1CClientBankExchange/i, 'file.bankStatement'],
	[/^<(?:\?xml|КоммерческаяИнформация)/i, 'file.xml'],
	[/^BEGIN:VCALENDAR/i, 'file.calendar'],
	[/^BEGIN:VCARD/i, 'file.cards'],
];

function refuseForeign(start: string): void {
	const text = start.trimStart();
	const [, key] = FOREIGN.find(([begins]) => begins.test(text)) ?? [];
	if (key === 'file.xml' && start.includes('<КоммерческаяИнформация'))
		throw new FileFault('file.commerceML');
	if (key) throw new FileFault(key);
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
	const start = await head(path, encoding);
	refuseForeign(start);
	return { encoding, delimiter: delimiterOf(start) };
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

const LINES_JUDGED = 20;

/**
 * The delimiter that the first lines use alike, quoted text aside, or that Excel is told by `sep=`; the one that is
 * used more of two, and `;` where none is used. Commas in addresses and titles differ from line to line.
 */
export function delimiterOf(text: string): string {
	const [first = ''] = text.slice(0, HINT_LENGTH).split(/\r|\n/, 1);
	const hint = HINT.exec(first)?.[1];
	if (hint) return hint;
	const lines = unquotedLines(text);
	const judged = DELIMITERS.map((delimiter) => {
		const counts = lines.map((line) => line.split(delimiter).length - 1);
		const usual = usualOf(counts.filter((count) => count > 0));
		const alike = counts.filter((count) => count === usual && count > 0).length;
		return { delimiter, alike, usual };
	});
	const best = judged.reduce((a, b) =>
		b.alike > a.alike || (b.alike === a.alike && b.usual > a.usual) ? b : a,
	);
	return best.alike > 0 ? best.delimiter : ';';
}

function usualOf(counts: number[]): number {
	const times = new Map<number, number>();
	for (const count of counts) times.set(count, (times.get(count) ?? 0) + 1);
	return [...times].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0])[0];
}

// The first lines that hold anything, without what stands in quotes; sign by sign, for the text is a stranger's.
function unquotedLines(text: string): string[] {
	const lines: string[] = [];
	let line = '';
	let quoted = false;
	let before = '';
	for (const sign of text) {
		const opens =
			before === '' || before === '"' || before === '\n' || before === '\r' || isDelimiter(before);
		if (sign === '"' && (quoted || opens)) quoted = !quoted;
		else if (!quoted && (sign === '\n' || sign === '\r')) {
			if (line.trim() !== '') lines.push(line);
			if (lines.length === LINES_JUDGED) return lines;
			line = '';
		} else if (!quoted) line += sign;
		before = sign;
	}
	// One that the piece has cut in two is judged only where it is the only one.
	return lines.length === 0 || text.length < PIECE ? [...lines, line] : lines;
}

const PIECE = 16_384;
const isDelimiter = (sign: string) => (DELIMITERS as readonly string[]).includes(sign);
