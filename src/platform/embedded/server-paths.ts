import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Say, StartFault } from '#src/platform/start-fault.ts';
import { copyBinaries, findBinaries, versionFor } from './binaries.ts';

const run = promisify(execFile);

/** Where root puts what the server's user could not reach inside root's own folders. */
const COMMON_GROUND = '/var/lib/moi-prodazhi';

/** A user of the machine other than the one that runs the program. */
export type Owner = { name: string; uid: number; gid: number };

/**
 * Who the server runs as (null: whoever runs the program), where its programs stand and in which folder
 * it lives. `version` is the server's, such as «18.4».
 */
export type Quarters = { owner: Owner | null; binaries: string; home: string; version: string };

/**
 * Finds quarters for the server of `dataDir`. Postgres refuses to run as root, so under root it gets a
 * user of its own and, where that user cannot enter, a place that it can; `say` is told about it.
 * Throws StartFault.
 */
export async function findQuarters(dataDir: string, say: Say): Promise<Quarters> {
	const isRoot = process.getuid?.() === 0;
	const home = isRoot ? await homeUnderRoot(dataDir) : { folder: dataDir, owner: null };
	if (home.folder !== dataDir) await makeFolder(COMMON_GROUND);
	await makeFolder(home.folder);
	if (home.folder !== dataDir)
		say(
			`База данных: данные стоят в ${home.folder}, потому что в ${dataDir} пользователю ${home.owner?.name} было не войти`,
		);
	return { ...(await reachableBinaries(home.owner, say)), owner: home.owner, home: home.folder };
}

async function homeUnderRoot(dataDir: string): Promise<{ folder: string; owner: Owner }> {
	const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
	const retreat = join(COMMON_GROUND, hash);
	// Existing data wins over every other consideration: a company's deals must not seem to vanish.
	for (const folder of [dataDir, retreat]) {
		const owner = await ownerOfData(join(folder, 'postgres'));
		if (!owner) continue;
		if (await canEnter(owner, folder)) return { folder, owner };
		throw new StartFault(`Пользователю ${owner.name} не войти в папку своих данных ${folder}.`);
	}
	const owner = await serverUser();
	await makeFolder(dataDir);
	return { folder: (await canEnter(owner, dataDir)) ? dataDir : retreat, owner };
}

async function reachableBinaries(owner: Owner | null, say: Say) {
	const packaged = await findBinaries();
	const version = await versionFor(owner, packaged.folder);
	if (version) return { binaries: packaged.folder, version };
	if (owner) {
		const binaries = await copyBinaries(packaged, COMMON_GROUND);
		const copied = await versionFor(owner, binaries);
		if (copied) {
			say(
				`База данных: программы PostgreSQL стоят в ${binaries}, потому что в node_modules пользователю ${owner.name} не войти`,
			);
			return { binaries, version: copied };
		}
	}
	throw new StartFault(
		`Встроенный PostgreSQL не запускается из ${packaged.folder}: повторите «npm ci» или задайте DATABASE_URL.`,
	);
}

async function makeFolder(folder: string): Promise<void> {
	try {
		await makePath(folder);
	} catch (error) {
		const reason = (error as NodeJS.ErrnoException).code ?? String(error);
		throw new StartFault(
			`Папка данных ${folder} недоступна для записи (${reason}): проверьте DATA_DIR.`,
		);
	}
}

// Not mkdir's own `recursive`: under /proc, where nothing can be made, Node 24 turns in circles in it.
async function makePath(folder: string): Promise<void> {
	try {
		await mkdir(folder);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
		if (code !== 'ENOENT' || (await stat(dirname(folder)).catch(() => null))) throw error;
		await makePath(dirname(folder));
		await mkdir(folder);
	}
	// Root's umask may close what root creates, and the server's user has to pass through.
	if (process.getuid?.() === 0) await chmod(folder, 0o755);
}

/** Whoever the data belongs to runs its server; root's own folders never hold data that Postgres wrote. */
async function ownerOfData(folder: string): Promise<Owner | null> {
	const facts = await stat(folder).catch(() => null);
	if (!facts || facts.uid === 0) return null;
	return { name: await nameOf(facts.uid), uid: facts.uid, gid: facts.gid };
}

async function serverUser(): Promise<Owner> {
	const existing = await userCalled('postgres');
	if (existing) return existing;
	const command = ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'];
	// After «su» root's PATH may lack the folder that useradd stands in. A failure leaves us «nobody».
	await run('useradd', command, { env: { PATH: `${process.env.PATH}:/usr/sbin` } }).catch(() => {});
	const user = (await userCalled('postgres')) ?? (await userCalled('nobody'));
	if (user) return user;
	throw new StartFault(
		'PostgreSQL не работает от имени root, а завести пользователя postgres не удалось: запустите программу обычным пользователем.',
	);
}

async function userCalled(name: string): Promise<Owner | null> {
	try {
		const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
		return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
	} catch {
		return null;
	}
}

async function nameOf(uid: number): Promise<string> {
	return run('id', ['-un', String(uid)]).then(
		({ stdout }) => stdout.trim(),
		() => String(uid),
	);
}

async function canEnter(owner: Owner, folder: string): Promise<boolean> {
	const identity = { uid: owner.uid, gid: owner.gid, cwd: '/' };
	return run('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], identity).then(
		() => true,
		() => false,
	);
}
