import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type pg from 'pg';
import { StartFault } from '#src/platform/start-fault.ts';
import { copied, keptTables, migrationsNow, sequencesNow } from './contents.ts';
import { copyOut } from './copy.ts';
import { backupText, type Manifest } from './file.ts';

/** Personal data, and what sessions are known by. */
const OWNER_ONLY = 0o600;
const GZIP_LEVEL = 3;

/**
 * Writes everything that the database holds at one moment into the file `path`, while others go on writing; returns
 * what it has written. Under its name the file appears whole or not at all. Throws StartFault where the file
 * is there already or cannot be written, and where the database is none of ours.
 */
export async function writeBackup(
	pool: pg.Pool,
	path: string,
	signal?: AbortSignal,
): Promise<Manifest> {
	const name = basename(path);
	if (await stat(path).catch(() => null))
		throw new StartFault(`Файл «${name}» уже есть: назовите другой, прежняя копия не стирается.`);
	const draft = `${path}.part`;
	try {
		const manifest = await withSnapshot(pool, async (client) => {
			let told: Manifest | undefined;
			const text = snapshotText(client, (manifest) => {
				told = manifest;
			});
			await pipeline(
				Readable.from(text, { objectMode: false }),
				createGzip({ level: GZIP_LEVEL }),
				createWriteStream(draft, { mode: OWNER_ONLY }),
				...(signal ? [{ signal }] : []),
			);
			return told as Manifest;
		});
		await reachDisk(draft);
		await rename(draft, path);
		await reachDisk(dirname(path));
		return manifest;
	} catch (error) {
		await rm(draft, { force: true });
		const { code = '' } = error as NodeJS.ErrnoException;
		if (/^E[A-Z]+$/.test(code) && 'syscall' in (error as object) && 'path' in (error as object))
			throw new StartFault(
				`Копия в «${name}» не записана (${code}): проверьте папку и место на диске.`,
			);
		if (code === 'ENOSPC')
			throw new StartFault(`Копия в «${name}» не записана: на диске нет места.`);
		throw error;
	}
}

// What the power takes away is not a backup.
async function reachDisk(path: string): Promise<void> {
	const handle = await open(path, 'r');
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}

/** Everything in one transaction, and so at one moment; nobody waits for it but who changes the schema. */
async function withSnapshot<T>(
	pool: pg.Pool,
	work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
	const client = await pool.connect();
	let broken = true;
	try {
		await client.query('begin isolation level repeatable read read only');
		await client.query('set local statement_timeout = 0');
		await client.query('set local idle_in_transaction_session_timeout = 0');
		const done = await work(client);
		await client.query('commit');
		broken = false;
		return done;
	} finally {
		// Rows of an interrupted COPY may still be on their way.
		client.release(broken);
	}
}

async function* snapshotText(
	client: pg.PoolClient,
	tell: (manifest: Manifest) => void,
): AsyncGenerator<Buffer> {
	const migrations = await migrationsNow(client);
	const tables = await keptTables(client);
	// Held to the end, so that no migration changes what has been listed.
	await client.query(
		`lock table ${tables.map(({ table }) => table).join(', ')} in access share mode`,
	);
	const facts = {
		takenAt: new Date().toISOString(),
		server: await serverVersion(client),
		...migrations,
		sequences: await sequencesNow(client),
	};
	yield* backupText(
		tables,
		(table) => copyOut(client, `copy ${copied(table)} to stdout`),
		(measured) => {
			const manifest = { ...facts, tables: measured };
			tell(manifest);
			return manifest;
		},
	);
}

async function serverVersion(client: pg.ClientBase): Promise<string> {
	const { rows } = await client.query<{ server_version: string }>('show server_version');
	return rows[0]?.server_version ?? '';
}
