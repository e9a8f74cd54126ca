import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { testDatabase } from '../database.ts';

const { pool } = await testDatabase();

/** The cells of the rows below a heading of drizzle/README.md, without their marks. */
function tableBelow(heading: string): string[][] {
	const text = readFileSync(join(ROOT, 'drizzle/README.md'), 'utf8');
	const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
	const lines = section.split('\n').filter((line) => line.startsWith('| '));
	return lines.slice(2).map((line) => line.slice(2, -2).replaceAll('`', '').split(' | '));
}

const TRIGGERS = `
	select tgrelid::regclass::text as table, p.proname as function, t.tgname as name,
		concat_ws(', ', case when t.tgtype & 2 > 0 then 'before' else 'after' end || ' ' || concat_ws(', ',
			case when t.tgtype & 4 > 0 then 'insert' end, case when t.tgtype & 8 > 0 then 'delete' end,
			case when t.tgtype & 16 > 0 then 'update' end, case when t.tgtype & 32 > 0 then 'truncate' end),
			case when t.tgtype & 1 > 0 then 'each row' else 'each statement' end,
			case when t.tginitdeferred then 'at commit' end) as when
	from pg_trigger t join pg_proc p on p.oid = t.tgfoid
	where not t.tgisinternal and p.pronamespace = 'public'::regnamespace`;

const FUNCTIONS = `
	select distinct proname as name from pg_proc p
	where pronamespace = 'public'::regnamespace
		and not exists (select from pg_depend where objid = p.oid and deptype = 'e')`;

/** `before delete, update, each row` of each of its events. */
function eventsOf(when: string): string[] {
	const [, moment, events, rest] = /^(before|after) ((?:\w+, )+?)(each .+)$/.exec(when) ?? [];
	return (events ?? '')
		.split(', ')
		.filter(Boolean)
		.map((event) => `${moment} ${event}, ${rest}`);
}

test('every trigger of the migrated database stands in drizzle/README.md: its table, when it fires, what it calls', async () => {
	const { rows } =
		await pool.query<Record<'table' | 'function' | 'name' | 'when', string>>(TRIGGERS);
	const there = rows.flatMap((one) =>
		eventsOf(one.when).map((event) => `${one.table}: ${event}: ${one.function}`),
	);
	const told = tableBelow('What fires when');
	const here = told.flatMap(([table, when = '', called]) =>
		eventsOf(when).map((event) => `${table}: ${event}: ${called}`),
	);
	expect(here.toSorted()).toEqual([...new Set(there)].toSorted());
	const named = told.flatMap(([table, , called, names = '']) =>
		names.split(' ').map((name) => `${table}: ${name}: ${called}`),
	);
	expect(named.toSorted()).toEqual(
		rows.map((one) => `${one.table}: ${one.name}: ${one.function}`).toSorted(),
	);
});

test('every function of the migrated database stands in drizzle/README.md', async () => {
	const { rows } = await pool.query<{ name: string }>(FUNCTIONS);
	const told = [
		...tableBelow('What fires when').map(([, , called]) => called),
		...tableBelow('Functions that are called').map(([name]) => name),
	];
	expect([...new Set(told)].toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
});
