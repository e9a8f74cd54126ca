import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { type Engine, person, refusal, value } from './engine.ts';

/** What is relied on where several people, or several programs, do something at once. */
export function together(engine: () => Engine): void {
	const listening = async () => {
		const client = await person(engine().directUrl);
		const heard: string[] = [];
		client.on('notification', ({ payload }) => heard.push(payload ?? ''));
		await client.query('listen contract');
		return heard;
	};
	const begin = async () => {
		const client = await person(engine().url);
		await client.query('begin');
		return client;
	};
	const counter = async (name: string) => {
		await engine().pool.query(
			`create table ${name} (id int primary key, version int not null, state text)`,
		);
		await engine().pool.query(
			`insert into ${name} select n, 1, 'open' from generate_series(1, 5) n`,
		);
	};

	test('NOTIFY arrives at the commit and not before; equal ones of a transaction are one', async () => {
		const heard = await listening();
		const writer = await begin();
		await writer.query(`select pg_notify('contract', 'first'), pg_notify('contract', 'first')`);
		await engine().pool.query(`select pg_notify('contract', 'another')`);
		await expect.poll(() => heard).toEqual(['another']);
		await writer.query('commit');
		await expect.poll(() => heard).toEqual(['another', 'first']);
	});

	test('NOTIFY is dropped with its transaction', async () => {
		const heard = await listening();
		const writer = await begin();
		await writer.query(`select pg_notify('contract', 'never')`);
		await writer.query('rollback');
		await engine().pool.query(`select pg_notify('contract', 'after')`);
		await expect.poll(() => heard).toEqual(['after']);
	});

	test('NOTIFY carries 7999 bytes and refuses more', async () => {
		const heard = await listening();
		await engine().pool.query(`select pg_notify('contract', $1)`, ['x'.repeat(7_999)]);
		await expect.poll(() => heard[0]?.length).toBe(7_999);
		const more = engine().pool.query(`select pg_notify('contract', $1)`, ['x'.repeat(8_000)]);
		expect(await refusal(more)).toBe('22023');
	});

	test('what was notified while nobody listened is not kept', async () => {
		await engine().pool.query(`select pg_notify('contract', 'lost')`);
		const heard = await listening();
		await engine().pool.query(`select pg_notify('contract', 'heard')`);
		await expect.poll(() => heard).toEqual(['heard']);
	});

	test('an advisory transaction lock is tried without waiting, and ends with commit, rollback and death', async () => {
		const take = 'select pg_try_advisory_xact_lock(424242) as mine';
		for (const ending of ['commit', 'rollback', 'death']) {
			const first = await begin();
			expect(await value(first, take)).toBe(true);
			expect(await value(engine().pool, take)).toBe(false);
			if (ending === 'death') await first.end();
			else await first.query(ending);
			await expect.poll(() => value(engine().pool, take)).toBe(true);
		}
	});

	test('an advisory transaction lock that is waited for comes with the end of the other', async () => {
		const [first, second] = [await begin(), await begin()];
		await first.query('select pg_advisory_xact_lock(4243)');
		let mine = false;
		const waiting = second.query('select pg_advisory_xact_lock(4243)').then(() => {
			mine = true;
		});
		await pause(50);
		expect(mine).toBe(false);
		await first.query('commit');
		await waiting;
		expect(mine).toBe(true);
	});

	test('of ten who update from one version one wins', async () => {
		await counter('races');
		const tries = Array.from({ length: 10 }, () =>
			engine().pool.query('update races set version = version + 1 where id = 1 and version = 1'),
		);
		const won = (await Promise.all(tries)).filter(({ rowCount }) => rowCount === 1);
		expect(won).toHaveLength(1);
		expect(await value(engine().pool, 'select version from races where id = 1')).toBe(2);
	});

	test('READ COMMITTED is the default, and an UPDATE that waited looks at its condition again', async () => {
		expect(await value(engine().pool, 'show transaction_isolation')).toBe('read committed');
		await counter('rechecks');
		const first = await begin();
		await first.query(`update rechecks set state = 'closed' where id = 1`);
		const second = engine().pool.query(`update rechecks set version = 9 where state = 'open'`);
		await pause(50);
		await first.query('commit');
		expect((await second).rowCount).toBe(4);
	});

	test('SKIP LOCKED skips what another has, and finds the rest', async () => {
		await counter('queues');
		const take = 'select id from queues order by id limit 2 for update skip locked';
		const [first, second] = [await begin(), await begin()];
		expect((await first.query(take)).rows).toEqual([{ id: 1 }, { id: 2 }]);
		expect((await second.query(take)).rows).toEqual([{ id: 3 }, { id: 4 }]);
	});

	test('FOR UPDATE waits; lock_timeout for one transaction ends the waiting', async () => {
		await counter('waits');
		const [first, second] = [await begin(), await begin()];
		await first.query('select from waits where id = 1 for update');
		await second.query(`set local lock_timeout = '50ms'`);
		expect(await refusal(second.query('select from waits where id = 1 for update'))).toBe('55P03');
	});

	test('of two in a deadlock one is told and the other goes on', async () => {
		await counter('circles');
		const [first, second] = [await begin(), await begin()];
		await first.query('update circles set version = 2 where id = 1');
		await second.query('update circles set version = 2 where id = 2');
		const told = await Promise.all([
			refusal(first.query('update circles set version = 3 where id = 2')),
			refusal(second.query('update circles set version = 3 where id = 1')),
		]);
		expect(told.sort()).toEqual(['40P01', null]);
	});

	test('two who insert one key at once: ON CONFLICT waits and sees the other', async () => {
		await counter('keys');
		const first = await begin();
		await first.query(`insert into keys values (9, 1, 'mine')`);
		const second = engine().pool.query(
			`insert into keys values (9, 1, 'theirs') on conflict (id) do nothing`,
		);
		await pause(50);
		await first.query('commit');
		expect((await second).rowCount).toBe(0);
		expect(await value(engine().pool, 'select state from keys where id = 9')).toBe('mine');
	});

	test('ids are no order of commits: a later id may be seen before an earlier one', async () => {
		await engine().pool.query(
			'create table moments (id bigint primary key generated always as identity)',
		);
		const first = await begin();
		await first.query('insert into moments default values');
		await engine().pool.query('insert into moments default values');
		expect((await engine().pool.query('select id from moments')).rows).toEqual([{ id: 2 }]);
		await first.query('rollback');
		await engine().pool.query('insert into moments default values');
		expect((await engine().pool.query('select id from moments order by 1')).rows).toEqual([
			{ id: 2 },
			{ id: 3 },
		]);
	});

	test('REPEATABLE READ goes on seeing its first moment, in COPY too', async () => {
		await counter('moment');
		const reader = await person(engine().url);
		await reader.query('begin isolation level repeatable read read only');
		expect(await value(reader, 'select count(*)::int from moment')).toBe(5);
		await engine().pool.query('delete from moment where id < 4');
		expect(await value(reader, 'select count(*)::int from moment')).toBe(5);
		expect(await value(engine().pool, 'select count(*)::int from moment')).toBe(2);
	});

	test('SET LOCAL and set_config(…, true) end with their transaction', async () => {
		const client = await begin();
		await client.query(`set local statement_timeout = '1234ms'`);
		await client.query(`select set_config('app.undoing_import', 'yes', true)`);
		expect(await value(client, 'show statement_timeout')).toBe('1234ms');
		await client.query('commit');
		for (let turn = 0; turn < 20; turn++) {
			const left = `select current_setting('statement_timeout') || coalesce(current_setting('app.undoing_import', true), '')`;
			expect(await value(engine().pool, left)).not.toMatch(/1234|yes/);
		}
	});

	test('statement_timeout for one transaction cancels a statement, and the connection lives on', async () => {
		const client = await begin();
		await client.query(`set local statement_timeout = '50ms'`);
		expect(await refusal(client.query('select pg_sleep(30)'))).toBe('57014');
		await client.query('rollback');
		expect(await value(client, 'select 1')).toBe(1);
	});

	test('a connection that dies takes its transaction with it', async () => {
		await counter('deaths');
		const client = await begin();
		await client.query(`update deaths set state = 'half' where id = 1`);
		const pid = await value(client, 'select pg_backend_pid()');
		await engine().pool.query('select pg_terminate_backend($1)', [pid]);
		expect(await refusal(client.query('commit'))).not.toBeNull();
		const free = `update deaths set version = 2 where id = 1 and state = 'open'`;
		await expect.poll(async () => (await engine().pool.query(free)).rowCount).toBe(1);
	});

	test('a job comes with its transaction and goes with it; a key makes it the only one', async () => {
		const { db, pool } = engine();
		const count = () =>
			value(pool, `select count(*)::int from graphile_worker.jobs where key = 'contract'`);
		const failing = db.transaction(async (tx) => {
			await enqueue(tx, 'contract.none', {}, { key: 'contract' });
			throw new Error('on purpose');
		});
		await expect(failing).rejects.toThrow('on purpose');
		expect(await count()).toBe(0);
		await enqueue(db, 'contract.none', { turn: 1 }, { key: 'contract' });
		await enqueue(db, 'contract.none', { turn: 2 }, { key: 'contract' });
		expect(await count()).toBe(1);
	});

	test('fifty questions with parameters at once share what connections there are', async () => {
		const asked = Array.from({ length: 50 }, (_, n) =>
			value(engine().pool, 'select $1::int + pg_backend_pid() * 0', [n]),
		);
		expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, (_, n) => n));
	});
}
