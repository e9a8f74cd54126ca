import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { attachment } from '#src/platform/http/attachment.ts';
import { dayOf, formatTime, type Viewer } from '#src/platform/i18n/dates.ts';
import { formatNumber } from '#src/platform/i18n/money.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { ListColumn } from '#src/platform/listing/headings.ts';
import { type CellValue, cellText, csvLines, disarmed } from './cells.ts';
import { type SheetCell, workbookBytes } from './workbook.ts';

/** The formats in which every list can be taken away; the word stands at the end of its address. */
export const SHEET_FORMATS = ['csv', 'xlsx'] as const;
export type SheetFormat = (typeof SHEET_FORMATS)[number];

/** Rows in one file at most; what lies behind is told in the name of the file and in its last row. */
export const SHEET_ROWS = 50_000;

/** Rows to read at a time. */
export const SHEET_BATCH = 1_000;

const TYPES: Record<SheetFormat, string> = {
	csv: 'text/csv; charset=utf-8',
	xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** A column of a file: one of a list, or one whose heading is nobody's key. */
export type SheetColumn<Row> = Pick<ListColumn<Row>, 'kind' | 'value'> &
	({ label: MessageKey } | { heading: string });

export type SheetRequest<Row> = {
	format: SheetFormat;
	/** What the file is called, without its ending: «Клиенты». The day is put behind it. */
	name: string;
	columns: readonly SheetColumn<Row>[];
	batches: AsyncIterable<Row[]>;
	viewer: Viewer;
	/** How many rows there are, where it is known. */
	total?: number;
	/** Told how many rows have gone out, before the file ends or when it is broken off. */
	told: (rows: number) => Promise<void>;
};

/**
 * Sends a list as a file, with the columns of the screen, while it is being read: the next rows are asked for
 * only when the ones before have gone out, and no more when the person has gone away. Throws what reading
 * the first batch throws; a later failure breaks the download off.
 */
export async function sendSheet<Row>(
	reply: FastifyReply,
	request: SheetRequest<Row>,
): Promise<FastifyReply> {
	const { format, viewer, total = 0 } = request;
	const cut = total > SHEET_ROWS ? ` (${remark(viewer)})` : '';
	const file = `${request.name} ${viewer.today}${cut}.${format}`;
	const batches = await begun(counted(limited(request.batches), request.told));
	const bytes = format === 'csv' ? csvBytes(request, batches) : xlsxBytes(request, batches);
	const stream = Readable.from(bytes, { objectMode: false, highWaterMark: 65_536 });
	// However it ends, whoever reads the rows is told to stop.
	stream.on('close', () => void batches.return(undefined).catch(() => {}));
	return reply
		.header('content-disposition', attachment(file))
		.header('cache-control', 'no-store')
		.type(TYPES[format])
		.send(stream);
}

/**
 * The rows behind a list's pages: `readPage` gives `SHEET_BATCH` rows behind a place and the place to go on
 * from. Pages are read one by one, each with a snapshot of its own: one snapshot for all would hold a
 * connection as long as the slowest download. A row that moves meanwhile may be missed, and comes never twice.
 */
export async function* batchesOf<Row extends { id: number }>(
	readPage: (after: string | null) => Promise<{ rows: Row[]; next: string | null }>,
): AsyncGenerator<Row[]> {
	const seen = new Set<number>();
	let after: string | null = null;
	do {
		const page: { rows: Row[]; next: string | null } = await readPage(after);
		const fresh = page.rows.filter(({ id }) => !seen.has(id));
		for (const { id } of fresh) seen.add(id);
		yield fresh;
		after = page.next;
	} while (after !== null && seen.size <= SHEET_ROWS);
}

type Batch<Row> = { rows: Row[]; cut: boolean };

async function* limited<Row>(batches: AsyncIterable<Row[]>): AsyncGenerator<Batch<Row>> {
	let left = SHEET_ROWS;
	for await (const rows of batches) {
		yield { rows: rows.slice(0, left), cut: rows.length > left };
		if (rows.length > left) return;
		left -= rows.length;
	}
}

// Who took what is written before the last byte is: there is no file without its line in the history.
async function* counted<Row>(
	batches: AsyncGenerator<Batch<Row>>,
	told: (rows: number) => Promise<void>,
): AsyncGenerator<Batch<Row>> {
	let rows = 0;
	let failed = false;
	try {
		for await (const batch of batches) {
			rows += batch.rows.length;
			yield batch;
		}
	} catch (error) {
		failed = true;
		throw error;
	} finally {
		if (!failed || rows > 0) await told(rows);
	}
}

// Reads the first batch at once, so that what goes wrong there is still an answer of its own.
async function begun<T>(items: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
	const first = await items.next();
	return (async function* () {
		try {
			if (!first.done) yield first.value;
			yield* items;
		} finally {
			await items.return(undefined);
		}
	})();
}

function remark({ language }: Viewer): string {
	return translate(language, 'sheet.cut', { rows: formatNumber(language, SHEET_ROWS) });
}

function headingsOf<Row>({ columns, viewer }: SheetRequest<Row>): string[] {
	return columns.map((column) =>
		'heading' in column ? column.heading : translate(viewer.language, column.label),
	);
}

const BOM = '\ufeff';

async function* csvBytes<Row>(
	request: SheetRequest<Row>,
	batches: AsyncIterable<Batch<Row>>,
): AsyncGenerator<Buffer> {
	const { columns, viewer } = request;
	yield Buffer.from(BOM + csvLines([headingsOf(request).map(disarmed)]));
	for await (const { rows, cut } of batches) {
		for await (const some of inTurns(rows))
			yield Buffer.from(csvLines(some.map((row) => lineOf(row, columns, viewer))));
		if (cut)
			yield Buffer.from(csvLines([columns.map((_, at) => (at === 0 ? remark(viewer) : ''))]));
	}
}

function lineOf<Row>(row: Row, columns: readonly SheetColumn<Row>[], viewer: Viewer): string[] {
	return columns.map(({ kind, value }) => {
		const text = cellText(kind, value(row), viewer);
		return kind === 'text' ? disarmed(text) : text;
	});
}

const ROWS_A_TURN = 100;

/** Rows some at a time; between them, requests that wait have their turn: a file is in nobody's way. */
async function* inTurns<Row>(rows: Row[]): AsyncGenerator<Row[]> {
	for (let at = 0; at < rows.length; at += ROWS_A_TURN) {
		yield rows.slice(at, at + ROWS_A_TURN);
		await new Promise<void>((done) => setImmediate(done));
	}
}

const WIDTH = { least: 9, most: 60 } as const;

async function* xlsxBytes<Row>(
	request: SheetRequest<Row>,
	batches: AsyncGenerator<Batch<Row>>,
): AsyncGenerator<Buffer> {
	const { columns, viewer } = request;
	const headings = headingsOf(request);
	const first = await batches.next();
	const cells = first.done ? [] : first.value.rows.map((row) => cellsOf(row, columns, viewer));
	const widths = headings.map((heading, at) => {
		const longest = Math.max(heading.length + 3, ...cells.map((row) => row[at]?.text.length ?? 0));
		return Math.min(WIDTH.most, Math.max(WIDTH.least, longest + 2));
	});
	const told: SheetCell[][] = [[{ kind: 'text', text: remark(viewer) }]];
	async function* sheetRows(): AsyncGenerator<SheetCell[][]> {
		if (first.done) return;
		yield* inTurns(cells);
		if (first.value.cut) yield told;
		for await (const { rows, cut } of batches) {
			for await (const some of inTurns(rows))
				yield some.map((row) => cellsOf(row, columns, viewer));
			if (cut) yield told;
		}
	}
	yield* workbookBytes({ title: request.name, widths, headings, batches: sheetRows() });
}

function cellsOf<Row>(row: Row, columns: readonly SheetColumn<Row>[], viewer: Viewer): SheetCell[] {
	return columns.map(({ kind, value }) => sheetCell(kind, value(row), viewer));
}

function sheetCell(kind: ListColumn<never>['kind'], value: CellValue, viewer: Viewer): SheetCell {
	if (value === null || value === '') return null;
	const text =
		value instanceof Date
			? `${dayOf(value, viewer.timeZone)}T${formatTime(value, viewer)}`
			: String(value);
	return { kind, text };
}
