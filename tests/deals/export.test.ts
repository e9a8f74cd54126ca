import { Readable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';

/* The list of deals as a file: the lines of the page in its order, and all that a line says. */
const database = await testDatabase();
const served = await testApp(database);
let cast: Cast;
let anna: Browser;
let vera: Browser;

beforeAll(async () => {
	cast = await makeCast(database.db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
	await makeDeal(database.db, cast, 'anna', { title: '=2+5', amount: '1234.50' });
	const { id } = await makeDeal(database.db, cast, 'anna', {
		...{ title: 'Печь; 2 шт.', amount: '99.00', currency: 'USD' },
		plan: { plannedOn: '2026-11-25' },
	});
	await database.pool.query(
		`with tag as (insert into tags (name, colour) values ('срочно', 'red') returning id)
		insert into deal_tags (deal_id, tag_id) select $1, id from tag`,
		[id],
	);
});

async function linesOf(person: Browser, query: string): Promise<string[]> {
	const answer = await person.get(`/deals/export?format=csv&${query}`);
	expect(answer.statusCode).toBe(200);
	return answer.body.replace('\ufeff', '').trimEnd().split('\r\n');
}

test('amounts keep their currency, steps their words, names their tags; formulas are text', async () => {
	const [headings = '', ...lines] = await linesOf(anna, 'sort=amount');
	expect(headings).toMatch(
		/^№;Интерес;Метки;Клиент;Состояние;Сценарий продажи;Причина неудачи;Архив;Сумма;Валюта;.*;Следующий шаг;Что сделать;/,
	);
	const dollars = lines.find((line) => line.includes('Печь; 2 шт.'));
	expect(dollars).toMatch(/;"Печь; 2 шт\.";срочно;.*;99,00;USD;.*;25\.11\.2026;/);
	expect(lines.find((line) => line.includes("'=2+5"))).toContain(';1234,50;RUB;');
});

test('a day among moments is a day in a workbook too: it shows no midnight', async () => {
	const { rawPayload } = await anna.get('/deals/export?format=xlsx');
	const { Workbook } = (await import('exceljs')).default;
	const book = new Workbook();
	await book.xlsx.read(Readable.from([rawPayload]));
	const cells: unknown[] = [];
	book.worksheets[0]?.eachRow((row) => {
		if (row.getCell(2).value === 'Печь; 2 шт.')
			cells.push(row.getCell(12).value, row.getCell(12).numFmt);
	});
	expect(cells).toEqual([new Date('2026-11-25T00:00:00Z'), 'dd.mm.yyyy']);
});

test('the order and отбор are those of the address, the lines those that a person may see', async () => {
	const titles = (lines: string[]) => lines.filter((line) => /Печь; 2|'=2\+5/.test(line));
	const up = titles(await linesOf(anna, 'sort=amount'));
	expect(titles(await linesOf(anna, 'sort=-amount'))).toEqual(up.toReversed());
	expect(up).toHaveLength(2);
	expect(titles(await linesOf(anna, `q=${encodeURIComponent('печь')}`))).toHaveLength(1);
	const hers = (await linesOf(anna, '')).join('\n');
	expect(hers).not.toContain('Глеба');
	const page = await anna.get('/deals?sort=-amount');
	expect(page.body).toContain('/deals/export?sort=-amount&amp;format=xlsx');
	expect((await linesOf(vera, '')).length).toBeGreaterThan((await linesOf(anna, '')).length);
	for (const query of ['', 'format=pdf', 'format=csv&sort=zzz', 'format=csv&zzz=1'])
		expect((await anna.get(`/deals/export?${query}`)).statusCode, query).toBe(400);
});

test('who took which list away, by what отбор and how many rows, stands in the audit log: one event a file', async () => {
	const events = async () =>
		(
			await database.pool.query(
				`select actor_id, type, data from events where type like 'export.%' order by id`,
			)
		).rows;
	const before = (await events()).length;
	const lines = await linesOf(anna, `q=${encodeURIComponent('печь')}&sort=-amount`);
	expect((await anna.get('/deals/export?format=pdf')).statusCode).toBe(400);
	expect((await anna.get('/clients/export?format=xlsx')).statusCode).toBe(200);
	expect((await anna.get('/agenda/export?format=csv')).statusCode).toBe(200);
	const told = (await events()).slice(before);
	const actor_id = cast.people.anna.id;
	expect(told).toMatchObject([
		{
			...{ actor_id, type: 'export.made' },
			data: {
				screen: 'deals',
				format: 'csv',
				query: 'q=печь, sort=-amount',
				rows: lines.length - 1,
			},
		},
		{ actor_id, data: { screen: 'clients', format: 'xlsx', query: '', rows: expect.any(Number) } },
		{ actor_id, data: { screen: 'agenda', format: 'csv' } },
	]);
	const ada = await signIn(served, 'ada');
	const page = (await ada.get('/admin/audit?kind=export')).body;
	for (const words of ['Список выгружен в файл', 'q=печь, sort=-amount', 'Анна Соколова'])
		expect(page).toContain(words);
});
