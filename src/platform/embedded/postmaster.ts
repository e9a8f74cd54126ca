import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';

const LOG_LIMIT_BYTES = 10_000_000;

/** What the server's own lock file says. `status` is Postgres's word: starting, ready, stopping. */
export type Lock = { pid: number; port: number; status: string };

/** Server settings by name, such as `{ fsync: 'off' }`. */
export type ServerSettings = Record<string, string>;

const SETTINGS: ServerSettings = {
	listen_addresses: '127.0.0.1',
	unix_socket_directories: '',
	shared_buffers: '128MB',
	effective_cache_size: '512MB',
	// Above the largest DATABASE_POOL, with room for a second instance and the commands.
	max_connections: '250',
	// Postgres's default of 4 is for disks that turn.
	random_page_cost: '1.1',
	log_line_prefix: '%m [%p] ',
	log_checkpoints: 'off',
};

/** Reads postmaster.pid; null where no server holds the folder. The file is Postgres's alone: it is never written or deleted here. */
export async function readLock(data: string): Promise<Lock | null> {
	const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
	const [pid, , , port, , , , status] = text.split('\n');
	if (!pid) return null;
	// While it starts, a standalone or single-user server writes its pid with a minus.
	return { pid: Math.abs(Number(pid)), port: Number(port ?? 0), status: (status ?? '').trim() };
}

/** Whether a process of this number runs; a dead one that its parent has not fetched yet does not. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
	try {
		return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
	} catch {
		return process.platform !== 'linux';
	}
}

/** The command line of a running process; empty where the machine does not tell. */
export function commandOf(pid: number): string {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
	} catch {
		return '';
	}
}

/** Waits until the process is gone, `limitMs` at most; true if it is. */
export async function waitGone(pid: number, limitMs: number): Promise<boolean> {
	for (const until = Date.now() + limitMs; Date.now() < until; await pause(25))
		if (!isAlive(pid)) return true;
	return !isAlive(pid);
}

/** A port of 127.0.0.1 that is free at the moment. */
export function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const probe = createServer();
		probe.once('error', reject);
		probe.listen(0, '127.0.0.1', () => {
			const address = probe.address();
			probe.close(() => resolve(address && typeof address === 'object' ? address.port : 0));
		});
	});
}

/**
 * Starts the server in a session of its own, so that Ctrl-C on the terminal does not reach it, and waits
 * until it takes connections, however long it needs to recover. Returns its lock, or the last words of
 * its log if it would not run; `signal` ends the waiting, and the server with it.
 */
export async function launch(
	cluster: Cluster,
	port: number,
	settings: ServerSettings,
	signal: AbortSignal,
): Promise<Lock | { refusal: string }> {
	const logBefore = await trimLog(cluster.log);
	const child = await spawnServer(cluster, { ...SETTINGS, ...settings, port: String(port) });
	let exited = false;
	child.once('exit', () => {
		exited = true;
	});
	while (!exited) {
		const lock = await readLock(cluster.data);
		if (lock?.pid === child.pid && lock?.status === 'ready') return lock;
		if (signal.aborted) child.kill('SIGINT');
		await pause(20);
	}
	return { refusal: await lastWords(cluster.log, logBefore) };
}

async function spawnServer(cluster: Cluster, settings: ServerSettings): Promise<ChildProcess> {
	const { owner, binaries } = cluster.quarters;
	const log = await open(cluster.log, 'a', 0o600);
	try {
		if (owner) await log.chown(owner.uid, owner.gid);
		const child = spawn(
			join(binaries, 'bin/postgres'),
			['-D', cluster.data, ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`])],
			{
				...(owner ? { uid: owner.uid, gid: owner.gid } : {}),
				cwd: '/',
				env: { PATH: process.env.PATH, TZ: process.env.TZ },
				detached: true,
				stdio: ['ignore', log.fd, log.fd],
			},
		);
		await new Promise((resolve, reject) => {
			child.once('spawn', resolve);
			child.once('error', reject);
		});
		child.unref();
		return child;
	} finally {
		await log.close();
	}
}

/** Sets a grown log aside; returns the size in bytes of what is there already. */
async function trimLog(file: string): Promise<number> {
	const size = (await stat(file).catch(() => null))?.size ?? 0;
	if (size < LOG_LIMIT_BYTES) return size;
	await rename(file, `${file}.old`);
	return 0;
}

async function lastWords(file: string, from: number): Promise<string> {
	const lines = (await readFile(file)).subarray(from).toString('utf8').split('\n');
	const complaint = lines.findLast((line) => /\b(FATAL|PANIC|ERROR):/.test(line)) ?? lines.at(-2);
	return (complaint ?? '').replace(/^.*?(FATAL|PANIC|ERROR): +/, '');
}
