import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Actor } from '#src/features/access/rights.ts';
import { readFilter } from '#src/features/deals/board/forms.ts';
import { groupSql, type Place } from '#src/features/deals/board/order.ts';
import { type Card, listCards } from '#src/features/deals/board/queries.ts';
import { readMore } from '#src/features/deals/board/screen.ts';
import { stepGroup } from '#src/features/next-step/rules.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { signIn, testApp } from '../app.ts';
import { type Company, makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';
import { type Onlooker, type PlainDeal, plainGroup, plainOrder, plainWithin } from './model.ts';

const database = await testDatabase();
const { db, pool } = database;
const RUNS = 60;

let company: Company;
let anna: Actor;
beforeAll(async () => {
	company = await makeCompany(db);
	anna = company.people.anna;
});
beforeEach(async () => {
	await pool.query('truncate deals cascade');
});

/** Zones with half hours and quarters, at both ends of the world, with clocks that change at midnight. */
const ZONES = [
	'Europe/Moscow',
	'Asia/Kathmandu',
	'America/St_Johns',
	'Pacific/Kiritimati',
	'Pacific/Pago_Pago',
	'Asia/Beirut',
	'America/Santiago',
	'Africa/Cairo',
	'UTC',
];
/** Here midnight strikes twice in autumn: plans keep their groups, but within that hour a day and a moment may swap. */
const TWICE = ['Atlantic/Azores', 'America/Havana'];

/** Moments around which days and clocks change, beside any others. */
const turning = fc.constantFrom(
	...['2026-03-28T22:00:00Z', '2026-10-24T21:00:00Z', '2026-10-24T22:00:00Z'], // Beirut
	...['2026-09-06T04:00:00Z', '2026-04-05T03:00:00Z', '2026-04-05T04:00:00Z'], // Santiago
	...['2026-03-08T05:30:00Z', '2026-11-01T04:30:00Z'], // St. John's
	...['2026-04-23T22:00:00Z', '2026-10-29T21:00:00Z'], // Cairo
	...['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z'], // the Azores
	...['2026-03-08T05:00:00Z', '2026-11-01T05:00:00Z'], // Havana
	...[
		'2026-11-23T21:00:00Z',
		'2026-11-24T10:00:00Z',
		'2026-12-31T21:00:00Z',
		'2027-01-01T00:00:00Z',
	],
);
const near = (base: string, seconds: number) =>
	new Date(Date.parse(base) + seconds * 1000).toISOString();
const HOUR = 3600;
const onlookers = (...zones: string[]) =>
	fc.record({
		timeZone: fc.constantFrom(...zones),
		now: fc
			.tuple(
				turning,
				fc.integer({ min: -2 * HOUR, max: 30 * HOUR }),
				fc.integer({ min: 1, max: 999 }),
			)
			// A plan is kept to the second: a millisecond beyond, now is never exactly one of them.
			.map(([base, seconds, ms]) => new Date(Date.parse(near(base, seconds)) + ms)),
	});

/** Plans near the onlooker's now, many of them at the same second or on the same day. */
const plans = (now: Date) => {
	const offset = fc.oneof(
		fc.integer({ min: -2 * HOUR, max: 2 * HOUR }),
		fc.integer({ min: -40 * HOUR, max: 40 * HOUR }),
		fc.integer({ min: -400, max: 400 }).map((quarters) => quarters * 900),
	);
	const at = offset.map((seconds) => ({
		plannedAt: new Date(Math.floor(now.getTime() / 1000 + seconds) * 1000),
		plannedOn: null,
	}));
	const on = fc.integer({ min: -3, max: 3 }).map((days) => ({
		plannedAt: null,
		plannedOn: new Date(now.getTime() + days * 24 * HOUR * 1000).toISOString().slice(0, 10),
	}));
	const none = fc.constant({ plannedAt: null, plannedOn: null });
	return fc.array(fc.oneof({ weight: 3, arbitrary: at }, { weight: 3, arbitrary: on }, none), {
		minLength: 1,
		maxLength: 40,
	});
};
const boardsIn = (...zones: string[]) =>
	onlookers(...zones).chain((onlooker) =>
		fc.record({
			onlooker: fc.constant(onlooker),
			plans: plans(onlooker.now),
			page: fc.integer({ min: 1, max: 7 }),
			period: fc.constantFrom('overdue', 'today', '3days', 'week', 'month', 'none', ''),
		}),
	);

const boards = boardsIn(...ZONES);

type Planned = { plannedAt: Date | null; plannedOn: string | null };

/** Writes a column of deals with these plans, as they would stand after the actions. */
async function column(planned: Planned[]): Promise<PlainDeal[]> {
	await pool.query('delete from deals');
	const { rows } = await pool.query<{ id: number }>(
		`insert into deals (pipeline_id, stage_id, title, owner_id, stage_entered_at, next_planned_at, next_planned_on)
		select $1, $2, 'Поставка', $3, now(), at, day
		from unnest($4::timestamptz[], $5::date[]) with ordinality p(at, day, n) order by n returning id`,
		[
			...[company.open[0].pipelineId, company.open[0].id, anna.id],
			...[planned.map(({ plannedAt }) => plannedAt), planned.map(({ plannedOn }) => plannedOn)],
		],
	);
	return planned.map((plan, at) => ({
		...plan,
		...{ id: rows[at]?.id as number, stageId: company.open[0].id, ownerId: anna.id },
		...{ amount: null, currency: 'RUB', closedOn: null },
	}));
}

const viewerOf = ({ now, timeZone }: Onlooker) => viewerAt(now, 'ru', timeZone);
const cardsOf = (onlooker: Onlooker, query: object, limit: number, after: Place | null = null) =>
	listCards(
		db,
		anna,
		readFilter(anna, query).filter,
		[company.open[0]],
		viewerOf(onlooker),
		limit,
		after,
	);
const ids = (cards: { id: number }[]) => cards.map(({ id }) => id);

test('a column stands in the order of the plain model, in every zone, over midnight and clock changes', async () => {
	await fc.assert(
		fc.asyncProperty(boards, async ({ onlooker, plans: planned }) => {
			const deals = await column(planned);
			expect(ids(await cardsOf(onlooker, {}, 100))).toEqual(plainOrder(deals, onlooker));
		}),
		{ numRuns: RUNS },
	);
});

test('pages by cursor, put together, are the whole column: no deal twice, none left out', async () => {
	await fc.assert(
		fc.asyncProperty(boards, async ({ onlooker, plans: planned, page }) => {
			const deals = await column(planned);
			const together: number[] = [];
			let last: Card | null = null;
			do {
				const cards: Card[] = await cardsOf(onlooker, {}, page, last);
				together.push(...ids(cards));
				last = cards.at(-1) ?? null;
			} while (last !== null && together.length <= deals.length);
			expect(together).toEqual(plainOrder(deals, onlooker));
		}),
		{ numRuns: RUNS / 2 },
	);
});

test('a period of отбор keeps what the plain model keeps, in the same order', async () => {
	await fc.assert(
		fc.asyncProperty(boards, async ({ onlooker, plans: planned, period }) => {
			const deals = await column(planned);
			const kept = deals.filter((deal) => period === '' || plainWithin(deal, period, onlooker));
			const cards = await cardsOf(onlooker, period === '' ? {} : { period }, 100);
			expect(ids(cards)).toEqual(plainOrder(kept, onlooker));
		}),
		{ numRuns: RUNS },
	);
});

test('the rule in TypeScript, its twin in SQL and the plain model put every plan into the same group', async () => {
	const [at, on] = [sql`d.next_planned_at`, sql`d.next_planned_on`];
	await fc.assert(
		fc.asyncProperty(boardsIn(...ZONES, ...TWICE), async ({ onlooker, plans: planned }) => {
			const deals = await column(planned);
			const viewer = viewerOf(onlooker);
			const { rows } = await db.execute<{ step: string }>(
				sql`select ${groupSql(at, on, viewer)} as step from deals d order by d.id`,
			);
			const expected = deals.map((deal) => plainGroup(deal, onlooker));
			expect(rows.map(({ step }) => step)).toEqual(expected);
			expect(deals.map((deal) => stepGroup(deal, viewer))).toEqual(expected);
		}),
		{ numRuns: RUNS },
	);
});

test('a moment is late only when it has passed; on the very second all three still agree', async () => {
	const now = new Date('2026-11-23T21:00:00Z');
	const onlooker = { now, timeZone: 'Europe/Moscow' };
	const deals = await column([
		{ plannedAt: now, plannedOn: null },
		{ plannedAt: null, plannedOn: '2026-11-23' },
		{ plannedAt: new Date('2026-11-24T21:00:00Z'), plannedOn: null },
		{ plannedAt: null, plannedOn: '2026-11-24' },
	]);
	expect(deals.map((deal) => plainGroup(deal, onlooker))).toEqual([
		'today',
		'late',
		'later',
		'today',
	]);
	expect(deals.map((deal) => stepGroup(deal, viewerOf(onlooker)))).toEqual([
		'today',
		'late',
		'later',
		'today',
	]);
	const overdue = await cardsOf(onlooker, { period: 'overdue' }, 10);
	expect(ids(overdue)).toEqual([deals[1]?.id]);
	const today = await cardsOf(onlooker, { period: 'today' }, 10);
	expect(ids(today)).toEqual([deals[0]?.id, deals[3]?.id]);
});

test('ties are broken by id, and a day-only plan comes after the moments of its day', async () => {
	const noon = { plannedAt: new Date('2026-11-24T12:00:00Z'), plannedOn: null };
	const day = { plannedAt: null, plannedOn: '2026-11-24' };
	const deals = await column([day, noon, day, noon]);
	const onlooker = { now: new Date('2026-11-24T09:00:00Z'), timeZone: 'Europe/Moscow' };
	const [first, second, third, fourth] = ids(deals);
	expect(ids(await cardsOf(onlooker, {}, 10))).toEqual([second, fourth, first, third]);
});

test('the page unfolds to the whole column, each group line once, also when midnight passes meanwhile', async () => {
	let clock = new Date('2026-11-24T20:59:50.500Z');
	const served = await testApp(database, { now: () => clock });
	const person = await signIn(served, 'anna');
	const quarter = 900_000;
	const deals = await column(
		Array.from({ length: 90 }, (_, n) =>
			n % 3 === 0
				? { plannedAt: null, plannedOn: n % 2 ? '2026-11-24' : '2026-11-25' }
				: n % 7 === 0
					? { plannedAt: null, plannedOn: null }
					: {
							plannedAt: new Date(clock.getTime() - (clock.getTime() % 1000) + (n - 45) * quarter),
							plannedOn: null,
						},
		),
	);
	const expected = plainOrder(deals, { now: clock, timeZone: 'Europe/Moscow' });
	const seen: string[] = [];
	const lines: string[] = [];
	let page = read((await person.get('/board')).body);
	for (let step = 0; step < 6; step += 1) {
		const inside = page.byId(`stage-${company.open[0].id}`) ?? undefined;
		seen.push(...page.byClass('card', inside).map((card) => attribute(card, 'id') ?? ''));
		lines.push(...page.byClass('when', inside).map((line) => attribute(line, 'id') ?? ''));
		const more = page.byClass('more', inside)[0];
		const link = more && page.byTag('a', more)[0];
		if (!link) break;
		clock = new Date('2026-11-24T21:00:20.500Z');
		const answer = await person.htmx('/board', attribute(link, 'hx-get') ?? '');
		expect(answer.statusCode).toBe(200);
		page = read(answer.body);
	}
	expect(seen).toEqual(expected.map((id) => `deal-${id}`));
	expect(new Set(lines).size).toBe(lines.length);
});

test('a cursor that we did not write is a bad request', async () => {
	const [stage] = company.open;
	for (const after of [
		'x',
		'1:',
		`${stage.id}:1.2.3`,
		`${stage.id}:1770000000000.4.0.1`,
		`${stage.id}:1770000000000.1.0.1;--`,
	])
		await expect(readMore(db, anna, { after }, viewerAt(new Date(), 'ru', 'UTC'))).rejects.toThrow(
			'error.badRequest',
		);
});
