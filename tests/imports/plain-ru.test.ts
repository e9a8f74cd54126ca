import { describe, expect, it } from 'vitest';
import { testDatabase } from '../database.ts';
import { everything, fileOf, importInto, rowsOf } from './importing.ts';

describe('a Russian table of an ordinary company', async () => {
	const database = await testDatabase();
	await database.pool.query(`
		insert into people (login, name, role) values ('anna', 'Анна Королёва', 'manager');
		insert into clients (name, region) values ('ООО «Ёлка»', 'Тверь');`);

	const deals = async (rows: unknown[][]) => {
		const { default: ExcelJS } = await import('exceljs');
		const book = new ExcelJS.Workbook();
		const sheet = book.addWorksheet('Интересы');
		sheet.addRow([
			...['Контрагент', 'ИНН', 'Интерес', 'Сумма', 'Ответственный', 'Состояние', 'Закрыть до'],
			...['Дата закрытия', 'Причина неудачи'],
		]);
		for (const row of rows) sheet.addRow(row);
		return fileOf('Интересы 2026.xlsx', Buffer.from(await book.xlsx.writeBuffer()));
	};
	const soon = new Date(Date.UTC(2026, 11, 31));
	const rows = [
		['ООО «Елка»', 7707083893, 'Станки', 1234.5, 'анна королева', '', soon],
		[
			'ООО «Елка»',
			null,
			'Обслуживание',
			{ formula: '2*500', result: 1000 },
			'anna',
			'В работе',
			46387,
		],
		[
			'ИП Новый',
			null,
			'Доставка',
			null,
			'Анна Королёва',
			'Проиграна',
			null,
			'05.02.2026',
			'дорого',
		],
	];

	it('comes in from Excel: clients are found by name or made, people by name or login', async () => {
		const path = await deals(rows);
		const { tallies } = await importInto(database, [path], {
			now: new Date('2026-11-23T09:00:00Z'),
		});
		expect(tallies.clients).toEqual({
			created: 1,
			updated: 0,
			unchanged: 2,
			rejected: 0,
			doubtful: 0,
		});
		expect(tallies.deals).toEqual({
			created: 3,
			updated: 0,
			unchanged: 0,
			rejected: 0,
			doubtful: 0,
		});
		expect(
			await rowsOf(database, 'select name, inn, region, version from clients order by id'),
		).toEqual([
			// A deal names its client and changes nothing of it.
			['ООО «Ёлка»', null, 'Тверь', 1],
			['ИП Новый', null, null, 1],
		]);
		const stored = `select d.title, c.id, d.amount, d.currency, s.name, d.expected_close_on, r.name, p.login
			from deals d join clients c on c.id = d.client_id join stages s on s.id = d.stage_id
			join people p on p.id = d.owner_id left join loss_reasons r on r.id = d.loss_reason_id order by d.id`;
		expect(await rowsOf(database, stored)).toEqual([
			['Станки', 1, '1234.50', 'RUB', 'Первичный интерес', '2026-12-31', null, 'anna'],
			['Обслуживание', 1, '1000.00', 'RUB', 'Выявление потребностей', '2026-12-31', null, 'anna'],
			['Доставка', 2, null, 'RUB', 'Завершено неудачно', null, 'Дорого', 'anna'],
		]);
	});

	it('changes nothing when it is given again', async () => {
		const before = await everything(database);
		await importInto(database, [await deals(rows)]);
		expect(await everything(database)).toBe(before);
	});

	it('rejects a row that contradicts itself or another, and takes the rest', async () => {
		const path = await deals([
			['ООО Ромашка', 7707083893, 'А', 1, 'anna'],
			['ООО Ромашка', 500100732259, 'Б', 1, 'anna'],
			['ООО Роза', 123, 'В', 1, 'anna'],
			['ООО Роза', null, 'Г', 1, 'anna', 'Первичный интерес', null, '01.02.2026'],
			['ООО Роза', null, 'Д', { error: '#N/A' }, 'anna'],
			['', null, 'Е', 1, 'anna'],
			['ООО Роза', null, '=HYPERLINK("x")', 1, 'anna'],
		]);
		const { tallies, reports } = await importInto(database, [path]);
		expect(tallies.clients).toMatchObject({ created: 3, rejected: 1 });
		expect(tallies.deals).toMatchObject({ created: 3, rejected: 3 });
		expect(reports[0]?.rejectedPath).toMatch(/Интересы 2026\.rejected\.csv$/);
	});

	it('keeps hostile text as text, and a NUL out', async () => {
		const text = `Клиент;Регион\n<script>alert(1)</script>;"'); drop table deals; --"\n<%= it %>;a\u0001b\n`;
		const path = await fileOf('clients.csv', text);
		expect((await importInto(database, [path])).tallies.clients).toMatchObject({
			...{ created: 2, rejected: 0 },
		});
		const stored = `select name, region from clients where name like '<%' order by id`;
		expect(await rowsOf(database, stored)).toEqual([
			['<script>alert(1)</script>', `'); drop table deals; --`],
			['<%= it %>', null],
		]);
	});
});
