import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import iconv from 'iconv-lite';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { leftAside, planImport } from '#src/features/imports/console/choice.ts';
import { openTable } from '#src/features/imports/files/readers.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { checked, idIn, importRow, press, upload, verdicts, work } from './desk.ts';
import { fileOf, importInto, rowsOf } from './importing.ts';

const database = await testDatabase();
const console = await testDatabase();
const served = await testApp(database);
let anna: Browser;

beforeAll(async () => {
	await makeCast(database.db);
	await makeCast(console.db);
	anna = await signIn(served, 'anna');
});

async function read(content: string | Buffer) {
	const table = await openTable(await fileOf('t.csv', content));
	const rows: string[][] = [];
	for await (const { cells } of table.rows)
		rows.push(table.headers.map((header) => cells[header] ?? ''));
	return { headers: table.headers, rows };
}

describe('a table as other programs write it', () => {
	test.each([
		['the hint of Excel', 'sep=,\nКлиент,Регион\n"Один, два",Омск\n'],
		['the same in quotes', '"sep=,"\r\nКлиент,Регион\r\n"Один, два",Омск\r\n'],
		[
			'titles above the headings',
			'Отчёт по клиентам, май;;\nОтбор: все;;\n\nКлиент;Регион\n"Один, два";Омск\n',
		],
		['numbers that are text for Excel', 'Клиент;Регион\n="Один, два";"=""Омск"""\n'],
	])('%s', async (_, content) => {
		const { headers, rows } = await read(content);
		expect([headers, rows]).toEqual([['Клиент', 'Регион'], [['Один, два', 'Омск']]]);
	});

	test('columns of one name are told by a number', async () => {
		const { headers } = await read('Телефон;Клиент;телефон;Телефон\n1;2;3;4\n');
		expect(headers).toEqual(['Телефон', 'Клиент', 'телефон (2)', 'Телефон (3)']);
	});

	test('a comma in every amount is no delimiter where semicolons part the cells', async () => {
		const { headers } = await read('Клиент;Сумма\nА;1,5\nБ;2,5\nВ, Г;3,5\n');
		expect(headers).toEqual(['Клиент', 'Сумма']);
	});
});

describe('a file of another kind is named', () => {
	test.each([
		['1CClientBankExchange\r\nВерсияФормата=1.03\r\n', /выписка банка \(1CClientBankExchange\)/],
		['<?xml version="1.0"?>\n<КоммерческаяИнформация ВерсияСхемы="2.05">', /CommerceML/],
		['<?xml version="1.0"?>\n<a/>', /это XML/],
		['BEGIN:VCALENDAR\r\nVERSION:2.0\r\n', /календарь \(\.ics\).*«Календарь»/],
		['BEGIN:VCARD\r\nVERSION:3.0\r\n', /визитки \(\.vcf\).*«Клиенты»/],
	])('%j', async (content, told) => {
		for (const bytes of [Buffer.from(content), iconv.encode(content, 'win1251')]) {
			await expect(read(bytes)).rejects.toThrow(told);
			const answer = await upload(served, anna, { content: bytes });
			expect([answer.statusCode, answer.body]).toEqual([422, expect.stringMatching(told)]);
		}
	});

	const SAMPLES = resolve(ROOT, '../shared/samples');
	const absent = !existsSync(SAMPLES);
	if (absent) globalThis.console.warn(`NOT TESTED: ${SAMPLES} is absent, real files are not read`);
	test.skipIf(absent).each([
		['clientbank', '.txt', /выписка банка/],
		['commerceml', '.xml', /CommerceML/],
		['vcard', '.vcf', /визитки/],
	])('so are real ones: %s', async (folder, ending, told) => {
		const names = readdirSync(join(SAMPLES, folder)).filter((name) => name.endsWith(ending));
		expect(names.length).toBeGreaterThan(1);
		for (const name of names)
			await expect(read(await readFile(join(SAMPLES, folder, name))), name).rejects.toThrow(told);
	});

	test.skipIf(absent)('the public accounts and deals are read without a row rejected', async () => {
		const sales = join(SAMPLES, 'sales');
		const ada = await signIn(served, 'ada');
		for (const [name, feeds, rows] of [
			['accounts.csv', 'clients', 85],
			['products.csv', 'products', 7],
		] as const) {
			const id = await suggested(ada, { name, feeds, content: await readFile(join(sales, name)) });
			expect((await importRow(database, id)).counts).toEqual({ created: rows });
		}
	});
});

/** Sends a file, takes the columns as they are suggested, and has it checked. */
async function suggested(
	person: Browser,
	file: { name: string; feeds: string; content: Buffer | string },
) {
	const id = idIn(await upload(served, person, file));
	const page = (await person.get(`/import/${id}`)).body;
	const columns = page.split('<select name="c').slice(1);
	const fields = columns.map((select, at) => {
		const [, value = ''] =
			/value="([^"]*)" selected/.exec(select.split('</select>')[0] ?? '') ?? [];
		return [`c${at}`, value];
	});
	const way = /name="way"[\s\S]*?value="(\w+)" selected/.exec(page)?.[1] ?? 'name';
	const answer = await press(served, person, id, 'columns', {
		...{ ...Object.fromEntries(fields), way, known: 'update' },
	});
	if (answer.statusCode !== 303) throw new Error(answer.body.slice(0, 2000));
	await work(database);
	return id;
}

const PEOPLE = `Клиент;Фамилия;Имя;Отчество;Телефон;Телефон;E-mail;E-mail
ООО «Имена»;Петрова;Клавдия;Игоревна;8 495 111-00-01;8 495 111-00-02;o@imena.ru;p@imena.ru
ООО «Имена»;Сидорова;Клавдия;;8 495 111-00-03;;;
ООО «Имена»;;;;8 495 111-00-04;;;
`;

test('a name in parts is one name, and every column of phones and mails is taken', async () => {
	await database.pool.query(`insert into clients (name, owner_id)
		select 'ООО «Имена»', id from people where login = 'anna'`);
	const id = await suggested(anna, { name: 'лица.csv', feeds: 'contacts', content: PEOPLE });
	expect(await verdicts(database, id)).toEqual([
		[2, 'created'],
		[3, 'created'],
		[4, 'rejected', 'row.noKey'],
	]);
	await press(served, anna, id, 'start');
	await work(database);
	const stored = `select k.name, count(*) filter (where p.kind = 'phone')::int,
		count(*) filter (where p.kind = 'email')::int from contacts k
		left join contact_points p on p.contact_id = k.id where k.name like '%Клавдия%' group by 1 order by 1`;
	expect(await rowsOf(database, stored)).toEqual([
		['Петрова Клавдия Игоревна', 2, 2],
		['Сидорова Клавдия', 1, 0],
	]);
});

const OWNED = `Наименование;Ответственный;Телефон;Эл. почта;ИНН;Адрес;Цвет
Первый;Незнакомый Егор;нет;не почта;5905123456.0;Омск, Мира, 1;синий
Второй;Незнакомый Егор;8 495 222-00-01, нет;a@vtoroy.ru;;;
Третий;anna;8 495 222-00-02;;;;
;anna;;;;;
`;

describe('a name that nobody has', () => {
	test('is told once, costs no row, and another is put instead', async () => {
		const id = await suggested(anna, { name: 'owned.csv', feeds: 'clients', content: OWNED });
		const judged = [
			[2, 'created'],
			[3, 'created'],
			[4, 'created'],
			[5, 'rejected', 'row.noKey'],
		];
		expect(await verdicts(database, id)).toEqual(judged);
		expect((await importRow(database, id)).counts).toEqual({
			...{ created: 3, rejected: 1, doubtful: 2 },
		});
		const page = (await anna.get(`/import/${id}`)).body;
		expect(page.match(/<b>Незнакомый Егор<\/b>/g)).toHaveLength(1);
		for (const told of [
			'Ответственный: «Незнакомый Егор»: не найден сотрудник',
			'Эл. почта: «не почта» – не адрес почты',
			'Телефон: «нет» – не телефон',
		])
			expect(page).toContain(told);
		const wrong = await press(served, anna, id, 'names', { n0: 'head-of-nothing' });
		expect(wrong.statusCode).toBe(422);
		expect((await press(served, anna, id, 'names', { n0: 'anna' })).statusCode).toBe(303);
		await work(database);
		expect(await verdicts(database, id)).toEqual(judged);
		const again = (await anna.get(`/import/${id}`)).body;
		expect(again).not.toContain('не найден сотрудник');
		expect(again).toContain('value="anna" selected');
		expect((await importRow(database, id)).choice.instead).toEqual({
			owner: { 'Незнакомый Егор': 'anna' },
		});
	});

	test('in the states of deals too', async () => {
		const content = 'Клиент;Интерес;Состояние\nСтадии;Печь;На согласовании\nСтадии;Стол;В работе\n';
		const file = { name: 'сделки.csv', feeds: 'deals', content };
		const id = await checked(served, anna, file, { columns: ['client', 'title', 'stage'] });
		expect(await verdicts(database, id)).toEqual([
			[2, 'rejected', 'row.notFound'],
			[3, 'created'],
		]);
		await press(served, anna, id, 'names', { n0: 'Выявление потребностей' });
		await work(database);
		expect(await verdicts(database, id)).toEqual([
			[2, 'created'],
			[3, 'created'],
		]);
	});

	test('at the console by an option', async () => {
		const path = await fileOf('owned.csv', OWNED);
		const { reports, tallies } = await importInto(console, [path], {
			owners: { 'Незнакомый Егор': 'anna' },
		});
		expect(tallies.clients).toMatchObject({ created: 3, rejected: 1 });
		expect(reports[0]?.leftAside).toEqual(['Цвет']);
		expect(reports[0]?.notices.map(({ column, rows }) => [column, rows])).toEqual([
			['Телефон', 1],
			['Эл. почта', 1],
		]);
		const stored = `select c.name, c.inn, (select value from addresses a where a.client_id = c.id), p.login,
			(select count(*)::int from contact_points t where t.client_id = c.id)
			from clients c left join people p on p.id = c.owner_id
			where c.name in ('Первый', 'Второй', 'Третий') order by c.id`;
		expect(await rowsOf(console, stored)).toEqual([
			['Первый', '5905123456', 'Омск, Мира, 1', 'anna', 0],
			['Второй', null, null, 'anna', 2],
			['Третий', null, null, 'anna', 1],
		]);
	});
});

describe('the console recognises what the browser does', () => {
	test.each([
		['clients', 'Наименование;ИНН;Телефон\nА;;\n'],
		['contacts', 'Клиент;ФИО;Роль;Дата рождения\nА;Б;;\n'],
		['deals', 'Клиент;Интерес;Сумма\nА;Б;1\n'],
		['interactions', 'Клиент;Что сделать;Когда\nА;Б;01.12.2026\n'],
		['products', 'Товар;Цена\nА;1\n'],
		['people', 'Фамилия;Имя;Отдел;Логин\nА;Б;;\n'],
	])('%s', async (feeds, content) => {
		const plan = await planImport([await fileOf('выгрузка.csv', content)]);
		expect(plan.files.map(({ mapping }) => mapping.name)).toEqual([feeds]);
		expect(plan.files.flatMap(leftAside)).toEqual([]);
	});

	test('and takes a word for it', async () => {
		const path = await fileOf('а.csv', 'Наименование\nПечь\n');
		const plan = await planImport([path], { feeds: 'products' });
		expect(plan.files[0]?.mapping.name).toBe('products');
	});
});
