import fc from 'fast-check';
import { DateTime } from 'luxon';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Actor } from '#src/features/access/rights.ts';
import { readBoard, readMore } from '#src/features/deals/board/screen.ts';
import { dropDay, STRETCHES, type Stretch, stretchOf } from '#src/features/deals/dates/dates.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Company, makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type Onlooker, type PlainDeal, plainGroup, plainOrder, plainWithin } from './model.ts';
import { insert, type Row, rows } from './rows.ts';

const database = await testDatabase();
const { db, pool } = database;

let company: Company;
beforeAll(async () => {
	company = await makeCompany(db);
});
beforeEach(async () => {
	await pool.query('truncate deals cascade; truncate deal_tallies');
});

/** Every day of a week and both its ends, in zones at both ends of the world and with half hours. */
const onlookers: fc.Arbitrary<Onlooker> = fc.record({
	timeZone: fc.constantFrom(
		...[
			'Europe/Moscow',
			'Asia/Kathmandu',
			'America/St_Johns',
			'Pacific/Kiritimati',
			'Pacific/Pago_Pago',
		],
	),
	now: fc
		.integer({ min: -4 * 24 * 60, max: 4 * 24 * 60 })
		.map((minutes) => new Date(Date.parse('2026-11-24T09:17:31.402Z') + minutes * 60_000)),
});

/** The stretch of a deal in plain words. */
function plainStretch(deal: PlainDeal, onlooker: Onlooker): Stretch {
	const group = plainGroup(deal, onlooker);
	if (group !== 'later') return group;
	const { timeZone: zone, now } = onlooker;
	const today = DateTime.fromJSDate(now, { zone }).startOf('day');
	const day = deal.plannedAt
		? DateTime.fromJSDate(deal.plannedAt, { zone }).startOf('day')
		: DateTime.fromISO(deal.plannedOn as string, { zone });
	if (day.hasSame(today.plus({ days: 1 }), 'day')) return 'tomorrow';
	return day.hasSame(today, 'week') ? 'week' : 'later';
}

async function allDeals(): Promise<PlainDeal[]> {
	const found = await pool.query<PlainDeal>(`
		select d.id, stage_id as "stageId", owner_id as "ownerId", amount, currency,
			next_planned_at as "plannedAt", next_planned_on as "plannedOn", closed_on as "closedOn" from deals d`);
	return found.rows;
}

type Seen = Record<string, { ids: number[]; count: number; sums: Record<string, string> }>;

/** The columns as an actor sees them, unfolded to their ends. */
async function seen(
	actor: Actor,
	query: Record<string, string>,
	onlooker: Onlooker,
): Promise<Seen> {
	const viewer = viewerAt(onlooker.now, 'ru', onlooker.timeZone);
	const asked = { ...query, view: 'dates' };
	const board = await readBoard(db, actor, asked, viewer);
	const columns: Seen = {};
	for (const column of board.stretches) {
		const ids = column.groups.flatMap(({ cards }) => cards.map(({ id }) => id));
		let { more } = column;
		while (more !== null && ids.length < 500) {
			const next = await readMore(db, actor, { ...asked, after: more }, viewer);
			ids.push(...(next?.column.groups ?? []).flatMap(({ cards }) => cards.map(({ id }) => id)));
			more = next?.column.more ?? null;
		}
		const sums = column.total.sums.map(({ currency, amount }) => [
			...[currency, String(BigInt(amount.replace('.', '')))],
		]);
		columns[column.stretch] = { ids, count: column.total.count, sums: Object.fromEntries(sums) };
	}
	return columns;
}

function expected(deals: PlainDeal[], period: string, onlooker: Onlooker): Seen {
	const kept = deals.filter(
		(deal) => deal.closedOn === null && (period === '' || plainWithin(deal, period, onlooker)),
	);
	return Object.fromEntries(
		STRETCHES.map((stretch) => {
			const own = kept.filter((deal) => plainStretch(deal, onlooker) === stretch);
			const sums: Record<string, string> = {};
			for (const { amount, currency } of own) {
				const sum = BigInt(sums[currency] ?? '0') + BigInt((amount ?? '0.00').replace('.', ''));
				if (sum !== 0n) sums[currency] = String(sum);
			}
			return [stretch, { ids: plainOrder(own, onlooker), count: own.length, sums }];
		}),
	);
}

test('columns, their order, counts and sums are those of the plain model, in every zone and on every day of the week', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(rows, { minLength: 1, maxLength: 70 }),
			fc.array(onlookers, { minLength: 3, maxLength: 3 }),
			fc.constantFrom('', 'overdue', 'today', '3days', 'week', 'none'),
			async (some, looking, period) => {
				await pool.query('truncate deals cascade; truncate deal_tallies');
				await insert(database, company, some);
				const deals = await allDeals();
				for (const onlooker of looking)
					for (const login of ['anna', 'vera', 'ada'] as const) {
						const { scope, id } = company.people[login];
						const own = deals.filter(
							({ ownerId }) => scope === 'all' || ownerId === id || scope.includes(ownerId),
						);
						const query = period === '' ? {} : { period };
						expect(
							await seen(company.people[login], query, onlooker),
							`${login} ${period} ${onlooker.timeZone} ${onlooker.now.toISOString()}`,
						).toEqual(expected(own, period, onlooker));
					}
			},
		),
		{ numRuns: 8 },
	);
});

test('a column of many unfolds to its end: each card once, in order', async () => {
	const row: Row = {
		...{ owner: 'anna', stage: 0, amount: '1.00', currency: 'RUB', at: null },
		...{ on: '2026-12-20', closedOn: null },
	};
	await insert(
		database,
		company,
		Array.from({ length: 60 }, (_, n) => ({ ...row, stage: n % 5, on: `2026-12-${10 + (n % 7)}` })),
	);
	const onlooker = { now: new Date('2026-11-24T09:00:00Z'), timeZone: 'Europe/Moscow' };
	const deals = await allDeals();
	for (const login of ['anna', 'ada'] as const)
		expect(await seen(company.people[login], {}, onlooker)).toEqual(expected(deals, '', onlooker));
});

test('what is dropped on a column lands in it, and nothing can be dropped where nothing can lie', () => {
	fc.assert(
		fc.property(onlookers, ({ now, timeZone }) => {
			const viewer = viewerAt(now, 'ru', timeZone);
			for (const stretch of STRETCHES) {
				const plannedOn = dropDay(stretch, viewer);
				if (plannedOn === null) continue;
				expect(stretchOf({ plannedOn, plannedAt: null }, viewer), stretch).toBe(stretch);
				if (stretch === 'week' || stretch === 'later') {
					const weekday = DateTime.fromISO(plannedOn).weekday;
					expect(weekday).toBe(stretch === 'week' ? 5 : 1);
				}
			}
			expect([dropDay('late', viewer), dropDay('none', viewer)]).toEqual([null, null]);
		}),
	);
	const on = (day: string) => viewerAt(new Date(`${day}T12:00:00Z`), 'ru', 'UTC');
	expect(dropDay('week', on('2026-11-25'))).toBe('2026-11-27');
	// On Thursday Friday is tomorrow, and has its own column.
	expect(dropDay('week', on('2026-11-26'))).toBeNull();
	// On Sunday Monday is tomorrow: «Позже» begins behind it.
	expect(dropDay('later', on('2026-11-29'))).toBe('2026-12-07');
	expect(dropDay('later', on('2026-11-27'))).toBe('2026-11-30');
});
