import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Type } from 'typebox';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { readConfig } from '#src/config.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { type Task, task } from '#src/platform/jobs/task.ts';
import { watchWork } from '#src/platform/jobs/watch.ts';
import { startWorker } from '#src/platform/jobs/worker.ts';
import { testDatabase } from '../database.ts';
import { statement } from '../global-setup.ts';

const database = await testDatabase();
const { db, pool } = database;
const Named = Type.Object({ name: Type.String() });
const ran: string[] = [];

/** A worker of its own in this process, that looks for jobs often, until the test is over. */
function work(note: Task): void {
	const silent = () => {};
	const log = { error: silent, warn: silent, info: silent, debug: silent };
	const worker = startWorker({
		...{ url: database.url, config: readConfig({}), tasks: { note }, schedule: {}, log },
		pollInterval: 100,
	});
	onTestFinished(() => worker.stop());
}

const jobs = async () => (await pool.query('select from graphile_worker.jobs')).rowCount;

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
	const inHand = await jobs();
	work(
		task(Named, async (payload, { connection }) => {
			begun.push(payload.name);
			await failover.promise;
			await connection.pool.query('update teams set name = name');
			ran.push(payload.name);
		}),
	);
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
		return await jobs();
	};
	await expect.poll(hurried, { interval: 500 }).toBe(0);
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
