import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '#src/config.ts';
import { testDatabase } from '../database.ts';
import { everything, importInto, rowsOf } from './importing.ts';

const SALES = resolve(ROOT, '../shared/samples/sales');
const absent = !existsSync(join(SALES, 'sales_pipeline.csv'));
if (absent) console.warn(`NOT TESTED: ${SALES} is absent, the published figures are not checked`);

describe.skipIf(absent)('the public set «CRM Sales Opportunities»', async () => {
	if (absent) return;
	const database = await testDatabase();

	it('comes in with the published figures', async () => {
		const { tallies } = await importInto(database, [SALES]);
		const created = Object.entries(tallies).map(([noun, tally]) => [noun, tally.created]);
		expect(Object.fromEntries(created)).toEqual({
			...{ teams: 9, people: 41, clients: 85, products: 7, deals: 8_800 },
		});
		const states = `select s.name, count(*)::int, sum(d.amount) from deals d
			join stages s on s.id = d.stage_id group by s.id order by s.position`;
		expect(await rowsOf(database, states)).toEqual([
			['Первичный интерес', 500, null],
			['Выявление потребностей', 1_589, null],
			['Завершено успешно', 4_238, '10005534.00'],
			['Завершено неудачно', 2_473, '0.00'],
		]);
	});

	it('has 35 sellers in six teams with a head each', async () => {
		const teams = `select t.name, count(*) filter (where p.role = 'head')::int,
			count(*) filter (where p.role = 'manager')::int from teams t join people p on p.team_id = t.id
			where t.parent_id is not null group by t.id`;
		const rows = await rowsOf(database, teams);
		expect(rows.length).toBe(6);
		expect(rows.map(([, heads]) => heads)).toEqual([1, 1, 1, 1, 1, 1]);
		expect(rows.reduce((sum, [, , sellers]) => sum + Number(sellers), 0)).toBe(35);
		expect(
			await rowsOf(
				database,
				`select role, team_id is not null from people where login = 'moses.frase'`,
			),
		).toEqual([['manager', true]]);
	});

	it('keeps closing days, has 1,425 deals without a client, and a product on each', async () => {
		const facts = `select count(*) filter (where client_id is null)::int, min(closed_on), max(closed_on),
			count(closed_on)::int, count(loss_reason_id)::int, count(distinct currency)::int from deals`;
		expect(await rowsOf(database, facts)).toEqual([
			[1_425, '2017-03-01', '2017-12-31', 6_711, 0, 1],
		]);
		expect(await rowsOf(database, 'select count(*)::int from deal_products')).toEqual([[8_800]]);
		expect(
			await rowsOf(database, `select count(*)::int from deals where title = 'GTX Pro'`),
		).toEqual([[1_480]]);
	});

	it('tells the same to the totals of the board, which a trigger keeps', async () => {
		const tallies = `select s.kind, sum(t.deals)::int, sum(t.amount) from deal_tallies t
			join stages s on s.id = t.stage_id group by 1 order by 1`;
		expect(await rowsOf(database, tallies)).toEqual([
			['lost', 2_473, '0.00'],
			['open', 2_089, '0.00'],
			['won', 4_238, '10005534.00'],
		]);
	});

	it('changes nothing when it is given again', async () => {
		const before = await everything(database);
		const { tallies } = await importInto(database, [SALES]);
		expect(tallies.deals).toMatchObject({ created: 0, updated: 0, unchanged: 8_800, rejected: 0 });
		expect((await everything(database)) === before).toBe(true);
	});
});
