import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { parseCronItems } from 'graphile-worker';
import { Type } from 'typebox';
import { afterEach, beforeEach, expect, inject, onTestFinished, test, vi } from 'vitest';
import { readConfig } from '#src/config.ts';
import { dequeue, enqueue } from '#src/platform/jobs/enqueue.ts';
import { beatOnce } from '#src/platform/jobs/takeover.ts';
import { type Task, type Tasks, task } from '#src/platform/jobs/task.ts';
import { watchWork } from '#src/platform/jobs/watch.ts';
import { type RunningWorker, startWorker } from '#src/platform/jobs/worker.ts';
import { tasks as allTasks, schedule } from '#src/tasks.ts';
import { testDatabase } from '../database.ts';
import { statement } from '../global-setup.ts';

const database = await testDatabase();
const { db, pool } = database;

let ran: string[];
let complaints: string[];
const workers: RunningWorker[] = [];

const Named = Type.Object({ name: Type.String() });
const note = task(Named, async ({ name }) => {
	ran.push(name);
});

/** A worker of its own in this process, that looks for jobs often. */
function work(tasks: Tasks = { note }): RunningWorker {
	const complain = (message: string) => {
		complaints.push(message);
	};
	const log = { error: complain, warn: complain, info: () => {}, debug: () => {} };
	const config = readConfig({});
	const worker = startWorker({
		url: database.url,
		config,
		tasks,
		schedule: {},
		log,
		pollInterval: 100,
	});
	workers.push(worker);
	return worker;
}

const jobs = async () =>
	(
		await pool.query<{
			attempts: number;
			max_attempts: number;
			locked_by: string | null;
			last_error: string;
		}>('select attempts, max_attempts, locked_by, last_error from graphile_worker.jobs order by id')
	).rows;

beforeEach(async () => {
	ran = [];
	complaints = [];
	await pool.query('delete from graphile_worker._private_jobs');
});

afterEach(async () => {
	await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

test('a job runs once when its transaction commits, and never when it rolls back', async () => {
	await db.transaction(async (tx) => await enqueue(tx, 'note', { name: 'committed' }));
	await db
		.transaction(async (tx) => {
			await enqueue(tx, 'note', { name: 'rolled back' });
			throw new Error('changed my mind');
		})
		.catch(() => {});
	work();
	await expect.poll(() => ran).toEqual(['committed']);
	await expect.poll(jobs).toEqual([]);
});

test('two workers at once do each job once', async () => {
	const names = Array.from({ length: 40 }, (_, n) => `job ${n}`);
	await db.transaction(async (tx) => {
		for (const name of names) await enqueue(tx, 'note', { name });
	});
	work();
	work();
	await expect.poll(jobs).toEqual([]);
	expect(ran.toSorted()).toEqual(names.toSorted());
});

test('of jobs with one key the last stays, and it can be taken out again', async () => {
	const later = new Date(Date.now() + 3_600_000);
	await enqueue(db, 'note', { name: 'first' }, { key: 'one', runAt: later });
	await enqueue(db, 'note', { name: 'second' }, { key: 'one' });
	await enqueue(db, 'note', { name: 'taken out' }, { key: 'two' });
	await dequeue(db, 'two');
	work();
	await expect.poll(jobs).toEqual([]);
	expect(ran).toEqual(['second']);
});

test('a job that fails is tried again; one that is hopeless is given up and stays to be looked at', async () => {
	await enqueue(db, 'fail', { name: 'again' });
	await enqueue(db, 'note', { name: 7 });
	work({
		note,
		fail: task(Named, async () => {
			throw new Error('not today');
		}),
	});
	await expect
		.poll(async () => (await jobs()).map(({ attempts, last_error }) => [attempts, last_error]))
		.toEqual([
			[1, 'not today'],
			[1, 'the payload is not of the shape that its task takes'],
		]);
	const [failed, hopeless] = await jobs();
	expect(failed?.max_attempts).toBe(25);
	expect(hopeless?.max_attempts).toBe(1);
	expect(ran).toEqual([]);
	expect(complaints.join('\n')).toContain('given up');
});

test('a worker that is told to stop lets its job finish', async () => {
	let begun = false;
	await enqueue(db, 'slow', {});
	const slow: Task = async () => {
		begun = true;
		await pause(600);
		ran.push('finished');
	};
	const worker = work({ slow });
	await expect.poll(() => begun).toBe(true);
	await worker.stop();
	expect(ran).toEqual(['finished']);
	expect(await jobs()).toEqual([]);
	expect((await pool.query('select from job_workers')).rowCount).toBe(0);
});

test('a job that does not end in time is told so and given back', async () => {
	let told = false;
	let begun = false;
	await enqueue(db, 'endless', {});
	const endless: Task = async (_, { signal }) => {
		begun = true;
		signal.addEventListener('abort', () => {
			told = true;
		});
		await pause(60_000, undefined, { ref: false });
	};
	const worker = work({ endless });
	await expect.poll(() => begun).toBe(true);
	await worker.stop();
	expect(told).toBe(true);
	expect(await jobs()).toMatchObject([{ attempts: 1, locked_by: null }]);
});

test('the job of a worker that was killed is taken over, that of a living one is not', async () => {
	await enqueue(db, 'note', { name: 'orphan' }, { queue: 'one after the other' });
	await enqueue(db, 'note', { name: 'nobody knows whose' });
	await enqueue(db, 'note', { name: 'in good hands' });
	const lock = async (name: string, by: string) => {
		await pool.query(
			`update graphile_worker._private_jobs set attempts = 1, locked_by = $2, locked_at = now() - interval '5 minutes'
			where payload->>'name' = $1`,
			[name, by],
		);
	};
	await lock('orphan', 'pool-dead');
	await lock('nobody knows whose', 'pool-unheard');
	await lock('in good hands', 'pool-alive');
	await pool.query(
		`update graphile_worker._private_job_queues set locked_by = 'pool-dead', locked_at = now()`,
	);
	await pool.query(`insert into job_workers values ('pool-dead', now() - interval '5 minutes')`);
	await beatOnce(database, 'pool-alive');
	work();
	await expect.poll(() => ran.toSorted()).toEqual(['nobody knows whose', 'orphan']);
	await expect.poll(jobs).toMatchObject([{ locked_by: 'pool-alive' }]);
	await pool.query('delete from job_workers');
});

/** Ends every connection to this database but the one that asks. */
const cutAll = async () => {
	await pool.query(`
		select pg_terminate_backend(pid) from pg_stat_activity
		where datname = current_database() and pid <> pg_backend_pid()`);
};

test('connections that are cut, the listening one too, do not end the worker', async () => {
	work();
	await enqueue(db, 'note', { name: 'before' });
	await expect.poll(() => ran).toEqual(['before']);
	for (let round = 0; round < 3; round += 1) {
		await cutAll();
		await pause(50);
	}
	await enqueue(db, 'note', { name: 'after' });
	await expect.poll(() => ran).toContain('after');
	await expect.poll(jobs).toEqual([]);
});

test('a job whose end could not be noted is done again, and the worker goes on', async () => {
	let refusing = true;
	await enqueue(db, 'note', { name: 'done' });
	work({
		note: task(Named, async ({ name }) => {
			ran.push(name);
			if (!refusing) return;
			refusing = false;
			await pool.query('alter table graphile_worker._private_jobs rename to away');
			setTimeout(() => {
				pool.query('alter table graphile_worker.away rename to _private_jobs').catch(() => {});
			}, 1000);
		}),
	});
	await expect.poll(() => ran).toEqual(['done', 'done']);
	await expect.poll(jobs).toEqual([]);
	await enqueue(db, 'note', { name: 'next' });
	await expect.poll(() => ran).toContain('next');
});

test('what runs by the clock is a task, at a time that can be read', () => {
	expect(Object.keys(schedule).filter((name) => !(name in allTasks))).toEqual([]);
	const items = Object.entries(schedule).map(([name, match]) => ({ task: name, match }));
	expect(parseCronItems(items)).toHaveLength(items.length);
	expect(Object.keys(allTasks).filter((name) => !/^[a-z]+\.[a-z]+$/.test(name))).toEqual([]);
});

test('after a failover that met three jobs, and a server that could only read, all jobs are done', async () => {
	const names = ['one', 'two', 'three'];
	const name = new URL(database.url).pathname.slice(1);
	const readOnly = async (on: boolean) => {
		const { url } = inject('server');
		const value = on
			? 'set default_transaction_read_only = on'
			: 'reset default_transaction_read_only';
		await statement(url, `alter database ${name} ${value}`);
		await statement(
			url,
			`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
		);
	};
	const begun: string[] = [];
	const failover = Promise.withResolvers<void>();
	for (const one of names) await enqueue(db, 'note', { name: one });
	const inHand = (await jobs()).length;
	work({
		note: task(Named, async (payload, { connection }) => {
			begun.push(payload.name);
			await failover.promise;
			await connection.pool.query('update teams set name = name');
			ran.push(payload.name);
		}),
	});
	await expect.poll(() => begun.toSorted()).toEqual(names.toSorted());
	await readOnly(true);
	failover.resolve();
	await pause(3_000);
	expect(ran).toEqual([]);
	await readOnly(false);
	// What failed is tried again after some seconds; nobody waits for them here.
	const hurried = async () => {
		await pool.query(
			'update graphile_worker._private_jobs set run_at = now() where locked_at is null',
		);
		return (await jobs()).length;
	};
	await expect.poll(hurried, { timeout: 50_000, interval: 500 }).toBe(0);
	expect(ran.toSorted()).toEqual(names.toSorted());
	expect(inHand).toBe(3);
});

test('the work is seen by the work: asked for jobs it goes on, silent or stopping without an end it is over', async () => {
	vi.useFakeTimers();
	onTestFinished(() => {
		vi.useRealTimers();
	});
	const events = new EventEmitter();
	const work = watchWork(events, 2);
	let over = '';
	work.over.catch((error: Error) => {
		over = error.message;
	});
	const pass = async (seconds: number) => await vi.advanceTimersByTimeAsync(seconds * 1_000);
	await pass(15);
	expect(work.goesOn()).toBe(true);
	events.emit('worker:getJob:start');
	await pass(30);
	// Nobody asks for jobs, and one hand is free: it gives no sign of life any more.
	events.emit('job:start');
	await pass(30);
	expect([work.goesOn(), over]).toEqual([false, '']);
	events.emit('job:start');
	// Both have a job in hand, for as long as it takes.
	await pass(600);
	expect([work.goesOn(), over]).toEqual([true, '']);
	events.emit('job:complete');
	await pass(62);
	expect([work.goesOn(), over]).toEqual([false, 'it asks for no jobs']);

	const stopping = watchWork(events, 2);
	stopping.over.catch((error: Error) => {
		over = error.message;
	});
	events.emit('pool:gracefulShutdown');
	await pass(5);
	expect([stopping.goesOn(), over]).toEqual([false, 'it asks for no jobs']);
	await pass(7);
	expect(over).toBe('it stops and does not end');
	work.end();
	stopping.end();
});
