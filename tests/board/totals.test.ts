import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Actor } from '#src/features/auth/rules.ts';
import { readFilter } from '#src/features/board/forms.ts';
import { foldTallies } from '#src/features/board/tallies.ts';
import { countDeals, type Totals } from '#src/features/board/totals.ts';
import type { StepGroup } from '#src/features/deals/rules.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Company, type Login, makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type PlainDeal, plainGroup, plainWithin, todayOf } from './model.ts';

const database = await testDatabase();
const { db, pool } = database;
const NOW = new Date('2026-11-24T09:17:31.402Z');
const PERIODS = ['', 'overdue', 'today', '3days', 'week', 'month', 'none'];
const RUNS = 20;

let company: Company;
beforeAll(async () => {
	company = await makeCompany(db);
});

/** What a row of deals says, as random changes write it. */
type Row = {
	owner: Login;
	stage: number;
	amount: string | null;
	currency: string;
	at: Date | null;
	on: string | null;
	closedOn: string | null;
};

const kopecks = fc.oneof(
	fc.integer({ min: 0, max: 99_999_999 }),
	fc.constantFrom(10, 20, 1, 999_999_999_999_99),
);
const amounts = fc.option(
	kopecks.map((n) => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`),
	{ freq: 6 },
);
const HOURS = 3_600_000;
const plans = fc.oneof(
	fc
		.integer({ min: -50, max: 50 })
		.map((n) => ({ at: new Date(Math.floor(NOW.getTime() / 1000) * 1000 + n * HOURS), on: null })),
	fc
		.integer({ min: -3000, max: 3000 })
		.map((n) => ({ at: new Date(Math.floor(NOW.getTime() / 1000 + n) * 1000), on: null })),
	fc
		.integer({ min: -4, max: 35 })
		.map((n) => ({
			at: null,
			on: new Date(NOW.getTime() + n * 24 * HOURS).toISOString().slice(0, 10),
		})),
	fc.constant({ at: null, on: null }),
);
const rows: fc.Arbitrary<Row> = fc
	.record({
		owner: fc.constantFrom<Login>('anna', 'boris', 'vera', 'gleb'),
		stage: fc.integer({ min: 0, max: 6 }),
		amount: amounts,
		currency: fc.constantFrom('RUB', 'RUB', 'USD', 'EUR'),
		plan: plans,
		closedOn: fc.constantFrom(
			'2026-11-01',
			'2026-11-24',
			'2026-11-30',
			'2026-10-31',
			'2025-11-24',
			'2026-12-01',
		),
	})
	.map(({ plan, closedOn, ...row }) => ({
		...row,
		...plan,
		closedOn: row.stage > 4 ? closedOn : null,
	}));

const SET = `pipeline_id = s.pipeline_id, stage_id = s.id, owner_id = $2, amount = $3, currency = $4,
	next_planned_at = $5, next_planned_on = $6, closed_on = $7::date,
	closed_at = case when $7::date is not null then now() end`;
const valuesOf = (row: Row) => [
	company.stages[row.stage]?.id,
	company.people[row.owner].id,
	...[row.amount, row.currency, row.at, row.on, row.closedOn],
];

async function insert(some: Row[]): Promise<void> {
	for (const row of some)
		await pool.query(
			`insert into deals (pipeline_id, stage_id, title, owner_id, amount, currency, next_planned_at,
				next_planned_on, closed_on, closed_at, stage_entered_at)
			select pipeline_id, id, 'Поставка', $2, $3, $4, $5, $6, $7::date,
				case when $7::date is not null then now() end, now() from stages where id = $1`,
			valuesOf(row),
		);
}

type Change = { kind: 'update' | 'delete' | 'insert' | 'fold' | 'advance'; pick: number; row: Row };
const changes = fc.array(
	fc.record({
		kind: fc.constantFrom<Change['kind']>(
			'update',
			'update',
			'delete',
			'insert',
			'fold',
			'advance',
		),
		pick: fc.nat(1000),
		row: rows,
	}),
	{ maxLength: 12 },
);

async function apply({ kind, pick, row }: Change): Promise<void> {
	if (kind === 'fold') await foldTallies(db);
	if (kind === 'insert') await insert([row]);
	if (kind === 'delete')
		await pool.query(
			'delete from deals where id in (select id from deals order by id offset $1 limit 2)',
			[pick % 20],
		);
	// Many rows by one statement, as a repair by hand or an import does it.
	if (kind === 'advance')
		await pool.query(
			`update deals set next_planned_at = next_planned_at + interval '7 hours', amount = amount + 0.01 where id % 3 = $1`,
			[pick % 3],
		);
	if (kind === 'update')
		await pool.query(
			`update deals d set ${SET} from stages s where s.id = $1
				and d.id = (select id from deals order by id offset $8 limit 1)`,
			[...valuesOf(row), pick % 20],
		);
}

async function allDeals(): Promise<PlainDeal[]> {
	const found = await pool.query<PlainDeal>(`
		select id, stage_id as "stageId", owner_id as "ownerId", amount, currency,
			next_planned_at as "plannedAt", next_planned_on as "plannedOn", closed_on as "closedOn" from deals`);
	return found.rows;
}

type Plain = { count: number; sums: Record<string, string>; groups: Record<string, number> };

/** The totals as a plain recount gives them, with amounts as whole kopecks. */
function recount(deals: PlainDeal[], period: string, timeZone: string) {
	const onlooker = { now: NOW, timeZone };
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
	const viewer = viewerAt(NOW, 'ru', timeZone);
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
				await insert(first);
				for (const change of after) await apply(change);
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
				await insert(first);
				for (const change of after) await apply(change);
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
	await insert([row, row, row, { ...row, on: '2026-12-02' }]);
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
		Array.from({ length: 40 }, (_, n) => (n % 4 === 3 ? foldTallies(db) : insert([row]))),
	);
	const totals = await countDeals(
		db,
		company.people.ada,
		readFilter(company.people.ada, {}).filter,
		company.stages,
		viewerAt(NOW, 'ru', 'UTC'),
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
	await insert([
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
