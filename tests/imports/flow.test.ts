import iconv from 'iconv-lite';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { checked, idIn, imported, importRow, press, upload, verdicts, work } from './desk.ts';
import { everything, rowsOf } from './importing.ts';

const database = await testDatabase();
const served = await testApp(database);
let cast: Cast;
let anna: Browser;
let vera: Browser;

beforeAll(async () => {
	cast = await makeCast(database.db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
});

const CLIENTS = `Клиент;ИНН;Телефон;Телефон 2;Почта;Контактное лицо;Должность;Метки
ООО «Полюс»;7736050003;8 (495) 111-22-33;+7 916 000-11-22;info@polus.ru;Иванов Пётр;Директор;опт, сети
ООО «Полюс»;7736050003;8 (495) 111-22-33;;info@polus.ru;Сидорова Анна;Бухгалтер;опт
Завод «Север»;1234567890;12;;нет;;;
`;
const COLUMNS = [
	'name',
	'inn',
	'phones',
	'phones',
	'emails',
	'contact.name',
	'contact.position',
	'tags',
];

describe('clients with contacts', () => {
	test('columns are suggested by their headings, rows are judged before anything is written', async () => {
		const before = await everything(database);
		const answer = await upload(served, anna, { content: CLIENTS });
		const id = idIn(answer);
		const page = (await anna.get(`/import/${id}`)).body;
		for (const field of COLUMNS) expect(page).toContain(`value="${field}" selected`);
		const found = await checked(
			served,
			anna,
			{ content: CLIENTS },
			{ columns: COLUMNS, way: 'name' },
		);
		expect(await verdicts(database, found)).toEqual([
			[2, 'created'],
			[3, 'created'],
			[4, 'created'],
		]);
		expect(await everything(database)).toBe(before);
		const preview = (await anna.get(`/import/${found}`)).body;
		expect(preview).toContain('Загрузить 3 строки');
		expect(preview).toContain('Телефон: «12» – не телефон');
		// A cell that is wrong does not cost its row: it is left out, and that is told.
		const warned = (await anna.get(`/import/${found}?verdict=doubtful`)).body;
		expect(warned).toContain('Завод');
		expect(warned).not.toContain('Полюс');
	});

	test('what the check said is what the import does', async () => {
		const id = await imported(served, anna, { content: CLIENTS }, { columns: COLUMNS });
		expect(await importRow(database, id)).toMatchObject({
			...{ status: 'done', rows: 3, done_rows: 3, counts: { created: 3, doubtful: 1 } },
		});
		expect(
			await rowsOf(
				database,
				`select c.name, c.inn, p.login from clients c join people p on p.id = c.owner_id
				where c.name like '%Полюс%'`,
			),
		).toEqual([['ООО «Полюс»', '7736050003', 'anna']]);
		expect(
			await rowsOf(
				database,
				`select k.name, k.position from contacts k join clients c on c.id = k.client_id
				where c.name like '%Полюс%' order by k.id`,
			),
		).toEqual([
			['Иванов Пётр', 'Директор'],
			['Сидорова Анна', 'Бухгалтер'],
		]);
		expect(
			await rowsOf(
				database,
				`select p.kind, p.e164, p.value from contact_points p join clients c on c.id = p.client_id
				where c.name like '%Полюс%' and p.contact_id is null order by p.kind desc, p.position`,
			),
		).toEqual([
			['phone', '+74951112233', '8 (495) 111-22-33'],
			['phone', '+79160001122', '+7 916 000-11-22'],
			['email', null, 'info@polus.ru'],
		]);
		expect(
			await rowsOf(
				database,
				`select t.name from tags t join client_tags l on l.tag_id = t.id order by 1`,
			),
		).toEqual([['опт'], ['сети']]);
	});

	test('twice is once', async () => {
		const before = await everything(database);
		const id = await imported(served, anna, { content: CLIENTS }, { columns: COLUMNS });
		expect((await importRow(database, id)).counts).toEqual({ unchanged: 3, doubtful: 1 });
		expect(await everything(database)).toBe(before);
	});

	test('by ИНН or phone the same client is known under another name, and can be left alone', async () => {
		const content = `Название;ИНН;Телефон\n«Полюс» и Ко;7736050003;8 495 111 22 33\n`;
		const columns = ['name', 'inn', 'phones'];
		const before = await everything(database);
		const skipped = await imported(
			served,
			anna,
			{ content },
			{ columns, way: 'phone', known: 'skip' },
		);
		expect((await importRow(database, skipped)).counts).toEqual({ skipped: 1 });
		expect(await everything(database)).toBe(before);
		const updated = await checked(served, anna, { content }, { columns, way: 'inn' });
		expect((await importRow(database, updated)).counts).toEqual({ updated: 1 });
		const preview = (await anna.get(`/import/${updated}`)).body;
		expect(preview).toContain('<s>ООО «Полюс»</s> → «Полюс» и Ко');
		const doubled = await checked(
			served,
			anna,
			{ content },
			{ columns, way: 'inn', known: 'create' },
		);
		expect((await importRow(database, doubled)).counts).toEqual({ created: 1 });
	});
});

describe('whose rights count', () => {
	test('a manager brings in for themself only; a head for the team', async () => {
		const content = `Клиент;Ответственный\nМоё;Анна Соколова\nБориса;Борис Лунин\nГлеба;Глеб Астахов\n`;
		const columns = ['name', 'owner'];
		const own = await checked(served, anna, { content }, { columns });
		expect(await verdicts(database, own)).toEqual([
			[2, 'created'],
			[3, 'rejected', 'row.ownerForeign'],
			[4, 'rejected', 'row.ownerForeign'],
		]);
		const heads = await checked(served, vera, { content }, { columns });
		expect(await verdicts(database, heads)).toEqual([
			[2, 'created'],
			[3, 'created'],
			[4, 'rejected', 'row.ownerForeign'],
		]);
	});

	test('what one does not see is neither changed nor told of', async () => {
		await database.pool.query(
			`update clients set inn = '7728168971', external_ref = 'plain-ru/clients:Г-1' where name = 'Клиент: Тайна Глеба'`,
		);
		const content = `Код;Клиент;ИНН;Регион\nГ-1;Чужой;;Омск\n;Клиент: Тайна Глеба;;Омск\n`;
		const columns = ['ref', 'name', 'inn', 'region'];
		const id = await imported(served, anna, { content }, { columns, way: 'ref' });
		expect(await verdicts(database, id)).toEqual([
			[2, 'rejected', 'row.foreign'],
			// A name proves nothing: this is another client of the same name.
			[3, 'created'],
		]);
		const inn = `Клиент;ИНН\nЧужой;7728168971\n`;
		const byInn = await checked(
			served,
			anna,
			{ content: inn },
			{ columns: ['name', 'inn'], way: 'inn' },
		);
		expect(await verdicts(database, byInn)).toEqual([[2, 'rejected', 'row.foreign']]);
		const gleb = `select region from clients where external_ref = 'plain-ru/clients:Г-1'`;
		expect(await rowsOf(database, gleb)).toEqual([[null]]);
		expect(cast.people.gleb.name).toBe('Глеб Астахов');
	});
});

test('requisites that only look wrong are taken with a warning, as from a form; what has no shape is not', async () => {
	const content = `Клиент;ИНН;ОГРН;КПП
Верный;5905123456;1027700132195;770701001
Сомнительный;5905123457;1027700132196;
Без формы;77070;;
`;
	const columns = ['name', 'inn', 'ogrn', 'kpp'];
	const id = await checked(served, anna, { content }, { columns, way: 'inn' });
	expect(await verdicts(database, id)).toEqual([
		[2, 'created'],
		[3, 'created'],
		[4, 'rejected', 'row.requisiteDigits'],
	]);
	expect((await importRow(database, id)).counts).toEqual({ created: 2, rejected: 1, doubtful: 1 });
	const preview = (await anna.get(`/import/${id}`)).body;
	expect(preview).toContain('ИНН: Контрольная сумма не сходится: проверьте цифры.');
	expect(preview).toContain('ОГРН: Контрольная сумма не сходится: проверьте цифры.');
	const doubtful = (await anna.get(`/import/${id}?verdict=doubtful`)).body;
	expect(doubtful).toContain('Сомнительный');
	expect(doubtful).not.toContain('Верный');
	await press(served, anna, id, 'start');
	await work(database);
	expect(await verdicts(database, id)).toEqual([
		[2, 'created'],
		[3, 'created'],
		[4, 'rejected', 'row.requisiteDigits'],
	]);
	expect((await importRow(database, id)).counts).toEqual({ created: 2, rejected: 1, doubtful: 1 });
	expect((await anna.get(`/import/${id}?verdict=doubtful`)).body).toContain('Заведена');
	const inns = `select inn, ogrn from clients where name in ('Верный', 'Сомнительный', 'Без формы') order by 1`;
	expect(await rowsOf(database, inns)).toEqual([
		['5905123456', '1027700132195'],
		['5905123457', '1027700132196'],
	]);
	const { rows } = await database.pool.query(`select id from clients where inn = '5905123457'`);
	expect((await anna.get(`/clients/${rows[0].id}`)).body).toContain('Контрольная сумма');
});

test('a mended file of rejected rows comes in with the same columns', async () => {
	const id = await imported(
		served,
		anna,
		{ content: 'Наименование;ИНН\nПервый;1\n=2+2;\n' },
		{ columns: ['name', 'inn'], way: 'inn', known: 'skip' },
	);
	for (const format of ['csv', 'xlsx']) {
		const rejected = await anna.get(`/import/${id}/rejected.${format}`);
		expect(rejected.statusCode).toBe(200);
		expect(decodeURIComponent(String(rejected.headers['content-disposition']))).toContain(
			`Отклонённые строки – клиенты 2026-11-24.${format}`,
		);
		const mended =
			format === 'csv'
				? rejected.body.replace('Первый;1;', 'Первый;7707083893;')
				: rejected.rawPayload;
		const again = idIn(await upload(served, anna, { content: mended, name: `снова.${format}` }));
		const page = (await anna.get(`/import/${again}`)).body;
		expect(page).toContain('как в прошлый раз');
		expect(page).toContain('value="inn" selected');
		expect(page).toContain('value="skip" selected');
		expect(page).toContain('Строка');
	}
});

test('what detection refuses comes in as the person says, with the file at once', async () => {
	const report = ';Отчёт за май\n\nКлиент|Регион\nЗавод Ёж|Омск\n';
	const dos = iconv.encode(report, 'cp866');
	const asked = { encoding: 'cp866', delimiter: 'bar', headerLine: '3' };
	const id = idIn(await upload(served, anna, { content: dos, reading: asked }));
	expect(await importRow(database, id)).toMatchObject({
		headers: ['Клиент', 'Регион'],
		reading: { encoding: 'cp866', delimiter: '|', headerLine: 3 },
	});
	const choice = { c0: 'name', c1: 'region', way: 'name', known: 'update' };
	await press(served, anna, id, 'columns', choice);
	await work(database);
	expect((await anna.get(`/import/${id}`)).body).toContain('Завод Ёж');
	// A mark of its own is not needed where the person names UTF-16.
	const wide = iconv.encode('Клиент;Регион\nДва;Омск\n', 'utf-16be', { addBOM: false });
	const named = { encoding: 'utf-16be', delimiter: 'semicolon' };
	expect((await upload(served, anna, { content: wide })).statusCode).toBe(422);
	const other = idIn(await upload(served, anna, { content: wide, reading: named }));
	expect((await importRow(database, other)).headers).toEqual(['Клиент', 'Регион']);
	const wrong = await upload(served, anna, { content: report, reading: { headerLine: '99' } });
	expect([wrong.statusCode, wrong.body]).toEqual([422, expect.stringContaining('value="99"')]);
});

test('another encoding, another delimiter, headings further down: as the person says', async () => {
	const content = Buffer.from([
		...Buffer.from('Отчёт;\n\n'),
		...Buffer.from('Клиент,Регион\nОдин,Омск\n'),
	]);
	const id = idIn(await upload(served, anna, { content }));
	// Titles are passed over by themselves; whoever says the line means it.
	expect((await importRow(database, id)).headers).toEqual(['Клиент', 'Регион']);
	await press(served, anna, id, 'reading', { delimiter: 'semicolon', headerLine: 1 });
	expect((await importRow(database, id)).headers).toEqual(['Отчёт']);
	const answer = await press(served, anna, id, 'reading', {
		...{ encoding: 'utf-8', delimiter: 'comma', headerLine: 3 },
	});
	expect(answer.statusCode).toBe(303);
	expect(await importRow(database, id)).toMatchObject({
		...{ headers: ['Клиент', 'Регион'], status: 'mapping' },
	});
	await press(served, anna, id, 'columns', {
		c0: 'name',
		c1: 'region',
		way: 'name',
		known: 'update',
	});
	await work(database);
	expect(await verdicts(database, id)).toEqual([[4, 'created']]);
});
