import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLock } from '#src/platform/embedded/postmaster.ts';

/** Ticks of the kernel's account in a second; a constant of Linux' interface to programs. */
const TICKS = 100;

/** Processor time in milliseconds: of the application, and of the server's processes together. */
export type Processor = { app: number; postgres: number };

/** What the kernel has counted so far for the application and for the children of the server's first process. */
export async function processorOf(app: number, postmaster: number): Promise<Processor> {
	const pids = (await readdir('/proc')).filter((one) => /^\d+$/.test(one));
	const all = await Promise.all(pids.map(readStat));
	const used = (of: (one: Stat) => boolean) =>
		all.reduce((sum, one) => sum + (one !== null && of(one) ? one.ms : 0), 0);
	return {
		app: used(({ pid }) => pid === app),
		postgres: used(({ parent }) => parent === postmaster),
	};
}

type Stat = { pid: number; parent: number; ms: number };

// Of a process that ended meanwhile nothing is known any more.
async function readStat(pid: string): Promise<Stat | null> {
	const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
	if (text === null) return null;
	// The name in brackets may hold anything.
	const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
	const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
	return {
		pid: Number(pid),
		parent: parent ?? 0,
		ms: (((user ?? 0) + (system ?? 0)) * 1000) / TICKS,
	};
}

/** The first process of the embedded server on this folder. */
export async function postmasterOf(dataDir: string): Promise<number> {
	const lock = await readLock(join(dataDir, 'postgres/data'));
	if (lock === null) throw new Error(`no server holds ${dataDir}`);
	return lock.pid;
}
