import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { zip } from '#src/features/imports/files/zip.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { cell, columnName, sheetOf, xlsx } from './books.ts';
import { checked, idIn, importRow, upload, verdicts } from './desk.ts';

const database = await testDatabase();
const served = await testApp(database);
let anna: Browser;

const kept = async () => {
	const { rows } = await database.pool.query('delete from imports returning id');
	return rows.length;
};

beforeAll(async () => {
	await makeCast(database.db);
	anna = await signIn(served, 'anna');
});

/** Packed a thousandfold: what is declared is a lie where `declared` says so. */
function bomb(declared: number | null): Buffer {
	const sheet = Buffer.concat([
		Buffer.from('<worksheet><sheetData><row r="1">'),
		Buffer.alloc(80 * 1_048_576, 0x20),
		Buffer.from('</row></sheetData></worksheet>'),
	]);
	const honest = xlsx('@@SHEET@@');
	const packed = deflateRawSync(sheet);
	// The stored part is put in as a deflated one, sizes in its two heads.
	const at = honest.indexOf('@@SHEET@@');
	const whole = Buffer.concat([honest.subarray(0, at), packed, honest.subarray(at + 9)]);
	const grown = packed.length - 9;
	const size = declared ?? sheet.length;
	const local = whole.lastIndexOf(Buffer.from('PK\x03\x04'), at);
	whole.writeUInt16LE(8, local + 8);
	whole.writeUInt32LE(packed.length, local + 18);
	whole.writeUInt32LE(size, local + 22);
	const central = whole.lastIndexOf(Buffer.from('PK\x01\x02'));
	whole.writeUInt16LE(8, central + 10);
	whole.writeUInt32LE(packed.length, central + 20);
	whole.writeUInt32LE(size, central + 24);
	const end = whole.lastIndexOf(Buffer.from('PK\x05\x06'));
	whole.writeUInt32LE(whole.readUInt32LE(end + 16) + grown, end + 16);
	return whole;
}

const deep = (levels: number) => `${'<a>'.repeat(levels)}${'</a>'.repeat(levels)}`;
const wide = (columns: number) => Array.from({ length: columns }, (_, i) => `c${i}`).join(';');

/** Refused as it comes: the sentence that says why. */
const REFUSED: [what: string, content: () => string | Buffer, why: RegExp, name?: string][] = [
	['nothing at all', () => '', /файл пуст/],
	['only empty lines', () => '\n\n;;\n', /файл пуст/],
	['only headings', () => 'Клиент;ИНН\n', /есть заголовки, но нет ни одной строки/],
	['an old Excel file', () => Buffer.from('d0cf11e0a1b11ae1', 'hex'), /старый формат Excel/],
	['no zip under the name of one', () => 'Клиент\nОдин\n', /это не XLSX/, 'а.xlsx'],
	[
		'a zip cut in two',
		() => xlsx(sheetOf(cell('A1', 'Клиент'))).subarray(0, 300),
		/архив повреждён/,
	],
	[
		'a zip of something else',
		() => zip(new Map([['a.txt', Buffer.from('x')]])),
		/нет ни одного листа/,
	],
	[
		'a sheet cut in two',
		() => xlsx('<worksheet><sheetData><row r="1"><c r="A1"'),
		/первый лист не разбирается/,
	],
	[
		'a sheet with entities of its own',
		() =>
			xlsx(
				`<!DOCTYPE a [<!ENTITY b "bb">]>${sheetOf(`<c r="A1" t="inlineStr"><is><t>&b;</t></is></c>`)}`,
			),
		/не разбирается \(DOCTYPE\)/,
	],
	['a picture', () => Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /двоичные данные/],
	['NUL bytes', () => 'Клиент\0\nОдин\n', /двоичные данные/],
	[
		'two encodings in one',
		() =>
			Buffer.concat([
				Buffer.from('Клиент;Регион\nПривет;Омск\n'),
				Buffer.from('cff0e8e2e5f20a', 'hex'),
			]),
		/смешаны UTF-8/,
	],
	['broken UTF-16', () => Buffer.from('fffe1a04d8', 'hex'), /повреждён|есть заголовки|пуст/],
	['a quote that is never closed', () => `Клиент\n"${'Один\n'.repeat(10)}`, /кавычка не закрыта/],
	['a cell of 10 MB', () => `Клиент;Регион\n${'я'.repeat(5_000_000)};Омск\n`, /длиннее 1 МБ/],
	['20,000 columns', () => `${wide(20_000)}\n`, /столбцов 20.000, а разрешено 200/],
	[
		'20,000 columns in XLSX',
		() =>
			xlsx(
				sheetOf(Array.from({ length: 400 }, (_, i) => cell(`${columnName(i)}1`, `c${i}`)).join('')),
			),
		/столбцов 400, а разрешено 200/,
	],
	['a heading that is empty', () => 'Клиент;;Регион\nОдин;;Омск\n', /столбец 2 без названия/],
	['the heading __proto__', () => 'Клиент;__proto__\nОдин;x\n', /не может называться «__proto__»/],
	['a bomb that says how large it is', () => bomb(null), /в распакованном виде больше 50 МБ/],
	['a bomb that lies', () => bomb(1000), /в распакованном виде больше 50 МБ/],
];

describe('a file that is no table', () => {
	for (const [what, content, why, name = 'файл.csv'] of REFUSED)
		test(`${what}: told why, nothing is kept`, async () => {
			const answer = await upload(served, anna, { content: content(), name });
			expect(answer.statusCode).toBe(422);
			const alert = /role="alert".*?<\/div>/s.exec(answer.body)?.[0] ?? '';
			expect(alert.replaceAll(/\s+/g, ' ')).toMatch(why);
			expect(answer.body).not.toMatch(/at \w+ \(|node_modules/);
			expect(await kept()).toBe(0);
		});

	test('too large, without a file, of an unknown noun, by a form that is none', async () => {
		const large = Buffer.alloc(51 * 1_048_576, 0x61);
		const tooLarge = await upload(served, anna, { content: large });
		expect([tooLarge.statusCode, tooLarge.body]).toEqual([
			422,
			expect.stringContaining('файл больше 50 МБ'),
		]);
		expect((await upload(served, anna, { content: '', name: '' })).statusCode).toBe(422);
		expect((await upload(served, anna, { content: 'a\nb\n', feeds: 'sessions' })).statusCode).toBe(
			422,
		);
		expect((await anna.post('/import', { feeds: 'clients' })).statusCode).toBe(400);
		const foreign = { origin: 'https://evil.example' };
		expect((await upload(served, anna, { content: 'a\nb\n' }, foreign)).statusCode).toBe(403);
		expect(await kept()).toBe(0);
	});

	test('XML a hundred thousand levels deep neither hangs nor ends the program', async () => {
		const sheet = sheetOf(cell('A1', 'Клиент'), `${deep(100_000)}${cell('A2', 'Один')}`);
		const answer = await upload(served, anna, { content: xlsx(sheet), name: 'а.xlsx' });
		expect([303, 422]).toContain(answer.statusCode);
		await database.pool.query('delete from imports');
		expect((await anna.get('/import')).statusCode).toBe(200);
	});
});

describe('a table with odd cells', () => {
	test('headings such as «constructor» are columns like any other', async () => {
		const content = 'constructor;toString;Клиент\nx;y;Прототип\n';
		const id = await checked(served, anna, { content }, { columns: ['region', 'source', 'name'] });
		expect(await verdicts(database, id)).toEqual([[2, 'created']]);
		expect((await anna.get(`/import/${id}`)).body).toContain('<dt>constructor</dt><dd>x</dd>');
	});

	test('a broken row is rejected with its number, the others come in', async () => {
		const content = 'Клиент;Регион\nХороший;Омск\nКороткий\nДлинный;Омск;лишнее\nЕщё;Тверь\n';
		const id = await checked(served, anna, { content }, { columns: ['name', 'region'] });
		expect(await verdicts(database, id)).toEqual([
			[2, 'created'],
			[3, 'rejected', 'row.width'],
			[4, 'rejected', 'row.width'],
			[5, 'created'],
		]);
	});

	test('damaged letters and NUL in a sheet reject their row and nothing else', async () => {
		const damaged = `${cell('A2', 'Нул_x0000_ь')}${cell('B2', 'Омск')}`;
		const half = `${cell('A3', '_xD800_')}${cell('B3', 'Омск')}`;
		const content = xlsx(
			sheetOf(`${cell('A1', 'Клиент')}${cell('B1', 'Регион')}`, damaged, half, cell('A4', 'Целый')),
		);
		const id = await checked(
			served,
			anna,
			{ content, name: 'a.xlsx' },
			{ columns: ['name', 'region'] },
		);
		expect(await verdicts(database, id)).toEqual([
			[2, 'rejected', 'row.damaged'],
			[3, 'rejected', 'row.damaged'],
			[4, 'created'],
		]);
	});

	test('formulas give their results, errors of Excel and dates as numbers are understood', async () => {
		const heads = ['Клиент', 'Интерес', 'Сумма', 'Закрыть до'].map((text, at) =>
			cell(`${columnName(at)}1`, text),
		);
		const first = `${cell('A2', 'Один')}${cell('B2', 'Печь')}<c r="C2"><f>60*2</f><v>120</v></c><c r="D2"><v>46388</v></c>`;
		const second = `${cell('A3', 'Один')}${cell('B3', 'Стол')}<c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c>`;
		const content = xlsx(sheetOf(heads.join(''), first, second));
		const file = { content, name: 'сделки.xlsx', feeds: 'deals' };
		const id = await checked(served, anna, file, {
			columns: ['client', 'title', 'amount', 'expectedCloseOn'],
		});
		expect(await verdicts(database, id)).toEqual([
			[2, 'created'],
			[3, 'rejected', 'row.notMoney'],
		]);
		const { rows } = await database.pool.query(
			'select cells from import_rows where import_id = $1 and line = 2',
			[id],
		);
		expect(rows[0].cells).toEqual(['Один', 'Печь', '120', '46388']);
	});

	const HOSTILE = [
		...['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', "'; drop table clients; --"],
		...['‮обратно', 'я'.repeat(300), '{{7*7}}<%= 1 %>', '=HYPERLINK("http://evil.example")'],
	];

	test('hostile text stays text on every page of an import, and in its files', async () => {
		const name = '<img src=x onerror=alert(2)>.csv';
		const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
		const lines = HOSTILE.map((text) => `${quoted(text)};${quoted(text)};1`);
		const content = `${quoted('<b>Клиент')};Контактное лицо;ИНН\n${lines.join('\n')}\nХороший;${quoted(HOSTILE[0] ?? '')};\n`;
		const id = await checked(
			served,
			anna,
			{ content, name },
			{ columns: ['name', 'contact.name', 'inn'] },
		);
		expect((await importRow(database, id)).counts).toEqual({
			created: 1,
			rejected: HOSTILE.length,
		});
		for (const path of [
			'/import',
			`/import/${id}`,
			`/import/${id}?show=columns`,
			`/import/${id}/progress`,
		]) {
			const { body } = await anna.get(path);
			expect(body, path).not.toMatch(/<img|<script>alert|<b>Клиент/);
		}
		expect((await anna.get(`/import/${id}`)).body).toContain('&lt;img src=x onerror=alert(1)&gt;');
		const csv = await anna.get(`/import/${id}/rejected.csv`);
		expect(csv.body).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
		expect(csv.headers['x-content-type-options']).toBe('nosniff');
		expect(String(csv.headers['content-disposition'])).toMatch(
			/^attachment; filename="[^"<>]*"; filename\*=UTF-8''[\w%.-]+$/,
		);
	});
});

test('an upload that breaks off leaves nothing', async () => {
	const { app } = served;
	const answer = await app.inject({
		method: 'POST',
		url: '/import',
		payload:
			'------x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nКлиент\nОди',
		headers: { cookie: anna.cookie, 'content-type': 'multipart/form-data; boundary=----x' },
	});
	expect(answer.statusCode).toBe(400);
	expect(idIn(await upload(served, anna, { content: 'Клиент\nОдин\n' }))).toBeGreaterThan(0);
});
