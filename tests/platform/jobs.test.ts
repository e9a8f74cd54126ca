import { parseCronItems } from 'graphile-worker';
import { Type } from 'typebox';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { dequeue, enqueue } from '#src/platform/jobs/enqueue.ts';
import { beatOnce } from '#src/platform/jobs/reclaim.ts';
import { type Task, type Tasks, task } from '#src/platform/jobs/task.ts';
import { type RunningWorker, startWorker } from '#src/platform/jobs/worker.ts';
import { tasks as allTasks, schedule } from '#src/tasks.ts';
import { testDatabase } from '../database.ts';

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
	const end = Promise.withResolvers<void>();
	await enqueue(db, 'slow', {});
	const slow: Task = async () => {
		begun = true;
		await end.promise;
		ran.push('finished');
	};
	const worker = work({ slow });
	await expect.poll(() => begun).toBe(true);
	const stopped = worker.stop();
	end.resolve();
	await stopped;
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
		await new Promise(() => {});
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

/** Whether the worker listens again. */
const listening = async () => {
	const { rowCount } = await pool.query(`
		select from pg_stat_activity where datname = current_database() and query ilike 'listen%'`);
	return (rowCount ?? 0) > 0;
};

test('connections that are cut, the listening one too, do not end the worker', async () => {
	work();
	await enqueue(db, 'note', { name: 'before' });
	await expect.poll(() => ran).toEqual(['before']);
	for (let round = 0; round < 3; round += 1) {
		await cutAll();
		await expect.poll(listening).toBe(true);
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
		}),
	});
	// The end of the job could not be noted, and that is told.
	await expect.poll(() => complaints.length).toBeGreaterThan(0);
	await pool.query('alter table graphile_worker.away rename to _private_jobs');
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
