import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Actor } from '#src/features/access/rights.ts';
import { readFilter } from '#src/features/deals/board/forms.ts';
import { foldTallies } from '#src/features/deals/board/tallies.ts';
import { countDeals, type Totals } from '#src/features/deals/board/totals.ts';
import type { StepGroup } from '#src/features/next-step/rules.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Company, makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type PlainDeal, plainGroup, plainWithin, todayOf } from './model.ts';
import { apply, changes, insert, NOON, type Row, rows } from './rows.ts';

const database = await testDatabase();
const { db, pool } = database;
const PERIODS = ['', 'overdue', 'today', '3days', 'week', 'month', 'none'];
const RUNS = 20;

let company: Company;
beforeAll(async () => {
	company = await makeCompany(db);
});

async function allDeals(): Promise<PlainDeal[]> {
	const found = await pool.query<PlainDeal>(`
		select id, stage_id as "stageId", owner_id as "ownerId", amount, currency,
			next_planned_at as "plannedAt", next_planned_on as "plannedOn", closed_on as "closedOn" from deals`);
	return found.rows;
}

type Plain = { count: number; sums: Record<string, string>; groups: Record<string, number> };

/** The totals as a plain recount gives them, with amounts as whole kopecks. */
function recount(deals: PlainDeal[], period: string, timeZone: string) {
	const onlooker = { now: NOON, timeZone };
	const month = todayOf(onlooker).slice(0, 7);
	const stages: Record<number, Plain> = {};
	const chips: Record<string, number> = { late: 0, today: 0, none: 0, later: 0 };
	for (const { id } of company.stages)
		stages[id] = { count: 0, sums: {}, groups: { late: 0, today: 0, none: 0, later: 0 } };
	for (const deal of deals) {
		const total = stages[deal.stageId] as Plain;
		if (deal.closedOn !== null) {
			if (deal.closedOn.startsWith(month)) add(total, deal);
			continue;
		}
		const group: StepGroup = plainGroup(deal, onlooker);
		chips[group] = (chips[group] ?? 0) + 1;
		if (period !== '' && !plainWithin(deal, period, onlooker)) continue;
		add(total, deal);
		total.groups[group] = (total.groups[group] ?? 0) + 1;
	}
	return { stages, chips };
}

function add(total: Plain, { amount, currency }: PlainDeal): void {
	total.count += 1;
	const sum = BigInt(total.sums[currency] ?? '0') + BigInt((amount ?? '0.00').replace('.', ''));
	if (sum !== 0n) total.sums[currency] = String(sum);
}

const shown = (totals: Totals) => ({
	chips: totals.chips,
	stages: Object.fromEntries(
		[...totals.stages].map(([id, { count, sums, groups }]) => [
			id,
			{
				count,
				groups,
				sums: Object.fromEntries(
					sums.map(({ currency, amount }) => [
						currency,
						amount.replace('.', '').replace(/^0+(?=\d)/, ''),
					]),
				),
			},
		]),
	),
});

const counted = async (actor: Actor, query: object, timeZone: string) => {
	const viewer = viewerAt(NOON, 'ru', timeZone);
	return shown(
		await countDeals(db, actor, readFilter(actor, query).filter, company.stages, viewer),
	);
};
const inScope = (actor: Actor, deals: PlainDeal[]) =>
	deals.filter(({ ownerId }) => actor.scope === 'all' || actor.scope.includes(ownerId));
const query = (period: string) => (period === '' ? {} : { period });
const zones = fc.constantFrom(
	'Europe/Moscow',
	'Asia/Kathmandu',
	'America/St_Johns',
	'Pacific/Kiritimati',
);

test('totals, groups and chips equal a plain recount, for everybody, in every period, after any changes', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(rows, { maxLength: 25 }),
			changes,
			zones,
			async (first, after, timeZone) => {
				await pool.query('truncate deals cascade; truncate deal_tallies');
				await insert(database, company, first);
				for (const change of after) await apply(database, company, change);
				const deals = await allDeals();
				for (const login of ['anna', 'vera', 'ada'] as const)
					for (const period of PERIODS) {
						const actor = company.people[login];
						const expected = recount(inScope(actor, deals), period, timeZone);
						expect(await counted(actor, query(period), timeZone), `${login} ${period}`).toEqual(
							expected,
						);
					}
			},
		),
		{ numRuns: RUNS },
	);
});

test('the tallies of the company equal the deals counted one by one, before and after folding', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(rows, { minLength: 5, maxLength: 25 }),
			changes,
			zones,
			async (first, after, timeZone) => {
				await pool.query('truncate deals cascade; truncate deal_tallies');
				await insert(database, company, first);
				for (const change of after) await apply(database, company, change);
				const { ada } = company.people;
				// The same people named one by one are counted deal by deal, «all» by the tallies.
				const everybody = { ...ada, scope: Object.values(company.people).map(({ id }) => id) };
				for (const folded of [false, true]) {
					if (folded) expect(await foldTallies(db)).toBe(true);
					for (const period of PERIODS)
						expect(await counted(ada, query(period), timeZone), `${period} ${folded}`).toEqual(
							await counted(everybody, query(period), timeZone),
						);
				}
			},
		),
		{ numRuns: RUNS },
	);
});

test('folding leaves one row a place and nothing of what is gone', async () => {
	await pool.query('truncate deals cascade; truncate deal_tallies');
	const row: Row = {
		owner: 'anna',
		stage: 0,
		amount: '10.00',
		currency: 'RUB',
		at: null,
		on: '2026-12-01',
		closedOn: null,
	};
	await insert(database, company, [row, row, row, { ...row, on: '2026-12-02' }]);
	await pool.query(`delete from deals where next_planned_on = '2026-12-02'`);
	expect(await foldTallies(db)).toBe(true);
	const { rows: left } = await pool.query('select deals, amount from deal_tallies');
	expect(left).toEqual([{ deals: 3, amount: '30.00' }]);
});

test('people who fold and change at once lose nothing', async () => {
	await pool.query('truncate deals cascade; truncate deal_tallies');
	const row: Row = {
		owner: 'gleb',
		stage: 1,
		amount: '0.10',
		currency: 'RUB',
		at: null,
		on: null,
		closedOn: null,
	};
	await Promise.all(
		Array.from({ length: 40 }, (_, n) =>
			n % 4 === 3 ? foldTallies(db) : insert(database, company, [row]),
		),
	);
	const totals = await countDeals(
		db,
		company.people.ada,
		readFilter(company.people.ada, {}).filter,
		company.stages,
		viewerAt(NOON, 'ru', 'UTC'),
	);
	expect(totals.stages.get(company.open[1].id)).toMatchObject({
		count: 30,
		sums: [{ currency: 'RUB', amount: '3.00' }],
	});
});

test('sums are exact where floats are not', async () => {
	await pool.query('truncate deals cascade; truncate deal_tallies');
	const row: Row = {
		owner: 'anna',
		stage: 0,
		amount: '0.10',
		currency: 'RUB',
		at: null,
		on: null,
		closedOn: null,
	};
	await insert(database, company, [
		row,
		{ ...row, amount: '0.20' },
		{ ...row, amount: '9999999999999.99' },
		{ ...row, amount: '9999999999999.99' },
	]);
	for (const login of ['anna', 'vera', 'ada'] as const) {
		const { stages } = await counted(company.people[login], {}, 'UTC');
		expect(stages[company.open[0].id]).toMatchObject({ sums: { RUB: '2000000000000028' } });
	}
});
