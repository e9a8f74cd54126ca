import { beforeAll, describe, expect, test } from 'vitest';
import { openTable } from '#src/features/imports/files/readers.ts';
import { xlsxLines } from '#src/features/imports/files/xlsx.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { cell, sheetOf, xlsx } from './books.ts';
import { checked, upload, verdicts } from './desk.ts';
import { fileOf } from './importing.ts';

const database = await testDatabase();
const served = await testApp(database);
let anna: Browser;
let address: string;

beforeAll(async () => {
	await makeCast(database.db);
	anna = await signIn(served, 'anna');
	address = await served.app.listen({ host: '127.0.0.1', port: 0 });
});

const MILLION = 1_000_000;
const sheet = (inside: string) => `<worksheet><sheetData>${inside}</sheetData></worksheet>`;
const strings = (inside: string) => xlsx(sheetOf(cell('A1', 'Клиент')), `<sst>${inside}</sst>`);
const headings = `<row>${Array.from({ length: 100 }, (_, i) => `<c t="str"><v>c${i}</v></c>`).join('')}</row>`;
const shared = `<row>${'<c t="s"><v>0</v></c>'.repeat(100)}</row>`;

/** Each is small when packed, or takes its power from what a reader does with it. */
const BOMBS: [what: string, content: () => Buffer, why: RegExp][] = [
	['rows', () => xlsx(sheet('<row>'.repeat(MILLION))), /вложены глубже 32 уровней/],
	['cells', () => xlsx(sheet(`<row>${'<c>'.repeat(MILLION)}`)), /вложены глубже 32 уровней/],
	[
		'texts in cells',
		() => xlsx(sheet(`<row><c>${'<is>'.repeat(MILLION)}`)),
		/вложены глубже 32 уровней/,
	],
	['shared texts', () => strings('<si>'.repeat(MILLION)), /вложены глубже 32 уровней/],
	['tags', () => xlsx(sheet('<row '.repeat(MILLION))), /первый лист не разбирается/],
	['entities', () => xlsx(sheet(`<row><c><v>${'&a'.repeat(MILLION)}`)), /не разбирается/],
	['comments', () => xlsx(sheet('<!--'.repeat(MILLION))), /первый лист не разбирается/],
	[
		'cells at the edge of a sheet',
		() => xlsx(sheet('<row><c r="XFD1"/></row>'.repeat(50_000))),
		/больше 20.000.000 ячеек/,
	],
	[
		'one text in every cell',
		() =>
			xlsx(
				sheet(headings + shared.repeat(10_000)),
				`<sst><si><t>${'я'.repeat(9_000)}</t></si></sst>`,
			),
		/текста в листе XLSX больше 200 МБ/,
	],
	[
		'a DOCTYPE behind a long comment',
		() =>
			xlsx(
				`<!--${' '.repeat(100_000)}--><!DOCTYPE a [<!ENTITY b "bb">]>${sheetOf(cell('A1', 'я'))}`,
			),
		/не разбирается \(DOCTYPE\)/,
	],
];

describe('a sheet that means harm', () => {
	for (const [what, content, why] of BOMBS)
		test(`${what} without end: refused in words, while everybody else is served`, async () => {
			const path = await fileOf('б.xlsx', content());
			let over = false;
			const refusal = rowsIn(path).then(
				(count) => `${count} rows`,
				(error: Error) => error.message,
			);
			const refused = refusal.finally(() => {
				over = true;
			});
			const answers: number[] = [];
			while (!over) {
				const { status } = await fetch(`${address}/healthz`);
				if (!over) answers.push(status);
			}
			expect(await refused).toMatch(why);
			expect(answers.length).toBeGreaterThan(0);
			expect(new Set(answers)).toEqual(new Set([200]));
		});

	test('through the door of a person it is refused in the same words, and nothing is kept', async () => {
		const content = xlsx(sheet('<row>'.repeat(MILLION)));
		const answer = await upload(served, anna, { content, name: 'б.xlsx' });
		expect(answer.statusCode).toBe(422);
		expect(answer.body).toContain('вложены глубже 32 уровней');
		expect((await database.pool.query('select from imports')).rowCount).toBe(0);
	});

	test('one that stands behind the rows of the sample fails its own check and nothing else', async () => {
		const rows = sheetOf(cell('A1', 'Клиент'), cell('A2', 'Один'));
		const content = xlsx(
			rows.replace(
				'</sheetData>',
				`${'<row/>'.repeat(20_000)}${'<row>'.repeat(MILLION)}</sheetData>`,
			),
		);
		const id = await checked(served, anna, { content, name: 'б.xlsx' }, { columns: ['name'] });
		expect(await verdicts(database, id)).toEqual([]);
		expect((await anna.get(`/import/${id}`)).body).toContain('вложены глубже 32 уровней');
	});

	test('what takes too long is ended, and the next one has its turn', async () => {
		const honest = await fileOf('х.xlsx', xlsx(sheetOf(cell('A1', 'Клиент'), cell('A2', 'Один'))));
		for (let n = 0; n < 5; n++) {
			const reading = xlsxLines(honest, { seconds: 0 }).next();
			await expect(reading).rejects.toThrow(/читается дольше/);
		}
		expect(await rowsIn(honest)).toBe(1);
	});

	test('a reading that is given up half-way gives its turn back', async () => {
		const honest = await fileOf('х.xlsx', xlsx(sheetOf(cell('A1', 'Клиент'), cell('A2', 'Один'))));
		for (let n = 0; n < 5; n++)
			for await (const line of xlsxLines(honest)) {
				expect(line.cells).toEqual(['Клиент']);
				break;
			}
		const refused = openTable(honest, { columns: 0 });
		await expect(refused).rejects.toThrow(/столбцов 1/);
		expect(await rowsIn(honest)).toBe(1);
	});
});

async function rowsIn(path: string): Promise<number> {
	let count = 0;
	for await (const _ of (await openTable(path)).rows) count += 1;
	return count;
}
