import { spawn } from 'node:child_process';
import { chown, mkdir, readFile, stat, watch, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { startEmbedded } from '#src/platform/embedded/embedded.ts';
import { isAlive } from '#src/platform/embedded/postmaster.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { asOrdinary } from './ordinary.ts';
import { preparedData } from './prepared.ts';
import { dataFolder, killServer, postmasterOf, startProgram } from './program.ts';

const silent = () => {};
const earlierData = await preparedData();
const isRoot = process.getuid?.() === 0;

async function ask(url: string, sql: string): Promise<unknown> {
	const client = new pg.Client({ connectionString: url });
	client.on('error', silent);
	await client.connect();
	try {
		return Object.values((await client.query(sql)).rows[0] ?? {})[0];
	} finally {
		await client.end();
	}
}

test('what is stored is there after a stop and a start, and the password stays the same', async () => {
	const dataDir = await dataFolder();
	const first = await startEmbedded({ dataDir, say: silent });
	await ask(first.url, 'create table kept as select 42 as answer');
	await first.stop();
	expect(await postmasterOf(dataDir)).toBeNull();
	const second = await startEmbedded({ dataDir, say: silent });
	expect(await ask(second.url, 'select answer from kept')).toBe(42);
	expect(new URL(second.url).password).toBe(new URL(first.url).password);
	expect((await stat(join(dataDir, 'postgres/password'))).mode & 0o777).toBe(0o600);
	await second.stop();
});

test('a server left over by a killed program is adopted, used and stopped in the end', async () => {
	const DATA_DIR = await earlierData();
	const killed = startProgram('start', { env: { DATA_DIR } });
	await killed.ready;
	const orphan = await postmasterOf(DATA_DIR);
	await killed.kill('SIGKILL');
	expect(orphan && isAlive(orphan)).toBe(true);

	const next = startProgram('start', { env: { DATA_DIR } });
	await next.ready;
	expect(next.text()).toContain('принят уже работающий');
	expect(await postmasterOf(DATA_DIR)).toBe(orphan);
	expect(await next.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	expect(orphan && isAlive(orphan)).toBe(false);
});

test('a start while the old server is shutting down waits for it and comes up', async () => {
	const dataDir = await dataFolder();
	const first = await startEmbedded({ dataDir, say: silent });
	await ask(first.url, 'create table kept as select 42 as answer');
	const dying = (await postmasterOf(dataDir)) as number;
	// A smart shutdown goes on for as long as somebody is connected: a server that takes its time to die.
	const lingering = new pg.Client({ connectionString: first.url });
	lingering.on('error', silent);
	await lingering.connect();
	process.kill(dying, 'SIGTERM');
	const second = startEmbedded({ dataDir, say: silent });
	// The new program has knocked, and was told so.
	const log = async () => await readFile(join(dataDir, 'postgres/server.log'), 'utf8');
	await expect.poll(log).toContain('the database system is shutting down');
	await lingering.end();
	await first.stop();
	const server = await second;
	expect(await ask(server.url, 'select answer from kept')).toBe(42);
	await server.stop();
	expect(await postmasterOf(dataDir)).toBeNull();
});

test('a server killed with all its processes is started again under the running program, nothing lost', async () => {
	const dataDir = await dataFolder();
	const lines: string[] = [];
	const server = await startEmbedded({ dataDir, say: (line) => lines.push(line) });
	await ask(server.url, 'create table kept as select 42 as answer');
	for (let round = 0; round < 3; round++) {
		await killServer(dataDir);
		const answer = () => ask(server.url, 'select answer from kept').catch(() => 'away');
		await expect.poll(answer).toBe(42);
	}
	const told = () => lines.some((line) => line.includes('запущен снова'));
	await expect.poll(told).toBe(true);
	await server.stop();
	expect(await postmasterOf(dataDir)).toBeNull();
});

test('postmaster.pid naming a dead process hinders nobody', async () => {
	const dataDir = await dataFolder();
	await (await startEmbedded({ dataDir, say: silent })).stop();
	const passer = spawn('true');
	await new Promise((resolve) => passer.once('close', resolve));
	await writeFile(join(dataDir, 'postgres/data/postmaster.pid'), `${passer.pid}\n/nowhere\n0\n1\n`);
	const server = await startEmbedded({ dataDir, say: silent });
	expect(await ask(server.url, 'select 1')).toBe(1);
	await server.stop();
});

test('postmaster.pid naming a foreign live process is told in a sentence and never deleted', async () => {
	const dataDir = await dataFolder();
	await (await startEmbedded({ dataDir, say: silent })).stop();
	const { uid, gid } = await stat(join(dataDir, 'postgres/data'));
	// Of the server's own user: another user's process Postgres itself knows to be no server of these data.
	const foreign = spawn('sleep', ['600'], { uid, gid });
	const lock = join(dataDir, 'postgres/data/postmaster.pid');
	const content = `${foreign.pid}\n/nowhere\n1700000000\n1\n\n127.0.0.1\n\nready\n`;
	await writeFile(lock, content);
	await chown(lock, uid, gid);
	try {
		const start = startEmbedded({ dataDir, say: silent });
		await expect(start).rejects.toThrow(StartFault);
		await expect(start).rejects.toThrow(
			new RegExp(`занят процессом ${foreign.pid} \\(sleep 600\\)`),
		);
		expect(await readFile(lock, 'utf8')).toBe(content);
		expect(foreign.exitCode).toBeNull();
	} finally {
		foreign.kill('SIGKILL');
		await new Promise((resolve) => foreign.once('close', resolve));
	}
	const server = await startEmbedded({ dataDir, say: silent });
	await server.stop();
});

test('a creation killed half-way leaves nothing that the next start trips over', async () => {
	const DATA_DIR = await dataFolder();
	const changes = watch(DATA_DIR);
	const killed = startProgram('start', { env: { DATA_DIR } });
	for await (const { filename } of changes) if (filename?.startsWith('.new-')) break;
	await killed.kill('SIGKILL');
	const server = await startEmbedded({ dataDir: DATA_DIR, say: silent });
	expect(await ask(server.url, 'select 1')).toBe(1);
	await server.stop();
});

test('data of another major version are refused in a sentence and left alone', async () => {
	const dataDir = await dataFolder();
	await mkdir(join(dataDir, 'postgres/data'), { recursive: true });
	const version = join(dataDir, 'postgres/data/PG_VERSION');
	await writeFile(version, '17\n');
	await expect(startEmbedded({ dataDir, say: silent })).rejects.toThrow(/записаны PostgreSQL 17/);
	expect(await readFile(version, 'utf8')).toBe('17\n');
});

test('a server that will not run says why, in its own words', async () => {
	const dataDir = await dataFolder();
	const settings = { shared_buffers: 'plenty' };
	const start = startEmbedded({ dataDir, say: silent, settings });
	await expect(start).rejects.toThrow(/PostgreSQL не запустился: .*shared_buffers/);
});

test.runIf(isRoot)('data made by an ordinary user are served under root as that user', async () => {
	const DATA_DIR = await dataFolder();
	const ordinary = await asOrdinary();
	await chown(DATA_DIR, ordinary.uid, ordinary.gid);
	const first = startProgram('migrate', { env: { DATA_DIR }, ...ordinary });
	expect(await first.ended).toEqual({ code: 0, signal: null });
	const server = await startEmbedded({ dataDir: DATA_DIR, say: silent });
	const pid = await postmasterOf(DATA_DIR);
	expect((await stat(`/proc/${pid}`)).uid).toBe(ordinary.uid);
	await server.stop();
	const again = startProgram('migrate', { env: { DATA_DIR }, ...ordinary });
	expect(await again.ended).toEqual({ code: 0, signal: null });
});
