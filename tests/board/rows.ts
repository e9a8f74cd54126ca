import fc from 'fast-check';
import { foldTallies } from '#src/features/deals/board/tallies.ts';
import type { Company, Login } from '../cast.ts';
import type { TestDatabase } from '../database.ts';

/** The moment around which random deals are planned: inside an hour, so that it cuts one in two. */
export const NOON = new Date('2026-11-24T09:17:31.402Z');

/** What a row of deals says, as random changes write it. */
export type Row = {
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
		.map((n) => ({ at: new Date(Math.floor(NOON.getTime() / 1000) * 1000 + n * HOURS), on: null })),
	fc
		.integer({ min: -3000, max: 3000 })
		.map((n) => ({ at: new Date(Math.floor(NOON.getTime() / 1000 + n) * 1000), on: null })),
	fc.integer({ min: -4, max: 35 }).map((n) => ({
		at: null,
		on: new Date(NOON.getTime() + n * 24 * HOURS).toISOString().slice(0, 10),
	})),
	fc.constant({ at: null, on: null }),
);
/** Any deal of the company, around NOON. */
export const rows: fc.Arbitrary<Row> = fc
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
const valuesOf = (company: Company, row: Row) => [
	company.stages[row.stage]?.id,
	company.people[row.owner].id,
	...[row.amount, row.currency, row.at, row.on, row.closedOn],
];

/** Writes rows of deals as they are, past the actions. */
export async function insert({ pool }: TestDatabase, company: Company, some: Row[]): Promise<void> {
	for (const row of some)
		await pool.query(
			`insert into deals (pipeline_id, stage_id, title, owner_id, amount, currency, next_planned_at,
				next_planned_on, closed_on, closed_at, stage_entered_at)
			select pipeline_id, id, 'Поставка', $2, $3, $4, $5, $6, $7::date,
				case when $7::date is not null then now() end, now() from stages where id = $1`,
			valuesOf(company, row),
		);
}

/** Something that happens to the deals, or to the tallies that keep count of them. */
export type Change = {
	kind: 'update' | 'delete' | 'insert' | 'fold' | 'advance';
	pick: number;
	row: Row;
};
export const changes = fc.array(
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

/** Does it, in SQL: the tallies must count whatever writes the rows. */
export async function apply(
	database: TestDatabase,
	company: Company,
	{ kind, pick, row }: Change,
): Promise<void> {
	const { db, pool } = database;
	if (kind === 'fold') await foldTallies(db);
	if (kind === 'insert') await insert(database, company, [row]);
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
			[...valuesOf(company, row), pick % 20],
		);
}
