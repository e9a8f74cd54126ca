import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { access, chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '#src/platform/embedded/postmaster.ts';
import { statement } from '../global-setup.ts';

/*
 * Servers that nobody here packaged: the machine's own PostgreSQL and PgBouncer, each started for a test file on a
 * free port and in a folder of its own.
 */

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';
const PGBOUNCER = '/usr/sbin/pgbouncer';
const NAME = 'moi_prodazhi';
const PASSWORD = 'not-a-secret-here';

/** The oldest server of the machine that the program takes; null where none is installed. */
export async function ownPostgres(): Promise<string | null> {
	const versions = await readdir(DEBIAN).catch(() => []);
	const known = versions.filter((one) => Number(one) >= 15).sort((a, b) => Number(a) - Number(b));
	for (const version of known) {
		const folder = join(DEBIAN, version, 'bin');
		if (await there(join(folder, 'initdb'))) return folder;
	}
	return null;
}

/** Whether PgBouncer is installed. */
export const ownPooler = (): Promise<boolean> => there(PGBOUNCER);

/** Whether the machine's PgBouncer keeps the plans of its clients: from 1.21 on. */
export async function carriesPlans(): Promise<boolean> {
	const { stdout } = await run(PGBOUNCER, ['--version']);
	const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
	return Number(major) > 1 || Number(minor) >= 21;
}

const there = (path: string) =>
	access(path).then(
		() => true,
		() => false,
	);

// Neither of the two runs as root.
function identity(): { uid?: number; gid?: number } {
	if (process.getuid?.() !== 0) return {};
	const of = (flag: string) => Number(execFileSync('id', [flag, 'postgres']).toString());
	return { uid: of('-u'), gid: of('-g') };
}

async function ownFolder(): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'moi-prodazhi-engine-'));
	const { uid, gid } = identity();
	if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
	return folder;
}

/** A running server. `url` is the program's own role, no superuser, on an empty database; `pid` its postmaster. */
export type OwnServer = { url: string; adminUrl: string; pid: number; stop: () => Promise<void> };

/** Creates a cluster and starts it. `settings` are the server's own, such as `max_connections`. */
export async function startPostgres(
	programs: string,
	settings: Record<string, string> = {},
): Promise<OwnServer> {
	const folder = await ownFolder();
	const data = join(folder, 'data');
	const passwordFile = join(folder, 'password');
	await writeFile(passwordFile, PASSWORD);
	const locale = ['--locale-provider', 'icu', '--icu-locale', 'ru', '--locale', 'C.UTF-8'];
	await run(
		join(programs, 'initdb'),
		[
			...['--pgdata', data, '--username', 'postgres', '--pwfile', passwordFile],
			...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-sync', ...locale],
		],
		{ ...identity(), cwd: '/' },
	);
	const port = await freePort();
	const options = {
		...{ listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' },
		...{ fsync: 'off', full_page_writes: 'off', autovacuum: 'off' },
		...settings,
	};
	const child = spawn(
		join(programs, 'postgres'),
		['-D', data, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
		{ ...identity(), cwd: '/', stdio: 'ignore' },
	);
	const address = (user: string, base: string) =>
		`postgres://${user}:${PASSWORD}@127.0.0.1:${port}/${base}`;
	const adminUrl = address('postgres', 'postgres');
	await untilAnswers(adminUrl);
	await statement(adminUrl, `create role ${NAME} login createdb password '${PASSWORD}'`);
	await statement(adminUrl, `create database ${NAME} owner ${NAME}`);
	return {
		...{ url: address(NAME, NAME), adminUrl, pid: child.pid ?? 0 },
		stop: () => end(child, 'SIGQUIT', folder),
	};
}

/** PgBouncer in transaction mode in front of the database of `url`. Its own address takes the same name and password. */
export async function startPooler(
	url: string,
	poolSize = 5,
): Promise<{ url: string; stop: () => Promise<void> }> {
	const folder = await ownFolder();
	const { port: behind, username } = new URL(url);
	const port = await freePort();
	await writeFile(join(folder, 'users'), `"${username}" "${PASSWORD}"\n`);
	const settings = {
		...{ listen_addr: '127.0.0.1', listen_port: port, unix_socket_dir: '' },
		...{ auth_type: 'scram-sha-256', auth_file: join(folder, 'users') },
		...{ pool_mode: 'transaction', default_pool_size: poolSize, max_client_conn: 500 },
	};
	const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
	const config = join(folder, 'pgbouncer.ini');
	await writeFile(
		config,
		`[databases]\n* = host=127.0.0.1 port=${behind}\n[pgbouncer]\n${lines.join('\n')}\n`,
	);
	const child = spawn(PGBOUNCER, ['-q', config], { ...identity(), cwd: '/', stdio: 'ignore' });
	const own = Object.assign(new URL(url), { port: String(port) }).href;
	await untilAnswers(own);
	return { url: own, stop: () => end(child, 'SIGTERM', folder) };
}

async function untilAnswers(url: string): Promise<void> {
	for (let attempt = 1; ; attempt++) {
		const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
		client.on('error', () => {});
		try {
			await client.connect();
			await client.query('select 1');
			return;
		} catch (error) {
			if (attempt === 300) throw error;
			await pause(100);
		} finally {
			await client.end().catch(() => {});
		}
	}
}

async function end(child: ChildProcess, signal: NodeJS.Signals, folder: string): Promise<void> {
	const ended = new Promise((resolve) => child.once('close', resolve));
	if (child.exitCode === null && child.signalCode === null) {
		child.kill(signal);
		await ended;
	}
	await rm(folder, { recursive: true, force: true });
}
