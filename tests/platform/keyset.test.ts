import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeText, readKeyset, readPlace, type SortBy } from '#src/platform/db/keyset.ts';
import { BadRequest } from '#src/platform/errors.ts';
import { headingsOf, type ListColumn, sortingOf } from '#src/platform/listing/headings.ts';
import { testDatabase } from '../database.ts';

const { db, pool } = await testDatabase();

/** A column of each type, and values of few kinds, so that many are equal. */
const COLUMNS = {
	text: ['Ёж', 'ель', 'Ель', 'жук', '', "о'к", 'a"b', '\u202eабв', 'ё'],
	whole: ['-3', '0', '7', '7000000000'],
	number: ['-0.50', '0.00', '12.30', '99999999999999.99'],
	day: ['2026-02-28', '2026-03-01', '1999-12-31'],
	moment: ['2026-11-24 12:00:00+03', '2026-11-24 09:00:00.123456+00', '2026-10-25 02:30:00+02'],
	yes_no: ['true', 'false'],
} as const;
type Type = keyof typeof COLUMNS;
const TYPES = Object.keys(COLUMNS) as Type[];
const SQL_TYPE = { text: 'text', whole: 'bigint', number: 'numeric', day: 'date' } as const;
const typeOf = (type: Type) =>
	({ ...SQL_TYPE, moment: 'timestamptz', yes_no: 'boolean' })[type] as string;

test('the pages together are the whole list in its order, each row once, whatever is equal or absent', async () => {
	await pool.query(`create table listed (id bigint primary key,
		${TYPES.map((type) => `${type} ${typeOf(type)} ${type === 'text' ? 'collate "russian"' : ''}`).join()})`);
	const value = (type: Type) => fc.option(fc.constantFrom(...COLUMNS[type]));
	const row = fc.record(
		Object.fromEntries(TYPES.map((type) => [type, value(type)])) as Record<
			Type,
			fc.Arbitrary<string | null>
		>,
	);
	await fc.assert(
		fc.asyncProperty(
			fc.array(row, { maxLength: 25 }),
			fc.constantFrom(...TYPES),
			fc.boolean(),
			fc.integer({ min: 1, max: 9 }),
			async (rows, type, descending, limit) => {
				await pool.query('truncate listed');
				for (const [at, one] of rows.entries())
					await pool.query(
						`insert into listed values (${at + 1}, ${TYPES.map((_, n) => `$${n + 1}`).join()})`,
						TYPES.map((name) => one[name]),
					);
				const way = descending ? 'desc' : 'asc';
				const whole = await pool.query(
					`select id from listed order by ${type} ${way} nulls last, id ${way}`,
				);
				const sort: SortBy = { by: sql`l.${sql.raw(type)}`, type, nullable: true };
				const read: number[] = [];
				let after: string | null = null;
				do {
					const page: { rows: { id: number }[]; next: string | null } = await readKeyset(db, {
						columns: sql`l.id`,
						...{ from: sql`listed l`, where: sql`true`, id: sql`l.id`, limit },
						sorting: { ...sort, descending },
						after: after === null ? null : readPlace(after, sort),
					});
					expect(page.rows.length).toBeLessThanOrEqual(limit);
					if (page.next !== null) expect(page.rows).toHaveLength(limit);
					read.push(...page.rows.map(({ id }) => id));
					after = page.next;
				} while (after !== null);
				expect(read).toEqual(whole.rows.map(({ id }) => Number(id)));
			},
		),
		{ numRuns: 60 },
	);
});

const forged = (value: unknown, id: unknown = 1) =>
	Buffer.from(JSON.stringify([value, id])).toString('base64url');

test('a place comes back from its address as it was', () => {
	for (const type of TYPES)
		for (const value of [...COLUMNS[type], null]) {
			const place = { value, id: 42 };
			expect(readPlace(placeText(place), { by: sql`x`, type, nullable: true })).toEqual(place);
		}
});

test('a forged place is a bad request, and never reaches Postgres', () => {
	const bad: [Type, string[]][] = [
		[
			'text',
			['', 'x', '%%%', forged(1), forged({}), forged(null), forged(['a']), forged('a\0b')].concat(
				[0, -1, 1.5, '1', null, 2 ** 60].map((id) => forged('a', id)),
				['[]', '["a"]', '["a",1,2]', '{"0":"a","1":1}', 'null', '"a"', '[', '1e999'].map((text) =>
					Buffer.from(text).toString('base64url'),
				),
			),
		],
		['whole', ['1.5', 'x', '1e3', '', ' 1', '9'.repeat(19), 'NaN'].map((one) => forged(one))],
		['number', ['NaN', 'Infinity', '1,5', '1e9', '', '9'.repeat(31)].map((one) => forged(one))],
		[
			'day',
			['2026-02-30', '0000-01-01', 'infinity', 'today', '2026-1-1'].map((one) => forged(one)),
		],
		[
			'moment',
			[
				...['2026-02-30 00:00:00+00', '2026-01-01 24:00:00+00', '2026-01-01 00:60:00+00', 'now'],
				...['2026-01-01 00:00:00+99', '2026-01-01 00:00:00', 'infinity', '2026-01-01 00:00:00 BC'],
			].map((one) => forged(one)),
		],
		['yes_no', ['yes', '1', 't', ''].map((one) => forged(one))],
	];
	for (const [type, texts] of bad)
		for (const text of texts)
			expect(() => readPlace(text, { by: sql`x`, type }), `${type} ${text}`).toThrow(BadRequest);
});

type Line = { id: number; name: string };
const LISTED: ListColumn<Line>[] = [
	{
		...{ key: 'name', label: 'label.title', kind: 'text' },
		sort: { by: sql`name`, type: 'text' },
		value: ({ name }) => name,
	},
	{
		...{ key: 'number', label: 'label.amount', kind: 'number' },
		sort: { by: sql`id`, type: 'whole' },
		value: ({ id }) => id,
	},
];

test('one table of columns gives the order that an address asks for, and the headings that turn it round', () => {
	expect(sortingOf(LISTED, 'name').descending).toBe(false);
	expect(sortingOf(LISTED, '-number')).toMatchObject({ type: 'whole', descending: true });
	for (const sort of ['', '-', '--name', 'Name', 'id', 'name desc', '__proto__'])
		expect(() => sortingOf(LISTED, sort), sort).toThrow(BadRequest);
	const headings = headingsOf(LISTED, 'name');
	expect(headings.map(({ sort, ariaSort }) => [sort, ariaSort])).toEqual([
		['-name', 'ascending'],
		['number', null],
	]);
	expect(headingsOf(LISTED, '-name')[0]).toMatchObject({ sort: 'name', ariaSort: 'descending' });
});
