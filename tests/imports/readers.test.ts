import { deflateRawSync } from 'node:zlib';
import type { Worksheet } from 'exceljs';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { openTable, readHeaders } from '#src/features/imports/files/readers.ts';
import { zip } from '#src/features/imports/files/zip.ts';
import { csvLines, disarmed } from '#src/platform/tables/cells.ts';
import { fileOf } from './importing.ts';

async function read(path: string) {
	const { headers, rows } = await openTable(path);
	const cells: string[][] = [];
	const lines: number[] = [];
	for await (const row of rows) {
		cells.push(headers.map((header) => row.cells[header] ?? ''));
		lines.push(row.fault ? -row.line : row.line);
	}
	return { headers, cells, lines };
}

const readText = async (content: string | Buffer) => read(await fileOf('t.csv', content));

describe('CSV', () => {
	const text = 'Клиент;Сумма\r\nООО «Ёлка»;1,5\r\n';
	it.each([
		['UTF-8', Buffer.from(text)],
		['UTF-8 with BOM', Buffer.from(`\ufeff${text}`)],
		['CP1251', iconv.encode(text, 'win1251')],
		['UTF-16LE', iconv.encode(text, 'utf-16le', { addBOM: true })],
		['UTF-16BE', iconv.encode(text, 'utf-16be', { addBOM: true })],
	])('in %s is told by its bytes', async (_, bytes) => {
		const { headers, cells } = await readText(bytes);
		expect(headers).toEqual(['Клиент', 'Сумма']);
		expect(cells).toEqual([['ООО «Ёлка»', '1,5']]);
	});

	it.each([
		['a;b,c;d\n1;2;3', ['a', 'b,c', 'd']],
		['a,b,"c;d;e;f"\n1,2,3', ['a', 'b', 'c;d;e;f']],
		['a\tb\n1\t2', ['a', 'b']],
		['alone\n1', ['alone']],
	])('%j is parted by its own delimiter', async (content, headers) => {
		expect((await readText(content)).headers).toEqual(headers);
	});

	it('counts lines as an editor does, through quoted line breaks and empty lines', async () => {
		const { cells, lines } = await readText('a;b\r\n1;"x\r\ny"\r\n\r\n;\r\n2;z\r\n');
		expect(cells).toEqual([
			['1', 'x\r\ny'],
			['2', 'z'],
		]);
		expect(lines).toEqual([2, 6]);
	});

	it('takes quotes inside a cell as they are, as accounting programs write them', async () => {
		expect((await readText('a;b\nООО "Ромашка";1\n')).cells).toEqual([['ООО "Ромашка"', '1']]);
	});

	it('marks rows that are shorter or longer than the headings, and reads on', async () => {
		expect((await readText('a;b\n1\n2;3\n4;5;6\n7;8;\n')).lines).toEqual([-2, 3, -4, 5]);
	});

	it('gives back any table that we have written, in any encoding', async () => {
		const cell = fc.string({ unit: fc.constantFrom(...'аЯё;,"\n\t =+-@x1\u00a0№'.split('')) });
		const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 });
		const encodings = fc.constantFrom('utf8', 'win1251', 'utf-16le');
		await fc.assert(
			fc.asyncProperty(table, encodings, async (rows, encoding) => {
				const full = rows.filter((row) => row.some((cell) => cell !== ''));
				const lines = csvLines(
					[['Раз', 'Два', 'Три'], ...full].map((cells) => cells.map(disarmed)),
				);
				const bytes = iconv.encode(lines, encoding, { addBOM: encoding === 'utf-16le' });
				expect((await readText(bytes)).cells).toEqual(full);
			}),
			{ numRuns: 150 },
		);
	});
});

describe('a hostile file is refused with a sentence', () => {
	const wide = Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(';');
	const mixed = Buffer.concat([Buffer.from('Имя\nЁжик\n'), iconv.encode('Анна\n', 'win1251')]);
	it.each([
		['empty', '', /файл пуст/],
		['nothing but line breaks', '\n\n\n', /файл пуст/],
		['an open quote', 'a;b\n1;"2\n3;4\n', /кавычка не закрыта/],
		['20,000 columns', `${wide}\n`, /столбцов 20\s000/],
		['a header __proto__', 'a;__proto__\n1;2\n', /не может называться «__proto__»/],
		['a column without a name', 'a;;b\n1;2;3\n', /столбец 2 без названия/],
		['bytes of a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 1]), /двоичные данные/],
		['an old Excel file', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /старый формат Excel/],
		['two encodings in one', mixed, /строка 3 .* строка 2.*смешаны/],
		['a BOM of UTF-8 before CP1251', Buffer.concat([Buffer.from('\ufeffa\n'), mixed]), /не UTF-8/],
	])('%s', async (_, content, sentence) => {
		await expect(readText(content)).rejects.toThrow(sentence);
	});

	it('a line of 100 MB, without reading it all', async () => {
		const path = await fileOf('t.csv', Buffer.alloc(100_000_000, 'x'));
		const before = process.memoryUsage().rss;
		await expect(readHeaders(path)).rejects.toThrow(/строка 1 длиннее 1 МБ/);
		expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
	});

	it('a quote that swallows the rest of a long file', async () => {
		await expect(readText(`a;b\n1;"${'x;y\n'.repeat(400_000)}`)).rejects.toThrow(/длиннее 1 МБ/);
	});

	it('a file that is not there', async () => {
		await expect(read('/nowhere/t.csv')).rejects.toThrow(/файла нет.*ENOENT/);
	});

	it('keeps a column called constructor a column', async () => {
		const { rows } = await openTable(await fileOf('t.csv', 'constructor;b\n1;2\n'));
		for await (const { cells } of rows) expect({ ...cells }).toEqual({ constructor: '1', b: '2' });
	});
});

async function workbook(fill: (sheet: Worksheet) => void): Promise<string> {
	const { default: ExcelJS } = await import('exceljs');
	const book = new ExcelJS.Workbook();
	fill(book.addWorksheet('Лист'));
	book.addWorksheet('Второй').addRow(['не', 'читать']);
	return fileOf('t.xlsx', Buffer.from(await book.xlsx.writeBuffer()));
}

describe('XLSX', () => {
	it('gives text, exact numbers, days, results of formulas and rich text of the first sheet', async () => {
		const path = await workbook((sheet) => {
			sheet.addRow(['Имя', 'Сумма', 'День', 'Итог', 'Дата', 'Ссылка', 'Флаг']);
			sheet.addRow([
				{ richText: [{ text: 'Ёж' }, { text: 'ик' }] },
				0.1 + 0.2,
				new Date(Date.UTC(2026, 11, 31)),
				{ formula: '1+1', result: 2 },
				{ formula: 'TODAY()', result: new Date(Date.UTC(2023, 2, 15)) },
				{ text: 'сайт', hyperlink: 'https://example.com' },
				true,
			]);
			sheet.addRow([]);
			sheet.addRow(['x']);
			sheet.mergeCells('H1:ZZ4');
		});
		const { cells, lines } = await read(path);
		expect(cells[0]).toEqual(['Ёжик', '0.3', '2026-12-31', '2', '2023-03-15', 'сайт', 'да']);
		expect(cells[1]?.[0]).toBe('x');
		expect(lines).toEqual([2, 4]);
	});

	it('with a bomb inside is refused by what it declares', async () => {
		const bomb = await workbookWith(Buffer.alloc(60_000_000, ' '), (size) => size);
		await expect(read(bomb)).rejects.toThrow(/больше 50 МБ/);
	});

	it('with a bomb that lies about its size is refused by what comes out', async () => {
		const bomb = await workbookWith(Buffer.alloc(60_000_000, ' '), () => 1000);
		await expect(read(bomb)).rejects.toThrow(/больше 50 МБ/);
	});

	it('with more than 100,000 rows is refused', async () => {
		const row = '<row><c t="str"><v>x</v></c></row>';
		const rows = Array.from({ length: 100_002 }, (_, i) =>
			row.replace('<row>', `<row r="${i + 1}">`).replace('<c', `<c r="A${i + 1}"`),
		);
		const path = await workbookWith(Buffer.from(sheetOf(rows.join(''))), (size) => size);
		await expect(read(path)).rejects.toThrow(/строк больше 100\s000/);
	});

	it('that is no archive, or one without a sheet, is refused', async () => {
		await expect(read(await fileOf('t.xlsx', 'a;b\n1;2'))).rejects.toThrow(/это не XLSX/);
		await expect(read(await fileOf('t.xlsx', Buffer.from('PK\u0003\u0004…')))).rejects.toThrow(
			/это не XLSX/,
		);
		const empty = zip(new Map([['readme.txt', Buffer.from('x')]]));
		await expect(read(await fileOf('t.xlsx', empty))).rejects.toThrow(/нет ни одного листа/);
	});
});

const sheetOf = (rows: string) => `<worksheet><sheetData>${rows}</sheetData></worksheet>`;

// A workbook whose sheet is these bytes, packed, and said to be `declare(size)` long.
async function workbookWith(sheet: Buffer, declare: (size: number) => number): Promise<string> {
	const parts = new Map([
		['xl/workbook.xml', Buffer.from('<workbook><sheets><sheet r:id="r1"/></sheets></workbook>')],
		[
			'xl/_rels/workbook.xml.rels',
			Buffer.from('<r><Relationship Id="r1" Target="worksheets/big.xml"/></r>'),
		],
		['xl/worksheets/big.xml', deflateRawSync(sheet)],
	]);
	const archive = zip(parts);
	for (const [mark, method, size] of [
		['PK\u0003\u0004', 8, 22],
		['PK\u0001\u0002', 10, 24],
	] as const) {
		const at = archive.lastIndexOf(mark);
		archive.writeUInt16LE(8, at + method);
		archive.writeUInt32LE(declare(sheet.length), at + size);
	}
	return fileOf('t.xlsx', archive);
}
