import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { openTable } from '#src/features/imports/files/readers.ts';
import { workbookBytes } from '#src/platform/tables/workbook.ts';
import { cell, sheetOf, xlsx } from './books.ts';
import { fileOf } from './importing.ts';

async function read(bytes: Buffer) {
	const table = await openTable(await fileOf('t.xlsx', bytes));
	const rows: string[][] = [];
	const lines: number[] = [];
	for await (const { line, cells } of table.rows) {
		rows.push(table.headers.map((header) => cells[header] ?? ''));
		lines.push(line);
	}
	return { rows, lines };
}

const ROWS = Array.from({ length: 4_000 }, (_, i) => [
	`Фабрика № ${i} «Ёлка & Ко»`,
	`<${i}> &amp; _x0041_`,
	'€'.repeat(i % 9),
]);

test('every letter of a large sheet is kept, with its texts in the cells', async () => {
	const pieces: Buffer[] = [];
	const batches = Readable.from([
		ROWS.map((row) => row.map((text) => ({ kind: 'text', text }) as const)),
	]);
	const sheet = { title: 'x', widths: [9, 9, 9], headings: ['Раз', 'Два', 'Три'], batches };
	for await (const piece of workbookBytes(sheet)) pieces.push(piece);
	expect((await read(Buffer.concat(pieces))).rows).toEqual(ROWS);
});

test('and with its texts shared, as Excel writes them', async () => {
	const { default: ExcelJS } = await import('exceljs');
	const book = new ExcelJS.Workbook();
	const sheet = book.addWorksheet('Лист');
	sheet.addRow(['Раз', 'Два', 'Три']);
	const plain = ROWS.map((row) => row.map((text) => text.replace('_x0041_', 'A')));
	for (const row of plain) sheet.addRow(row);
	expect((await read(Buffer.from(await book.xlsx.writeBuffer()))).rows).toEqual(plain);
});

test('days, times and numbers are told apart by their formats', async () => {
	const { default: ExcelJS } = await import('exceljs');
	const book = new ExcelJS.Workbook();
	const sheet = book.addWorksheet('Лист');
	const formats = [
		'dd.mm.yyyy',
		'dd/mm/yy hh:mm',
		'[$-419]d mmmm yyyy',
		'#,##0.00" дн."',
		'0.00%',
		'[Red]0',
	];
	sheet.addRow(formats.map((_, at) => `c${at}`));
	const row = sheet.addRow([46_388, 46_388.5, 46_388, 46_388, 0.5, 46_388]);
	for (const [at, format] of formats.entries()) row.getCell(at + 1).numFmt = format;
	expect((await read(Buffer.from(await book.xlsx.writeBuffer()))).rows).toEqual([
		['2027-01-01', '2027-01-01T12:00:00', '2027-01-01', '46388', '0.5', '46388'],
	]);
});

test('a prefix before its elements, rows and cells without places, runs of text and holes are read', async () => {
	const own = (xml: string) => `<x:c t="inlineStr"><x:is>${xml}</x:is></x:c>`;
	const row = (...cells: string[]) => `<x:row>${cells.map(own).join('')}</x:row>`;
	const runs = '<x:r><x:t>а</x:t></x:r><x:r><x:t xml:space="preserve"> б</x:t></x:r>';
	const sheet = `<x:worksheet><x:sheetData>${row('<x:t>Раз</x:t>', '<x:t>Два</x:t>')}<x:row r="5"/>${row(runs, '<x:t/>')}</x:sheetData></x:worksheet>`;
	expect(await read(xlsx(sheet))).toEqual({ rows: [['а б', '']], lines: [6] });
	const holes = sheetOf(
		`${cell('A1', 'Раз')}${cell('B1', 'Два')}${cell('C1', 'Три')}`,
		cell('C2', 'там'),
	);
	expect((await read(xlsx(holes))).rows).toEqual([['', '', 'там']]);
});

test('a place outside of any sheet is no place', async () => {
	const far = sheetOf(cell('A1', 'Раз'), cell('XFE2', 'далеко'));
	await expect(read(xlsx(far))).rejects.toThrow(/не разбирается/);
	const wild = sheetOf(cell('A1', 'Раз'), cell('ZZZZZZZ2', 'дальше'));
	await expect(read(xlsx(wild))).rejects.toThrow(/не разбирается/);
});
