import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ROOT } from '#src/config.ts';
import { isAlive, readLock, waitGone } from '#src/platform/embedded/postmaster.ts';

export type Ended = { code: number | null; signal: string | null };

/** A real process of the program. `text` is all it has said so far, `complaints` its standard error. */
export type Program = {
	pid: number;
	text: () => string;
	complaints: () => string;
	/** The address that it says once it is ready; rejects if it ends before. */
	ready: Promise<string>;
	ended: Promise<Ended>;
	kill: (signal: NodeJS.Signals) => Promise<Ended>;
};

type Options = {
	env?: Record<string, string>;
	args?: string[];
	uid?: number;
	gid?: number;
	root?: string;
	/** The Node that runs it. */
	node?: string;
	/** Whether it outlives the test that starts it; whoever says so ends it. */
	lasting?: boolean;
};

// What the programs compile, they keep for each other.
const PLAIN = {
	PATH: process.env.PATH,
	NODE_COMPILE_CACHE: join(tmpdir(), 'moi-prodazhi-compiled'),
};

// On a database of one's own nobody comes in without a password unless that is asked for.
const demoFor = (env: Record<string, string>) => env.DATABASE_URL && { DEMO_SIGN_IN: 'on' };

/** Starts a command of the program in a process of its own, on a free port unless `env` says otherwise. */
export function startProgram(command: string, options: Options): Program {
	const { env = {}, args = [], root = ROOT, node = process.execPath, ...rest } = options;
	const { lasting = false, ...identity } = rest;
	const child = spawn(node, [join(root, 'src/commands', `${command}.ts`), ...args], {
		env: { ...PLAIN, HOST: '127.0.0.1', PORT: '0', ...demoFor(env), ...env },
		cwd: '/',
		stdio: ['ignore', 'pipe', 'pipe'],
		...identity,
	});
	// What a failed test leaves behind must not disturb the next one.
	if (!lasting)
		onTestFinished(() => {
			child.kill('SIGKILL');
		});
	let text = '';
	let complaints = '';
	const ended = new Promise<Ended>((resolve) =>
		child.once('close', (code, signal) => {
			resolve({ code, signal });
		}),
	);
	const ready = new Promise<string>((resolve, reject) => {
		child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
			text += chunk;
			const address = /^Готово: (http:\S+)$/m.exec(text)?.[1];
			if (address) resolve(address);
		});
		child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
			complaints += chunk;
		});
		child.once('close', () => reject(new Error(`ended before it was ready: ${text}${complaints}`)));
	});
	// A test that expects the program to fail never looks at its address.
	ready.catch(() => {});
	return {
		pid: child.pid ?? 0,
		text: () => text,
		complaints: () => complaints,
		ready,
		ended,
		kill(signal) {
			child.kill(signal);
			return ended;
		},
	};
}

/** An empty folder for DATA_DIR that the server's user can enter under root; gone after the test. */
export async function dataFolder(): Promise<string> {
	const folder = await scratchFolder();
	removeAfterTest(folder);
	return folder;
}

/** Like dataFolder, for whoever removes it himself. */
export async function scratchFolder(): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'moi-prodazhi-start-'));
	await chmod(folder, 0o755);
	return folder;
}

/** Ends whatever runs on a folder, and removes it. */
export async function removeFolder(folder: string): Promise<void> {
	const pid = await postmasterOf(folder);
	if (pid !== null) {
		process.kill(pid, 'SIGQUIT');
		await waitGone(pid, 60_000);
	}
	await rm(folder, { recursive: true, force: true });
}

/** Has whatever runs on this folder ended and the folder removed after the test. */
export function removeAfterTest(folder: string): void {
	onTestFinished(async () => await removeFolder(folder));
}

/** The process number of the Postgres that holds the data of `dataDir`; null where none runs. */
export async function postmasterOf(dataDir: string): Promise<number | null> {
	const lock = await readLock(join(dataDir, 'postgres/data'));
	return lock && isAlive(lock.pid) ? lock.pid : null;
}

/** The processes whose parent is `pid`. */
export async function childrenOf(pid: number): Promise<number[]> {
	const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
	return text.split(' ').filter(Boolean).map(Number);
}

/** Kills the server of `dataDir` with all its processes at once, as an empty battery would. */
export async function killServer(dataDir: string): Promise<void> {
	const pid = (await postmasterOf(dataDir)) as number;
	for (const victim of [pid, ...(await childrenOf(pid))]) {
		try {
			process.kill(victim, 'SIGKILL');
		} catch {
			// A child that the death of the first ones ended before its turn.
		}
	}
	await waitGone(pid, 60_000);
}
