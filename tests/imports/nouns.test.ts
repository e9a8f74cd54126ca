import { beforeAll, describe, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { imported, importRow, upload, verdicts } from './desk.ts';
import { rowsOf } from './importing.ts';

const database = await testDatabase();
const served = await testApp(database);
let anna: Browser;
let ada: Browser;

beforeAll(async () => {
	await makeCast(database.db);
	[anna, ada] = [await signIn(served, 'anna'), await signIn(served, 'ada')];
});

describe('deals, interactions, products, people', () => {
	const DEALS = `Номер;Клиент;Интерес;Сумма;Состояние;Товар;Кол-во;Цена;Закрыт
Д-1;ООО «Полюс»;Печи;120000,50;В работе;Печь;2;60000,25;
Д-1;ООО «Полюс»;Печи;120000,50;В работе;Противень;10;5;
Д-2;Новый клиент;Витрина;1;Выиграна;;;;20.11.2026
Д-3;Новый клиент;Стол;x;;;;;
`;
	const FIELDS = [
		...['ref', 'client', 'title', 'amount', 'stage', 'line.product', 'line.quantity', 'line.price'],
		'closedOn',
	];

	test('an administrator brings in products; nobody else', async () => {
		const content = 'Название;Цена\nПечь;60000\nПротивень;5\n';
		const refused = await upload(served, anna, { content, feeds: 'products' });
		expect(refused.statusCode).toBe(403);
		const id = await imported(
			served,
			ada,
			{ content, feeds: 'products' },
			{ columns: ['name', 'price'] },
		);
		expect((await importRow(database, id)).counts).toEqual({ created: 2 });
	});

	test('deals come with their clients and several products', async () => {
		const id = await imported(
			served,
			anna,
			{ content: DEALS, feeds: 'deals', name: 'сделки.csv' },
			{ columns: FIELDS, way: 'ref' },
		);
		expect(await verdicts(database, id)).toEqual([
			[2, 'created'],
			[3, 'created'],
			[4, 'created'],
			[5, 'rejected', 'row.notMoney'],
		]);
		expect(
			await rowsOf(
				database,
				`select d.title, c.name, s.name, d.amount, d.closed_on, p.login, d.external_ref,
					(select count(*)::int from deal_products l where l.deal_id = d.id)
				from deals d join clients c on c.id = d.client_id join stages s on s.id = d.stage_id
				join people p on p.id = d.owner_id where d.external_ref is not null order by d.external_ref`,
			),
		).toEqual([
			[
				...['Печи', 'ООО «Полюс»', 'Выявление потребностей', '120000.50', null, 'anna'],
				...['plain-ru/deals:Д-1', 2],
			],
			[
				...['Витрина', 'Новый клиент', 'Завершено успешно', '1.00', '2026-11-20', 'anna'],
				...['plain-ru/deals:Д-2', 0],
			],
		]);
		const again = await imported(
			served,
			anna,
			{ content: DEALS, feeds: 'deals' },
			{ columns: FIELDS, way: 'ref' },
		);
		expect((await importRow(database, again)).counts).toEqual({ unchanged: 3, rejected: 1 });
	});

	test('interactions come planned and done, and the deal knows its next step', async () => {
		const content = `Номер сделки;Клиент;Когда;Что сделать;Вид;Результат
Д-1;;01.12.2026 15:00;Позвонить;Звонок;
Д-1;;20.11.2026;Показали печь;Встреча;Понравилась
;ООО «Полюс»;25.11.2026;Поздравить;;
;;25.11.2026;Никому;;
Д-1;;31.02.2026;Не бывает;Звонок;
`;
		const file = { content, feeds: 'interactions' };
		const columns = ['deal.ref', 'client', 'when', 'summary', 'kind', 'outcome'];
		const id = await imported(served, anna, file, { columns, known: 'skip' });
		expect(await verdicts(database, id)).toEqual([
			[2, 'created'],
			[3, 'created'],
			[4, 'created'],
			[5, 'rejected', 'row.noKey'],
			[6, 'rejected', 'row.noSuchDay'],
		]);
		expect(
			await rowsOf(
				database,
				`select i.summary, k.name, i.status, i.planned_on, i.planned_at, i.completed_at, i.outcome
				from interactions i join interaction_kinds k on k.id = i.kind_id
				where i.external_ref is not null order by i.id`,
			),
		).toEqual([
			[
				...['Позвонить', 'Звонок', 'planned', null],
				...[new Date('2026-12-01T12:00:00Z'), null, null],
			],
			[
				...['Показали печь', 'Встреча', 'done', '2026-11-20', null],
				...[new Date('2026-11-20T09:00:00Z'), 'Понравилась'],
			],
			['Поздравить', 'Другое', 'planned', '2026-11-25', null, null, null],
		]);
		expect(
			await rowsOf(
				database,
				`select next_planned_at, last_done_at from deals where external_ref like '%Д-1'`,
			),
		).toEqual([[new Date('2026-12-01T12:00:00Z'), new Date('2026-11-20T09:00:00Z')]]);
		const again = await imported(served, anna, file, { columns, known: 'skip' });
		expect((await importRow(database, again)).counts).toMatchObject({ skipped: 3 });
	});

	test('people come with login, role and team, by an administrator', async () => {
		const content = 'ФИО;Роль;Отдел;Почта\nЗоя Ким;Руководитель;Отдел продаж;Zoya@example.ru\n';
		const file = { content, feeds: 'people' };
		const columns = ['name', 'role', 'team', 'email'];
		const id = await imported(served, ada, file, { columns, way: 'name' });
		expect((await importRow(database, id)).counts).toEqual({ created: 1 });
		expect(
			await rowsOf(database, `select login, role, email from people where name = 'Зоя Ким'`),
		).toEqual([['zoya.kim', 'head', 'zoya@example.ru']]);
	});
});
