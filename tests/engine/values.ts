import { expect, test } from 'vitest';
import { copyIn, copyOut } from '#src/platform/backup/copy.ts';
import { type Engine, person, refusal, value } from './engine.ts';

/** What is relied on about words, figures, moments, and what guards the rows. */
export function values(engine: () => Engine): void {
	const ask = (sql: string, args: unknown[] = []) => value(engine().pool, sql, args);
	const run = (sql: string) => engine().pool.query(sql);

	test('the server is no older than 15 and speaks UTF-8', async () => {
		expect(Number(await ask(`select current_setting('server_version_num')`))).toBeGreaterThan(
			150_000,
		);
		expect(await ask('show server_encoding')).toBe('UTF8');
	});

	test('«ё» stands beside «е», capitals beside small letters', async () => {
		const words = `unnest(array['жук', 'ёлка', 'Ежик', 'альфа', 'Ель', 'Яблоко', 'ежевика']) w`;
		expect(await ask(`select string_agg(w, ' ' order by w collate russian) from ${words}`)).toBe(
			'альфа ежевика Ежик ёлка Ель жук Яблоко',
		);
	});

	test('lower and translate make «ЁЛКА» and «елка» one, whatever the machine’s locale', async () => {
		expect(await ask(`select translate(lower('ЁЛКА' collate russian), 'ё', 'е')`)).toBe('елка');
	});

	test('Russian full text knows word forms', async () => {
		const match = `select to_tsvector('russian', $1) @@ plainto_tsquery('russian', $2)`;
		expect(await ask(match, ['Договор с клиентами', 'клиент'])).toBe(true);
		expect(await ask(match, ['Договор с клиентами', 'поставка'])).toBe(false);
		// The stemmer alone misses this one: trigrams stand beside it.
		expect(await ask(match, ['букет ромашек', 'ромашки'])).toBe(false);
	});

	test('trigrams are made of Cyrillic letters and forgive one', async () => {
		expect(await ask(`select similarity('ромашка', 'рамашка') > 0.3`)).toBe(true);
		expect(await ask(`select array_length(show_trgm('ёлка'), 1)`)).toBe(5);
	});

	test('a threshold that a function sets ends with the function', async () => {
		await run(`create function near(a text, b text) returns boolean language sql stable
			set pg_trgm.similarity_threshold = '0.9' as $$ select a % b $$`);
		const near = `select near('ромашка', 'рамашка')::text || ('ромашка' % 'рамашка')::text || current_setting('pg_trgm.similarity_threshold')`;
		expect(await ask(near)).toBe('falsetrue0.3');
	});

	test('money is exact, and too large a sum is refused', async () => {
		expect(await ask(`select (0.1 + 0.2 = 0.3)::text`)).toBe('true');
		expect(await ask('select sum(0.01::numeric(15, 2)) from generate_series(1, 100000)')).toBe(
			'1000.00',
		);
		expect(await ask('select 9999999999999.99::numeric(15, 2) + 0.01')).toBe('10000000000000.00');
		expect(await refusal(ask('select 10000000000000::numeric(15, 2)'))).toBe('22003');
		expect(await ask(`select round(2.5) || ' ' || round(-2.5)`)).toBe('3 -3');
	});

	test('moments to the second are rounded, and stand still whatever the zone', async () => {
		expect(
			await ask(`select '2026-11-24 09:00:00.6Z'::timestamptz(0) = '2026-11-24 12:00:01+03'`),
		).toBe(true);
		expect(
			await ask(
				`select (('2026-03-08'::date + 1)::timestamp at time zone 'America/New_York') - ('2026-03-08'::timestamp at time zone 'America/New_York') = '23 hours'`,
			),
		).toBe(true);
		const hour = `select date_trunc('hour', '2026-11-24 09:59:59+05:30'::timestamptz, 'UTC') = '2026-11-24 04:00Z'`;
		expect(await ask(hour)).toBe(true);
		expect(await ask(`select '1937-01-01'::timestamp at time zone 'Europe/Moscow' < now()`)).toBe(
			true,
		);
	});

	test('days are text on our side, and a day that is none is refused', async () => {
		expect(await ask(`select '2028-02-28'::date + 1`)).toBe('2028-02-29');
		expect(await refusal(ask(`select '2026-02-31'::date`))).toBe('22008');
	});

	test('int8 comes exact to 2^53', async () => {
		expect(await ask('select 9007199254740991::bigint')).toBe(Number.MAX_SAFE_INTEGER);
	});

	test('jsonb compares by content, keeps decimals, and takes keys away', async () => {
		expect(
			await ask(
				`select '{"a": 1, "b": 0.10}'::jsonb = '{"b":0.1,"a":1}'::jsonb and '{"a":1}'::jsonb - 'a' = '{}'`,
			),
		).toBe(true);
		expect(await ask(`select ('{"amount": 0.1}'::jsonb ->> 'amount')::numeric * 3 = 0.3`)).toBe(
			true,
		);
		expect(await refusal(ask(`select '"\\u0000"'::jsonb`))).toBe('22P05');
	});

	test('NULLs come last upwards and first downwards; rows compare as keys do', async () => {
		const words = `from (values ('б'), (null), ('а')) t(w)`;
		expect(await ask(`select array_agg(w order by w) ${words}`)).toEqual(['а', 'б', null]);
		expect(await ask(`select array_agg(w order by w desc) ${words}`)).toEqual([null, 'б', 'а']);
		expect(await ask(`select (1, 2) > (1, 1) and (null is not distinct from null)`)).toBe(true);
	});

	test('a generated column follows its source and takes no value', async () => {
		await run(`create table made (name text, key text generated always as (lower(name)) stored)`);
		await run(`insert into made values ('Анна')`);
		await run(`update made set name = 'БОРИС'`);
		expect(await ask('select key from made')).toBe('борис');
		expect(await refusal(run(`insert into made values ('а', 'б')`))).toBe('428C9');
	});

	test('a partial index serves its condition in order, and a unique one refuses by expression', async () => {
		await run(`create table parts (id int, day date, closed boolean, name text)`);
		await run(
			`insert into parts select n, '2026-01-01'::date + n % 300, n % 50 > 0, 'n' || n from generate_series(1, 20000) n`,
		);
		await run('create index parts_open on parts (day, id) where not closed');
		await run(`create unique index parts_name on parts (lower(name collate russian))`);
		await run('analyze parts');
		const { rows } = await run(
			'explain select id from parts where not closed order by day, id limit 25',
		);
		expect(JSON.stringify(rows)).toContain('parts_open');
		expect(JSON.stringify(rows)).not.toContain('Sort');
		expect(await refusal(run(`insert into parts values (0, null, true, 'N7')`))).toBe('23505');
	});

	test('a statement-level trigger sees all rows of its statement at once, of COPY too', async () => {
		await run('create table noted (n int)');
		await run('create table notes (op text, n int)');
		await run(`create function note_rows() returns trigger language plpgsql as $$
			begin insert into notes select tg_op, count(*) from new_rows; return null; end $$`);
		await run(`create trigger noted_insert after insert on noted referencing new table as new_rows
			for each statement execute function note_rows()`);
		await run('insert into noted select generate_series(1, 7)');
		const client = await person(engine().url);
		const rows = async function* () {
			yield Buffer.from('1\n2\n');
			yield Buffer.from('3\n');
		};
		expect(await copyIn(client, 'copy noted from stdin', rows())).toBe(3);
		expect((await run('select * from notes order by n')).rows).toEqual([
			{ op: 'INSERT', n: 3 },
			{ op: 'INSERT', n: 7 },
		]);
		expect(await value(client, 'select 1')).toBe(1);
	});

	test('COPY writes a row as one line whatever is in it, and a refused one leaves the connection usable', async () => {
		const client = await person(engine().url);
		let text = '';
		const copy = `copy (select E'а\\tб\\nв\\\\' as a, null as b, '' as c, '\\x00ff'::bytea as d) to stdout`;
		for await (const block of copyOut(client, copy)) text += block.toString('utf8');
		expect(text).toBe('а\\tб\\nв\\\\\t\\N\t\t\\\\x00ff\n');
		const reading = async () => {
			for await (const _ of copyOut(client, 'copy nowhere to stdout'));
		};
		expect(await refusal(reading())).toBe('42P01');
		await run('create table copied (n int)');
		const broken = async function* () {
			yield Buffer.from('1\n');
			throw new Error('the source failed');
		};
		await expect(copyIn(client, 'copy copied from stdin', broken())).rejects.toThrow('the source');
		expect(await value(client, 'select count(*)::int from copied')).toBe(0);
	});

	test('a deferred trigger runs at the commit, once all is there, and can refuse it', async () => {
		await run('create table late (n int)');
		await run(`create function check_late() returns trigger language plpgsql as $$
			begin if (select sum(n) from late) <> 0 then raise 'unequal' using errcode = 'check_violation'; end if; return null; end $$`);
		await run(`create constraint trigger late_check after insert on late deferrable initially deferred
			for each row execute function check_late()`);
		const client = await person(engine().url);
		await client.query('begin');
		await client.query('insert into late values (5)');
		await client.query('insert into late values (-5)');
		await client.query('commit');
		await client.query('begin');
		await client.query('insert into late values (1)');
		expect(await refusal(client.query('commit'))).toBe('23514');
		expect(await ask('select count(*)::int from late')).toBe(2);
	});

	test('history refuses to be changed, and broken rules say which', async () => {
		await run(`insert into events (type, at, door) values ('test', now(), 'form')`);
		expect(await refusal(run(`update events set type = 'other'`))).toBe('23001');
		expect(
			await refusal(run(`insert into calendar_feeds (person_id, secret_hash) values (77777, 'x')`)),
		).toBe('23503');
		expect(await refusal(run(`insert into clients (name) values (' ')`))).toBe('23514');
		expect(await refusal(run(`insert into clients (name) values (null)`))).toBe('23502');
	});

	test('one id names a whole transaction, and every transaction another', async () => {
		const client = await person(engine().url);
		await client.query('begin');
		const first = await value(client, 'select pg_current_xact_id()::text');
		expect(await value(client, 'select pg_current_xact_id()::text')).toBe(first);
		await client.query('commit');
		expect(await ask('select pg_current_xact_id()::text')).not.toBe(first);
	});

	test('the program’s role is no superuser', async () => {
		expect(await ask('select usesuper from pg_user where usename = current_user')).toBe(false);
	});
}
