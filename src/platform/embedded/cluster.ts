import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Say, StartFault } from '#src/platform/start-fault.ts';
import type { Quarters } from './server-paths.ts';

const run = promisify(execFile);

/** A data directory of Postgres with the password and the log beside it. */
export type Cluster = { data: string; log: string; password: string; quarters: Quarters };

/** Opens the cluster that lives in `quarters`, and creates it in an empty folder. Throws StartFault. */
export async function openCluster(quarters: Quarters, say: Say): Promise<Cluster> {
	const folder = join(quarters.home, 'postgres');
	const data = join(folder, 'data');
	const written = await writtenBy(data);
	if (written === null) await createCluster(folder, quarters, say);
	else checkMajor(written, quarters, data);
	const password = await readPassword(join(folder, 'password'));
	return { data, log: join(folder, 'server.log'), password, quarters };
}

/** The major version that wrote the data, such as «18»; null where there is no data yet. */
async function writtenBy(data: string): Promise<string | null> {
	try {
		return (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (code === 'ENOENT') return null;
		throw new StartFault(
			`Данные в ${data} не читаются (${code}): они принадлежат другому пользователю.`,
		);
	}
}

function checkMajor(written: string, quarters: Quarters, data: string): void {
	const major = quarters.version.split('.')[0];
	if (written !== major)
		throw new StartFault(
			`Данные в ${data} записаны PostgreSQL ${written}, а встроен PostgreSQL ${major}: верните прежнюю версию программы.`,
		);
}

async function readPassword(file: string): Promise<string> {
	return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
		throw new StartFault(`Пароль базы данных не читается из ${file} (${error.code}).`);
	});
}

// The cluster appears under its name whole: killed half-way, this leaves only a draft that nobody opens.
async function createCluster(folder: string, quarters: Quarters, say: Say): Promise<void> {
	say('База данных: создаётся впервые, это займёт несколько секунд');
	const draft = await mkdtemp(join(quarters.home, '.new-postgres-')).catch(
		(error: NodeJS.ErrnoException) => {
			throw new StartFault(
				`Папка данных ${quarters.home} недоступна для записи (${error.code}): проверьте DATA_DIR.`,
			);
		},
	);
	try {
		await fillDraft(draft, quarters);
		await rename(draft, folder);
	} catch (error) {
		await rm(draft, { recursive: true, force: true });
		// Another instance that started at the same moment was quicker: its cluster serves both.
		if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
		throw error;
	}
}

async function fillDraft(draft: string, { owner, binaries }: Quarters): Promise<void> {
	const passwordFile = join(draft, 'password');
	await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
	if (owner) {
		await chown(draft, owner.uid, owner.gid);
		await chown(passwordFile, owner.uid, owner.gid);
	}
	const identity = owner ? { uid: owner.uid, gid: owner.gid } : {};
	const options = [
		...['--pgdata', join(draft, 'data')],
		...['--username', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
		...['--encoding', 'UTF8', '--locale-provider', 'icu', '--icu-locale', 'ru'],
		// pg_trgm asks libc what a letter is: under plain C no Cyrillic one would be.
		...['--locale', process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'],
		...['--lc-messages', 'C'],
	];
	// Detached: Ctrl-C goes to the whole group of the terminal and would cut the creation in two.
	const settings = { ...identity, cwd: '/', env: { PATH: process.env.PATH }, detached: true };
	await run(join(binaries, 'bin/initdb'), options, settings).catch(
		(error: { stderr?: string; code?: string | number }) => {
			const words = error.stderr ?? '';
			const reason =
				/error: (.*)/.exec(words)?.[1] ?? words.split('\n').find(Boolean) ?? error.code;
			throw new StartFault(`Создать базу данных не удалось: ${reason}.`);
		},
	);
}
