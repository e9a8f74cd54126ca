import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testDatabase } from '../database.ts';
import { everything, FIXTURES, fileOf, folder, importInto, rowsOf } from './importing.ts';

const pipeline = () => readFile(join(FIXTURES, 'sales_pipeline.csv'), 'utf8');
const pipelineWith = async (from: string, to: string) => {
	const text = await pipeline();
	expect(text).toContain(from);
	return fileOf('sales_pipeline.csv', text.replace(from, to));
};

describe('the set of our own writing', async () => {
	const database = await testDatabase();

	it('comes in whole: teams with heads, people with logins, clients, products, deals', async () => {
		const { tallies, reports, rejectedFolder } = await importInto(database, [FIXTURES]);
		const created = Object.entries(tallies).map(([noun, tally]) => [noun, tally.created]);
		expect(Object.fromEntries(created)).toEqual({
			...{ teams: 4, people: 6, clients: 3, products: 2, deals: 6 },
		});
		expect(reports.at(-1)?.lacking).toEqual(new Map([['account', 2]]));
		expect(reports.map(({ rejectedPath }) => rejectedPath)).toEqual([null, null, null, null]);
		expect(await readdir(rejectedFolder)).toEqual([]);
	});

	it('puts everybody into the team of their head, under the office', async () => {
		const people = await rowsOf(
			database,
			`select p.login, p.role, p.time_zone, t.name, o.name from people p
			join teams t on t.id = p.team_id join teams o on o.id = t.parent_id order by p.login`,
		);
		expect(people).toEqual([
			['greta.lund', 'head', 'Asia/Omsk', 'Команда Greta Lund', 'South'],
			['ida.holm', 'manager', 'Asia/Omsk', 'Команда Otto Brandt', 'North'],
			['ida.holm2', 'manager', 'Asia/Omsk', 'Команда Greta Lund', 'South'],
			['juan.perez', 'manager', 'Asia/Omsk', 'Команда Greta Lund', 'South'],
			['mei-lin.okafor', 'manager', 'Asia/Omsk', 'Команда Otto Brandt', 'North'],
			['otto.brandt', 'head', 'Asia/Omsk', 'Команда Otto Brandt', 'North'],
		]);
	});

	it('keeps states, days and exact amounts, and brings spellings together', async () => {
		const deals = await rowsOf(
			database,
			`select d.title, p.name, c.name, s.name, d.amount, d.currency, d.closed_on, d.closed_at,
				d.created_at::date::text from deals d join stages s on s.id = d.stage_id
			left join clients c on c.id = d.client_id left join deal_products dp on dp.deal_id = d.id
			left join products p on p.id = dp.product_id where d.external_ref ~ '[134]$' order by d.external_ref`,
		);
		expect(deals).toEqual([
			[
				...['GTX Pro', 'GTX Pro', 'Northwind Tools', 'Завершено успешно', '1180.00', 'USD'],
				...['2017-03-01', new Date('2017-03-01T12:00:00Z'), '2016-10-20'],
			],
			[
				...['GTX Pro', 'GTX Pro', 'Quill, Ink & Co', 'Завершено неудачно', '0.00', 'USD'],
				...['2017-02-12', new Date('2017-02-12T12:00:00Z'), '2017-02-11'],
			],
			['Lumen 5', 'Lumen 5', null, 'Выявление потребностей', null, 'USD', null, null, '2017-07-05'],
		]);
		expect(await rowsOf(database, 'select segment, region from clients order by id')).toEqual([
			...[
				['technology', 'Philippines'],
				['retail', 'Poland'],
				['medical', 'Chile'],
			],
		]);
	});

	it('has a history by the door «import»: from the first state to the last, and events', async () => {
		const moves = await rowsOf(
			database,
			`select f.name, t.name, c.door, c.at, c.seconds_in_previous from stage_changes c
			left join stages f on f.id = c.from_stage_id join stages t on t.id = c.to_stage_id
			join deals d on d.id = c.deal_id where d.external_ref like '%T0000003' order by c.at`,
		);
		expect(moves).toEqual([
			[null, 'Выявление потребностей', 'import', new Date('2017-02-11T09:00:00Z'), null],
			[
				...['Выявление потребностей', 'Завершено неудачно', 'import'],
				...[new Date('2017-02-12T12:00:00Z'), 27 * 3600],
			],
		]);
		const events = await rowsOf(
			database,
			`select type, door, count(*)::int from events group by 1, 2 order by 1`,
		);
		expect(events).toEqual([
			['client.created', 'import', 3],
			['deal.created', 'import', 6],
			['deal.lost', 'import', 1],
			['deal.won', 'import', 2],
			['import.finished', 'import', 4],
			['person.created', 'import', 6],
		]);
	});

	it('changes nothing when it is given again', async () => {
		const before = await everything(database);
		const { tallies } = await importInto(database, [FIXTURES]);
		for (const { created, updated, rejected } of Object.values(tallies))
			expect([created, updated, rejected]).toEqual([0, 0, 0]);
		expect(tallies.deals?.unchanged).toBe(6);
		expect(await everything(database)).toBe(before);
	});

	it('changes only the fields of the file, and only where they differ', async () => {
		await database.pool.query(
			`update deals set probability = 55, source = 'Выставка', version = 7 where external_ref like '%T0000004'`,
		);
		const path = await pipelineWith('05-07-17,,,', '05-07-17,,4500.5,');
		expect((await importInto(database, [path])).tallies.deals).toMatchObject({
			...{ created: 0, updated: 1, unchanged: 5, rejected: 0 },
		});
		const deal = `select amount, probability, source, version from deals where external_ref like '%T0000004'`;
		expect(await rowsOf(database, deal)).toEqual([['4500.50', 55, 'Выставка', 8]]);
		expect(await rowsOf(database, `select data from events where type = 'deal.edited'`)).toEqual([
			[{ changes: { amount: [null, '4500.50'] } }],
		]);
		// The cell is empty again, as in the first file: that takes nothing away.
		expect((await importInto(database, [FIXTURES])).tallies.deals?.updated).toBe(0);
	});

	it('moves a deal on to won, with its history and its planned steps left to its owner', async () => {
		const path = await pipelineWith(
			'Juan Pérez,Lumen 5,,Prospecting,,,,',
			'Ida Holm,Lumen 5,,Won,,15-09-17,80.5,',
		);
		await database.pool.query(
			`insert into interactions (deal_id, kind_id, summary, planned_on, owner_id)
			select d.id, 1, 'Позвонить', '2017-09-10', d.owner_id from deals d where external_ref like '%T0000006'`,
		);
		expect((await importInto(database, [path])).tallies.deals?.updated).toBe(1);
		const deal = `select s.kind, d.amount, d.closed_on, p.login, i.owner_id = d.owner_id, d.version
			from deals d join stages s on s.id = d.stage_id join people p on p.id = d.owner_id
			join interactions i on i.deal_id = d.id where d.external_ref like '%T0000006'`;
		expect(await rowsOf(database, deal)).toEqual([
			['won', '80.50', '2017-09-15', 'ida.holm', true, 2],
		]);
		const types = `select e.type from events e join deals d on d.id = e.deal_id
			where d.external_ref like '%T0000006' order by e.id`;
		expect((await rowsOf(database, types)).flat()).toEqual([
			...['deal.created', 'deal.won', 'deal.reassigned', 'deal.edited'],
		]);
		const last = `select c.to_stage_id = d.stage_id, c.seconds_in_previous from stage_changes c
			join deals d on d.id = c.deal_id where d.external_ref like '%T0000006' order by c.id desc limit 1`;
		// Won before the import had ever seen it: no time may run backwards.
		expect(await rowsOf(database, last)).toEqual([[true, 0]]);
	});
});

describe('rejected rows', async () => {
	const database = await testDatabase();

	it('stand in a file of their own with line and reason; the others come in', async () => {
		await importInto(database, [FIXTURES]);
		const header = (await pipeline()).split('\r\n')[0];
		const bad = [
			'B1,Nobody,GTX Pro,Zephyr Labs,Engaging,01-01-17,,,,',
			'B2,Ida Holm,GTX Pro,Zephyr Labs,Won,31-02-17,,12x,,',
			'B3,Ida Holm,GTX Pro,Nowhere Ltd,Dreaming,,,,,',
			'B4,Ida Holm,GTX Pro,Zephyr Labs,Won,05-02-17,01-02-17,1,,',
			'B5,Ida Holm,GTX Pro,Zephyr Labs,Engaging,05-02-17,01-03-17,1,,',
			'OK,Ida Holm,GTX Pro,Zephyr Labs,Engaging,05-02-17,,,,',
			'OK,Ida Holm,GTX Pro,Zephyr Labs,Engaging,05-02-17,,,,',
			',Ida Holm,GTX Pro,Zephyr Labs,Engaging,05-02-17,,,,',
			'B6,Ida Holm,"=cmd|\'/c calc\'!A1",Zephyr Labs,Engaging,05-02-17,,,,',
			'B7,Ida Holm,GTX Pro',
		];
		const path = await fileOf('sales_pipeline.csv', [header, ...bad].join('\r\n'));
		const { tallies, reports } = await importInto(database, [path]);
		expect(tallies.deals).toMatchObject({ created: 1, updated: 0, unchanged: 0, rejected: 9 });
		const text = await readFile(reports[0]?.rejectedPath ?? '', 'utf8');
		expect(text.startsWith('\ufeffopportunity_id;sales_agent;')).toBe(true);
		const lines = text.trimEnd().split('\r\n').slice(1);
		expect(lines.map((line) => line.split(';').slice(10).join(';'))).toEqual([
			'2;sales_agent: «Nobody»: не найден сотрудник',
			'3;"engage_date: «31-02-17»: такого дня нет; close_value: «12x» – не сумма"',
			'4;"account: «Nowhere Ltd»: не найден клиент; deal_stage: «Dreaming»: не найдено состояние"',
			'5;"закрыто 2017-02-01, раньше, чем начато 2017-02-05"',
			'6;"дата закрытия указана, а состояние «Выявление потребностей» – рабочее"',
			'8;такая запись уже была на строке 7',
			'9;"пусто то, по чему строка узнаётся: opportunity_id"',
			`10;product: «=cmd|'/c calc'!A1»: не найден товар`,
			'11;"в строке 3 ячеек, а столбцов 10"',
		]);
		expect(lines[7]).toContain(`;'=cmd|`);
	});

	it('come in once they are mended and given again, and leave no file behind', async () => {
		const before = await rowsOf(database, 'select count(*)::int from deals');
		const header =
			'opportunity_id;sales_agent;product;account;deal_stage;engage_date;close_date;close_value;Строка;Причина';
		const rows =
			'B1;Ida Holm;GTXPro;;Engaging;01.01.2017;;;2;нет\r\nB4;Ida Holm;GTX Pro;;Won;05.02.2017;6.2.17;1 000,50;5;было\r\n';
		const path = await fileOf('sales_pipeline.rejected.csv', `\ufeff${header}\r\n${rows}`);
		const { tallies, reports } = await importInto(database, [path]);
		expect(tallies.deals).toMatchObject({ created: 2, rejected: 0 });
		expect(reports[0]?.rejectedPath).toBeNull();
		expect(await rowsOf(database, 'select count(*)::int from deals')).toEqual([
			[Number(before[0]?.[0]) + 2],
		]);
	});

	it('are never written over the file that they came from', async () => {
		const header =
			'opportunity_id;sales_agent;product;account;deal_stage;engage_date;close_date;close_value';
		const path = await fileOf('sales_pipeline.rejected.csv', `${header}\r\nB9;Nobody;;;;;;\r\n`);
		const { planImport } = await import('#src/features/imports/console/choice.ts');
		const { runImport } = await import('#src/features/imports/console/run.ts');
		const settings = {
			now: new Date(),
			timeZone: 'UTC',
			rejectedFolder: join(path, '..'),
			say: () => {},
		};
		const [report] = await runImport(database.db, await planImport([path]), settings);
		expect(report?.rejectedPath).toMatch(/sales_pipeline\.rejected\.2\.csv$/);
		expect(await readFile(path, 'utf8')).toContain('B9;Nobody');
	});
});

describe('a file is all or nothing', async () => {
	const database = await testDatabase();

	it('when it breaks half-way, nothing of it is there', async () => {
		const rows = Array.from({ length: 1_200 }, (_, i) => `Клиент ${i};Регион`).join('\n');
		const path = await fileOf('клиенты.csv', `Клиент;Регион\n${rows}\n"Клиент без конца;x\n`);
		const before = await everything(database);
		await expect(importInto(database, [path])).rejects.toThrow(
			/^Файл клиенты\.csv не загружен: кавычка не закрыта/,
		);
		expect(await everything(database)).toBe(before);
	});

	it('two imports of it at once make no doubles', async () => {
		const rows = Array.from({ length: 1_200 }, (_, i) => `Клиент ${i};Регион`).join('\n');
		const path = await fileOf('клиенты.csv', `Клиент;Регион\n${rows}\n`);
		const both = await Promise.all([importInto(database, [path]), importInto(database, [path])]);
		const tallies = both.map(({ tallies }) => tallies.clients);
		expect(tallies.map((tally) => tally?.created).sort()).toEqual([0, 1_200]);
		expect(tallies.map((tally) => tally?.unchanged).sort()).toEqual([0, 1_200]);
	});

	it('a folder for rejected rows that cannot be written to is told', async () => {
		const { checkFolder } = await import('#src/features/imports/files/rejected.ts');
		const path = join(await folder(), 'file');
		await writeFile(path, '');
		await expect(checkFolder(join(path, 'below'))).rejects.toThrow(/не записать.*ENOTDIR/);
	});
});
