import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import {
	Logger,
	parseCronItems,
	type Runner,
	run,
	type TaskList,
	type WorkerEvents,
	type WorkerPool,
} from 'graphile-worker';
import type { Config } from '#src/config.ts';
import { type Connection, connect } from '#src/platform/db/client.ts';
import { keepBeating } from './reclaim.ts';
import { HopelessJob, type Schedule, type Tasks } from './task.ts';
import { watchWork } from './watch.ts';

/** Where the worker writes what went wrong; the application's own logger. */
export type Log = Record<'error' | 'warn' | 'info' | 'debug', (message: string) => void>;

export type WorkerParts = {
	/** Address of the database past any pooler: the queue LISTENs. The worker has a small pool of its own. */
	url: string;
	config: Config;
	tasks: Tasks;
	schedule: Schedule;
	log: Log;
	now?: () => Date;
	/** How often, in ms, it looks for jobs that no notification told of. */
	pollInterval?: number;
};

/** `stop` lets jobs under way finish for some seconds, and gives back those that take longer. */
export type RunningWorker = { stop: () => Promise<void> };

const CONCURRENCY = 3;
/** A connection for each job, one that listens, and some for taking and finishing jobs. */
const CONNECTIONS = 6;
const POLL_MS = 2_000;
/** No job's statement takes so long unless the database is stuck; without an end it would keep its place for ever. */
const PATIENCE_MS = 600_000;
const FINISH_JOBS_MS = 5_000;
/** A query that hangs must not keep the program. */
const FORCE_MS = 1_500;
const RESTART_MS = 3_000;
/** The library looks at its schema before it begins. */
const START_MS = 30_000;
const CRON_ATTEMPTS = 3;

/**
 * Works on the queue until told to stop, whatever happens to the database meanwhile: connections come back by themselves,
 * and a runner that gave up, or that nothing is heard of, is left to itself and another one started. Never throws.
 */
export function startWorker(parts: WorkerParts): RunningWorker {
	const leaving = new AbortController();
	const ended = new Set<string>();
	let runner: Runner | undefined;
	let crew: WorkerPool | undefined;
	let stopped: Promise<void> | undefined;

	// With connections of its own: what a runner that was left behind still wants from the database, it is refused.
	async function runOnce(): Promise<void> {
		const connection = connect(parts.url, CONNECTIONS, PATIENCE_MS);
		const events: WorkerEvents = new EventEmitter();
		events.on('pool:create', ({ workerPool }) => {
			crew = workerPool;
		});
		const work = watchWork(events, CONCURRENCY);
		const over = new AbortController();
		const signal = AbortSignal.any([leaving.signal, over.signal]);
		const log = onceAnOutage(parts.log, events);
		let endBeating: (() => Promise<void>) | undefined;
		let left = true;
		const starting = startRunner({ ...parts, log }, connection, events, signal);
		try {
			if (await takesLonger(settled(starting), START_MS)) throw new Error('it does not start');
			runner = await starting;
			endBeating = keepBeating({ id: crew?.id ?? '', ended, connection, log, alive: work.goesOn });
			if (leaving.signal.aborted) await runner.stop();
			const ends = runner.promise.finally(() => {
				left = false;
			});
			await Promise.race([ends, work.over]);
		} finally {
			work.end();
			over.abort();
			// Nobody waits for a promise of the library's without an end.
			starting.then((late) => late.promise, settled).catch(() => {});
			if (left) await takesLonger(settled(crew?.forcefulShutdown('it stands still')), FORCE_MS);
			await takesLonger(settled(endBeating?.()), FORCE_MS);
			await takesLonger(settled(connection.close()), FORCE_MS);
		}
	}

	const working = (async () => {
		while (!leaving.signal.aborted) {
			try {
				await runOnce();
			} catch (error) {
				parts.log.error(`the worker ended and starts again: ${messageOf(error)}`);
			}
			await pause(RESTART_MS, undefined, { signal: leaving.signal }).catch(() => {});
		}
	})();

	async function stop(): Promise<void> {
		leaving.abort();
		if (await takesLonger(settled(runner?.stop()), FINISH_JOBS_MS))
			await takesLonger(settled(crew?.forcefulShutdown('the program ends')), FORCE_MS);
		await takesLonger(working, 2 * FORCE_MS);
	}
	return {
		stop() {
			stopped ??= stop();
			return stopped;
		},
	};
}

/** The library tells of each attempt; during one outage each kind of fault is one line, until a job is asked for again. */
function onceAnOutage(log: Log, events: WorkerEvents): Log {
	const told = new Set<string>();
	events.on('worker:getJob:empty', () => told.clear());
	events.on('job:start', () => told.clear());
	const once = (level: 'error' | 'warn') => (message: string) => {
		const kind = message.replace(/\d{1,20}|'[^']{0,200}'/g, '');
		if (told.has(kind)) return;
		told.add(kind);
		log[level](message);
	};
	const { info, debug } = log;
	return { error: once('error'), warn: once('warn'), info: info.bind(log), debug: debug.bind(log) };
}

async function startRunner(
	{ config, tasks, schedule, log, now = () => new Date(), pollInterval = POLL_MS }: WorkerParts,
	connection: Connection,
	events: WorkerEvents,
	signal: AbortSignal,
): Promise<Runner> {
	return await run({
		pgPool: connection.pool,
		concurrency: CONCURRENCY,
		pollInterval,
		noHandleSignals: true,
		// A transaction pooler in between keeps no prepared statements.
		noPreparedStatements: true,
		events,
		logger: new Logger(() => (level, message) => log[LEVELS[level] ?? 'debug'](message)),
		// In batches of one, but with the failure handled: unbatched, a job that cannot be marked as done
		// because the database is away is a promise that nobody catches, and ends the process.
		preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
		taskList: taskList(tasks, { connection, config, now, signal }, log),
		parsedCronItems: parseCronItems(
			Object.entries(schedule).map(([task, match]) => ({
				task,
				match,
				identifier: task,
				options: { maxAttempts: CRON_ATTEMPTS, jobKey: task },
			})),
		),
	});
}

/** What the library finds worth saying at which level; its «info» tells of every job. */
const LEVELS: Record<string, keyof Log> = {
	error: 'error',
	warning: 'warn',
	info: 'debug',
	debug: 'debug',
};

function taskList(tasks: Tasks, setting: Parameters<Tasks[string]>[1], log: Log): TaskList {
	return Object.fromEntries(
		Object.entries(tasks).map(([name, task]) => [
			name,
			async (payload: unknown, { job }: { job: { id: string } }) => {
				try {
					await task(withoutClock(payload), setting);
				} catch (error) {
					if (!(error instanceof HopelessJob)) throw error;
					log.error(`job ${job.id} (${name}) is given up: ${error.message}`);
					await giveUp(setting.connection, job.id);
					throw error;
				}
			},
		]),
	);
}

// The clock adds when it struck; tasks take payloads of a known shape.
function withoutClock(payload: unknown): unknown {
	if (typeof payload !== 'object' || payload === null) return payload;
	const { _cron, ...own } = payload as Record<string, unknown>;
	return own;
}

async function giveUp({ pool }: Connection, id: string): Promise<void> {
	await pool.query(
		'update graphile_worker._private_jobs set max_attempts = attempts where id = $1',
		[id],
	);
}

async function takesLonger(work: Promise<unknown>, ms: number): Promise<boolean> {
	return await Promise.race([work.then(() => false), pause(ms, true, { ref: false })]);
}

async function settled(work: unknown): Promise<void> {
	try {
		await work;
	} catch {
		// Whatever went wrong was said already; here it only matters that it is over.
	}
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
