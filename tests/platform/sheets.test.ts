import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { sql } from 'drizzle-orm';
import type { Worksheet } from 'exceljs';
import fc from 'fast-check';
import Fastify from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { openTable } from '#src/features/imports/files/readers.ts';
import { unzip } from '#src/features/imports/files/zip.ts';
import { attachment } from '#src/platform/http/attachment.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import type { ListColumn } from '#src/platform/listing/headings.ts';
import { disarmed, rearmed } from '#src/platform/tables/cells.ts';
import { batchesOf, SHEET_ROWS, type SheetFormat, sendSheet } from '#src/platform/tables/sheets.ts';
import { workbookBytes } from '#src/platform/tables/workbook.ts';

type Line = {
	id: number;
	name: string | null;
	amount: string | null;
	count: number;
	day: string | null;
	at: Date | null;
};

const viewer = viewerAt(new Date('2026-11-24T09:00:00Z'), 'ru', 'Asia/Omsk');
const sort = { by: sql`name`, type: 'text' } as const;
const COLUMNS: ListColumn<Line>[] = [
	{ key: 'title', label: 'label.title', kind: 'text', sort, value: ({ name }) => name },
	{ key: 'amount', label: 'label.amount', kind: 'money', sort, value: ({ amount }) => amount },
	{ key: 'count', label: 'nav.deals', kind: 'number', sort, value: ({ count }) => count },
	{ key: 'day', label: 'label.closedOn', kind: 'day', sort, value: ({ day }) => day },
	{ key: 'at', label: 'label.plannedDay', kind: 'moment', sort, value: ({ at }) => at },
];
const line = (id: number, more: Partial<Line> = {}): Line => ({
	...{ id, name: `Клиент ${id}`, amount: '1234.50', count: id, day: '2026-12-31' },
	...{ at: new Date('2026-11-23T20:30:00Z'), ...more },
});

const { ValueType, Workbook } = (await import('exceljs')).default;
const folder = await mkdtemp(join(tmpdir(), 'moi-prodazhi-sheets-'));
afterAll(() => rm(folder, { recursive: true }));

/** The file that a list with these rows is sent as. */
const ASKED = { columns: COLUMNS, viewer, told: async () => {} };
async function sent(format: SheetFormat, batches: Line[][], total?: number) {
	const app = Fastify();
	app.get('/', (_request, reply) =>
		sendSheet(reply, {
			...{ ...ASKED, format, name: 'Клиенты', batches: Readable.from(batches) },
			...(total === undefined ? {} : { total }),
		}),
	);
	const answer = await app.inject('/');
	const path = join(folder, `${Math.random()}.${format}`);
	await writeFile(path, answer.rawPayload);
	return { answer, path };
}

async function rowsIn(path: string): Promise<string[][]> {
	const table = await openTable(path);
	const rows: string[][] = [];
	for await (const { cells } of table.rows) rows.push(table.headers.map((one) => cells[one] ?? ''));
	return [table.headers, ...rows];
}

const HOSTILE = [
	...['=1+1', "=cmd|' /C calc'!A0", '@SUM(A1)', '-2+3', '+2+3', '\t=1', '"; DROP', "'", "'=1"],
	...[
		'<img src=x onerror=alert(1)>',
		'&lt;',
		'a;b',
		'два\nряда',
		'‮обратно',
		'_x0041_',
		'x'.repeat(5000),
	],
];

test('CSV is what a Russian Excel opens: BOM, semicolons, CRLF, decimal comma, its own dates', async () => {
	const { answer } = await sent('csv', [[line(1, { name: 'ООО «Ромашка»; склад' })]]);
	expect(answer.rawPayload.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
	const [headings, first] = answer.body.replace('\ufeff', '').split('\r\n');
	expect(headings?.split(';')).toHaveLength(5);
	// 20:30 UTC is the next day in Omsk.
	expect(first).toBe('"ООО «Ромашка»; склад";1234,50;1;31.12.2026;24.11.2026 02:30');
	expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
	expect(answer.headers['content-disposition']).toBe(
		`attachment; filename="Klienty 2026-11-24.csv"; filename*=UTF-8''${encodeURIComponent('Клиенты 2026-11-24.csv')}`,
	);
});

test('XLSX has typed cells, bold frozen headings with a filter, and no formula', async () => {
	const { path, answer } = await sent('xlsx', [[line(1), line(2, { name: '=1+1' })]]);
	expect(answer.headers['content-type']).toContain('spreadsheetml.sheet');
	const book = new Workbook();
	await book.xlsx.readFile(path);
	const sheet = book.worksheets[0] as Worksheet;
	expect(sheet.name).toBe('Клиенты');
	expect(sheet.getCell('A1').font.bold).toBe(true);
	expect(sheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
	expect(sheet.autoFilter).toBe('A1:E3');
	expect(sheet.getCell('A3').value).toBe('=1+1');
	expect(sheet.getCell('A3').type).toBe(ValueType.String);
	expect(sheet.getCell('B2').value).toBe(1234.5);
	expect(sheet.getCell('B2').numFmt).toBe('#,##0.00');
	expect(sheet.getCell('D2').value).toEqual(new Date('2026-12-31T00:00:00Z'));
	expect(sheet.getCell('E2').value).toEqual(new Date('2026-11-24T02:30:00Z'));
	expect(sheet.getColumn(1).width).toBeGreaterThan(9);
});

for (const format of ['csv', 'xlsx'] as const)
	test(`what goes out as ${format} comes back through our own readers as it was`, async () => {
		const rows = HOSTILE.map((name, at) => line(at + 1, { name }));
		rows.push(line(99, { name: null, amount: null, day: null, at: null }));
		const { path } = await sent(format, [rows.slice(0, 3), [], rows.slice(3)]);
		const back = (await rowsIn(path)).slice(1);
		expect(back.map(([name]) => name)).toEqual(
			rows.map(({ name }) => (name ?? '').replace("'=1", format === 'csv' ? '=1' : "'=1")),
		);
		expect(back.map(([, amount]) => amount?.replace(',', '.'))).toEqual(
			rows.map(({ amount }) => (format === 'csv' ? (amount ?? '') : amount ? '1234.5' : '')),
		);
		expect(back.at(0)?.[3]).toBe(format === 'csv' ? '31.12.2026' : '2026-12-31');
	});

// exceljs leaves to others what Excel does with _x0001_.
const decoded = (text: string) =>
	text.replace(/_x([\dA-F]{4})_/g, (_, code: string) =>
		String.fromCharCode(Number.parseInt(code, 16)),
	);

test('any text at all survives XLSX', async () => {
	const text = fc.string({ unit: 'binary', maxLength: 60 });
	await fc.assert(
		fc.asyncProperty(
			fc.array(
				text.map((one) => one.replaceAll('\0', '').replaceAll('\r\n', '\n')),
				{ minLength: 1, maxLength: 20 },
			),
			async (texts) => {
				const batches = Readable.from([texts.map((one) => [{ kind: 'text', text: one } as const])]);
				const pieces = [];
				for await (const piece of workbookBytes({
					title: "'[x]:",
					widths: [9],
					headings: ['a'],
					batches,
				}))
					pieces.push(piece);
				const book = new Workbook();
				await book.xlsx.load(Buffer.concat(pieces) as unknown as ArrayBuffer);
				const read = texts.map((_, at) =>
					decoded(String(book.worksheets[0]?.getCell(at + 2, 1).value ?? '')),
				);
				expect(read).toEqual(texts);
			},
		),
		{ numRuns: 30 },
	);
});

test('formulas are disarmed, numbers and phones are left alone, and all comes back', () => {
	for (const text of ['=1', '+1-2', '-2-3', '@x', '\tx', '\rx', '+cmd|x', '-=1', '+7=1'])
		expect(disarmed(text)).toBe(`'${text}`);
	for (const text of [
		'-1',
		'-1 234,50',
		'+74951234567',
		'+7 (495) 123-45-67',
		'+74951234567 доб. 12',
		'x',
		'',
		"'",
	])
		expect(disarmed(text)).toBe(text);
	fc.assert(fc.property(fc.string(), (text) => rearmed(disarmed(text)) === rearmed(text)));
});

test('a name of a file cannot leave its header', () => {
	const header = attachment('a"b\r\nx: y/..\\é*.csv');
	expect(header).not.toMatch(/[\r\n]|\.\.[\\/]/);
	expect(header).toBe(
		`attachment; filename="a_b__x_ y_.._e_.csv"; filename*=UTF-8''a_b__x_%20y_.._%C3%A9_.csv`,
	);
});

test('a list that is too long says where it was cut, in its name and in its last row', async () => {
	const many = Array.from({ length: 60 }, (_, n) =>
		Array.from({ length: 1000 }, (_, i) => line(n * 1000 + i + 1)),
	);
	const told = 'первые 50\u00a0000 строк';
	const csv = await sent('csv', many, 60_000);
	expect(decodeURIComponent(String(csv.answer.headers['content-disposition']))).toContain(told);
	const lines = csv.answer.body.trimEnd().split('\r\n');
	expect([lines.length, lines.at(-1)]).toEqual([SHEET_ROWS + 2, `${told};;;;`]);
	const { answer } = await sent('xlsx', many, 60_000);
	const name = 'xl/worksheets/sheet1.xml';
	const sheet = String(unzip(answer.rawPayload, (one) => one === name).get(name));
	expect(sheet.match(/<row /g)).toHaveLength(SHEET_ROWS + 2);
	expect(sheet.slice(-400)).toContain(told);
});

/** Pages of a list without an end, and how many were read. */
function endless() {
	const read = { pages: 0, closed: false };
	async function* batches(): AsyncGenerator<Line[]> {
		try {
			for (;;) {
				read.pages++;
				await new Promise((done) => setImmediate(done));
				const name = () => randomBytes(150).toString('base64');
				yield Array.from({ length: 100 }, (_, i) => line(read.pages * 100 + i, { name: name() }));
			}
		} finally {
			read.closed = true;
		}
	}
	return { read, batches };
}

for (const format of ['csv', 'xlsx'] as const)
	test(`${format}: who does not read gets nothing read for them, who goes away ends the reading`, async () => {
		const { read, batches } = endless();
		const app = Fastify();
		afterAll(() => app.close());
		app.get('/', (_request, reply) =>
			sendSheet(reply, { ...ASKED, format, name: 'x', batches: batches() }),
		);
		await app.listen({ port: 0, host: '127.0.0.1' });
		const { port } = app.server.address() as AddressInfo;
		const asked = httpRequest({ port, host: '127.0.0.1', path: '/' }).end();
		asked.on('error', () => {});
		const [answer] = await once(asked, 'response');
		answer.pause();
		let before = -1;
		while (before !== read.pages) {
			before = read.pages;
			await new Promise((done) => setTimeout(done, 300));
		}
		// What the buffers of the kernel take, and not the fifty thousand rows.
		expect(read.pages).toBeLessThan(300);
		asked.destroy();
		await expect.poll(() => read.closed).toBe(true);
	});

test('a list that fails at once is an error of its own and no broken file', async () => {
	const app = Fastify();
	const failing = async function* (): AsyncGenerator<Line[]> {
		yield await Promise.reject(new Error('away'));
	};
	app.get('/', (_request, reply) =>
		sendSheet(reply, { ...ASKED, format: 'csv', name: 'x', batches: failing() }),
	);
	const answer = await app.inject('/');
	expect(answer.statusCode).toBe(500);
	expect(answer.headers['content-type']).toContain('json');
});

test('pages are walked to their end, and a row that moves comes once', async () => {
	const pages: Record<string, { rows: { id: number }[]; next: string | null }> = {
		'': { rows: [{ id: 1 }, { id: 2 }], next: 'a' },
		a: { rows: [{ id: 2 }, { id: 3 }], next: 'b' },
		b: { rows: [], next: null },
	};
	const asked: (string | null)[] = [];
	const got = [];
	for await (const rows of batchesOf((after) => {
		asked.push(after);
		return Promise.resolve(pages[after ?? ''] as { rows: { id: number }[]; next: null });
	}))
		got.push(...rows.map(({ id }) => id));
	expect(asked).toEqual([null, 'a', 'b']);
	expect(got).toEqual([1, 2, 3]);
});

const noOffice = spawnSync('soffice', ['--version']).status !== 0;
if (noOffice)
	console.warn(
		'SKIPPED: LibreOffice is not here to open an export (tests/platform/sheets.test.ts)',
	);

test.skipIf(noOffice)('LibreOffice opens the XLSX and sees the same', async () => {
	const { path } = await sent('xlsx', [[line(1, { name: '=1+1' })]]);
	spawnSync('soffice', ['--headless', '--convert-to', 'csv', '--outdir', folder, path]);
	const text = await readFile(path.replace(/xlsx$/, 'csv'), 'utf8');
	expect(text.split('\n')[1]).toContain('=1+1');
});
