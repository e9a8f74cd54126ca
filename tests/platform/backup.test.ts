import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { moveDeal } from '#src/features/deals/actions.ts';
import { writeBackup } from '#src/platform/backup/backup.ts';
import { restoreBackup } from '#src/platform/backup/restore.ts';
import { type Connection, connect } from '#src/platform/db/client.ts';
import { migrate } from '#src/platform/db/migrate.ts';
import { knownMigrations } from '#src/platform/db/migrations.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { databaseUrl, statement } from '../global-setup.ts';
import { type Ledger, ledgerOf } from '../ledger.ts';
import { preparedData } from './prepared.ts';
import { dataFolder, startProgram } from './program.ts';

const database = await testDatabase();
const earlierData = await preparedData();
const folder = await mkdtemp(join(tmpdir(), 'moi-prodazhi-backup-'));
const emptied: { name: string; connection: Connection }[] = [];
let cast: Cast;
let whole: string;
let ledger: Ledger;

/** A database of its own: with nothing in it, not even tables, or with all tables and nobody in them. */
async function emptyDatabase(template = 'template0'): Promise<Connection & { url: string }> {
	const { url } = inject('server');
	const name = `test_empty_${process.pid}_${randomBytes(4).toString('hex')}`;
	await statement(url, `create database ${name} template ${template}`);
	const address = databaseUrl(url, name);
	const connection = connect(address);
	emptied.push({ name, connection });
	return { ...connection, url: address };
}

beforeAll(async () => {
	cast = await makeCast(database.db);
	// Everything that COPY has to write in another way, and a row larger than any block.
	await database.pool.query(
		`insert into clients (name, region, source) values (E'Клиент\\t«\\\\.»\\n\\\\.\\nи\\r', '', $1)`,
		['\\N'],
	);
	await database.pool.query(
		`insert into events (type, at, door, data) values ('test.long', now(), 'api', jsonb_build_object('text', repeat('Ёж ', 100000)))`,
	);
	await enqueue(database.db, 'nobody.knows', { about: 'a job that waits' }, { key: 'kept' });
	whole = join(folder, 'whole.backup');
	await writeBackup(database.pool, whole);
	ledger = await ledgerOf(database);
});

afterAll(async () => {
	for (const { name, connection } of emptied) {
		await connection.close();
		await statement(inject('server').url, `drop database ${name} with (force)`);
	}
	await rm(folder, { recursive: true, force: true });
});

const rowsOf = async <T>({ pool }: Connection, sql: string): Promise<T[]> =>
	(await pool.query(sql)).rows as T[];

/** What the schema consists of, in words: it must come back as it was. */
const SCHEMA = `select pg_get_triggerdef(oid) || tgenabled::text as part from pg_trigger where not tgisinternal
	union all select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint where conrelid <> 0
	union all select indexdef from pg_indexes where schemaname = 'public'
	order by 1`;

test('a restored database is equal in every table, sequence, key and trigger', async () => {
	const other = await emptyDatabase();
	const manifest = await restoreBackup(other.pool, whole);
	expect(await ledgerOf(other)).toEqual(ledger);
	expect(await rowsOf(other, SCHEMA)).toEqual(await rowsOf(database, SCHEMA));
	const jobs = `select task_identifier, key, payload from graphile_worker.jobs
		join graphile_worker._private_jobs using (id, key)`;
	expect(await rowsOf(other, jobs)).toEqual(await rowsOf(database, jobs));
	expect(await rowsOf(other, jobs)).toHaveLength(1);
	// Counted once: tallies and summaries came as rows, and no trigger wrote them a second time.
	expect(manifest.tables.find(({ table }) => table === 'public.deals')?.rows).toBe(10);
	const again = join(folder, 'again.backup');
	const second = await writeBackup(other.pool, again);
	expect(second.tables).toEqual(manifest.tables);
	expect(second.sequences).toEqual(manifest.sequences);

	// People go on working in it: new ids, triggers, keys, append-only history.
	const { id } = await makeDeal(other.db, cast, 'anna', { amount: '10.00' });
	expect(id).toBeGreaterThan(Math.max(...Object.values(cast.deals)));
	const tallied = await rowsOf<{ n: number }>(
		other,
		'select sum(deals)::int as n from deal_tallies',
	);
	expect(tallied[0]?.n).toBe(11);
	await expect(other.pool.query('delete from events')).rejects.toThrow('append-only');
	await expect(other.pool.query('delete from people')).rejects.toThrow('foreign key');
});

test('a backup under writes shows one moment: no deal without its history, no sum that disagrees', async () => {
	let over = false;
	let written = 0;
	const writers = (['anna', 'boris', 'vera', 'gleb'] as const).map(async (login) => {
		for (let turn = 0; !over; turn++) {
			const { id } = await makeDeal(database.db, cast, login, {
				amount: '100.00',
				client: { name: `Клиент ${login} ${turn}`, inn: null },
				plan: { plannedOn: '2026-12-01' },
			});
			const move = { dealId: id, version: 1, stageId: cast.open[1 + (turn % 4)]?.id as number };
			await moveDeal(database.db, by(cast.people[login]), move);
			written += 1;
		}
	});
	await expect.poll(() => written).toBeGreaterThan(20);
	const path = join(folder, 'busy.backup');
	const manifest = await writeBackup(database.pool, path);
	const during = written;
	await expect.poll(() => written).toBeGreaterThan(during);
	over = true;
	await Promise.all(writers);

	const other = await emptyDatabase();
	await restoreBackup(other.pool, path);
	const again = await writeBackup(other.pool, join(folder, 'busy-again.backup'));
	expect(again.tables).toEqual(manifest.tables);
	const disagreeing = await rowsOf(
		other,
		`select d.id from deals d where d.stage_id is distinct from
			(select to_stage_id from stage_changes c where c.deal_id = d.id order by c.id desc limit 1)
			or not exists (select from events e where e.deal_id = d.id and e.type = 'deal.created')
			or d.version - 1 > (select count(*) from events e where e.deal_id = d.id and e.type <> 'deal.created')`,
	);
	expect(disagreeing).toEqual([]);
	const tallies = `select stage_id, sum(deals)::int as deals, sum(amount)::text as amount from deal_tallies group by 1 having sum(deals) <> 0 order by 1`;
	const counted = `select stage_id, count(*)::int as deals, coalesce(sum(amount), 0)::numeric(20, 2)::text as amount from deals group by 1 order by 1`;
	expect(await rowsOf(other, tallies)).toEqual(await rowsOf(other, counted));
	const summaries = await rowsOf(
		other,
		`select s.client_id from client_summaries s where s.open_deals <>
			(select count(*) from deals d where d.client_id = s.client_id and d.closed_on is null)`,
	);
	expect(summaries).toEqual([]);
});

test('only an empty database takes a backup; one with people or with foreign tables is refused by name', async () => {
	const before = await ledgerOf(database);
	await expect(restoreBackup(database.pool, whole)).rejects.toThrow(
		/В базе «test_.*» уже есть люди \(Анна Соколова, Борис Лунин, Вера Павлова…\)/,
	);
	expect(await ledgerOf(database)).toEqual(before);
	const foreign = await emptyDatabase();
	await foreign.pool.query('create table orders (id int)');
	await expect(restoreBackup(foreign.pool, whole)).rejects.toThrow('таблицы другой программы');
});

test('a file that is cut anywhere is refused by name before anything is touched', async () => {
	const bytes = await readFile(whole);
	const other = await emptyDatabase();
	for (const part of [0, 0.001, 0.3, 0.9])
		await refuse(bytes.subarray(0, bytes.length * part), /обрезан/);
	await refuse(bytes.subarray(0, bytes.length - 1), /обрезан/);
	// Cut before it was packed: gzip is content, the end is missing all the same.
	const text = gunzipSync(bytes);
	const lastLine = text.lastIndexOf('\n', text.length - 2) + 1;
	for (const end of [lastLine, text.length >> 1, 40])
		await refuse(gzipSync(text.subarray(0, end)), /обрезан/);

	async function refuse(content: Buffer, why: RegExp) {
		const path = join(folder, 'cut.backup');
		await writeFile(path, content);
		await expect(restoreBackup(other.pool, path)).rejects.toThrow(why);
		await expect(restoreBackup(other.pool, path)).rejects.toThrow('«cut.backup»');
		expect(await rowsOf(other, `select from pg_tables where schemaname = 'public'`)).toEqual([]);
	}
});

test('a file that was altered anywhere is refused by name, packed again or not', async () => {
	const bytes = await readFile(whole);
	const text = gunzipSync(bytes);
	const other = await emptyDatabase();
	const altered = (content: Buffer, at: number) => {
		const copy = Buffer.from(content);
		copy[at] = (copy[at] ?? 0) ^ 1;
		return copy;
	};
	for (const part of [0.2, 0.5, 0.8]) await refuse(altered(bytes, Math.floor(bytes.length * part)));
	const amount = text.indexOf('120000.00');
	const manifest = text.lastIndexOf('"rows":');
	for (const at of [amount, manifest + 7, text.length - 10])
		await refuse(gzipSync(altered(text, at)));
	await refuse(gzipSync(Buffer.concat([text, Buffer.from('more\n')])));

	async function refuse(content: Buffer) {
		const path = join(folder, 'altered.backup');
		await writeFile(path, content);
		await expect(restoreBackup(other.pool, path)).rejects.toThrow(
			/Файл «altered.backup» (изменён|обрезан)/,
		);
		expect(await rowsOf(other, `select from pg_tables where schemaname = 'public'`)).toEqual([]);
	}
});

test('what is no backup, is not there, or comes from a newer program is told apart', async () => {
	const other = await emptyDatabase();
	const path = join(folder, 'other.backup');
	for (const content of ['не копия', gzipSync('что-то другое\n')]) {
		await writeFile(path, content);
		await expect(restoreBackup(other.pool, path)).rejects.toThrow(
			'«other.backup» не похож на резервную копию',
		);
	}
	await expect(restoreBackup(other.pool, join(folder, 'absent'))).rejects.toThrow(
		'«absent» не читается (ENOENT)',
	);
	const ahead = await emptyDatabase(inject('server').template);
	await ahead.pool.query(
		`insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', 9999999999999)`,
	);
	const newer = join(folder, 'newer.backup');
	await writeBackup(ahead.pool, newer);
	await expect(restoreBackup(other.pool, newer)).rejects.toThrow('программа новее этой');
});

test('a backup of an older schema comes in as it was, and is brought up to date', async () => {
	const old = await emptyDatabase();
	const known = knownMigrations().map(({ at }) => at);
	await migrate(old.pool, { only: known.slice(0, -1) });
	await old.pool.query(`insert into teams (name) values ('Прежние')`);
	const path = join(folder, 'old.backup');
	await writeBackup(old.pool, path);
	const other = await emptyDatabase();
	const { migrations } = await restoreBackup(other.pool, path);
	expect(migrations).toEqual(known.slice(0, -1));
	expect(await rowsOf(other, 'select name from teams')).toEqual([{ name: 'Прежние' }]);
	const applied = await rowsOf(other, 'select from drizzle.__drizzle_migrations');
	expect(applied).toHaveLength(known.length);
});

test('a restore that fails half-way leaves the database empty, and the next one succeeds', async () => {
	const broken = await emptyDatabase(inject('server').template);
	await broken.pool.query('alter table teams drop constraint teams_parent_id_teams_id_fk');
	await broken.pool.query(`insert into teams (name, parent_id) values ('Без верха', 77777)`);
	const path = join(folder, 'orphan.backup');
	await writeBackup(broken.pool, path);
	const other = await emptyDatabase();
	await expect(restoreBackup(other.pool, path)).rejects.toThrow('foreign key');
	expect(await rowsOf(other, 'select from teams')).toEqual([]);
	expect(await rowsOf(other, 'select from stages')).toHaveLength(7);
	await restoreBackup(other.pool, whole);
	expect(await ledgerOf(other)).toEqual(ledger);
});

test('an earlier backup is never written over, and one that was interrupted leaves no file', async () => {
	const before = await readFile(whole);
	await expect(writeBackup(database.pool, whole)).rejects.toThrow('«whole.backup» уже есть');
	expect((await readFile(whole)).equals(before)).toBe(true);
	const interrupted = join(folder, 'interrupted.backup');
	await expect(writeBackup(database.pool, interrupted, AbortSignal.abort())).rejects.toThrow();
	await expect(writeBackup(database.pool, join(folder, 'no/where.backup'))).rejects.toThrow(
		'«where.backup» не записана (ENOENT)',
	);
	const left = await readdir(folder);
	expect(left.filter((name) => /interrupted|part$/.test(name))).toEqual([]);
	expect((await stat(whole)).mode & 0o777).toBe(0o600);
});

test('npm run backup of the running program, npm run restore on an empty folder, npm start on it', {
	timeout: 600_000,
}, async () => {
	const [first, second] = [await earlierData(), await dataFolder()];
	const program = startProgram('start', { env: { DATA_DIR: first } });
	await program.ready;
	const path = join(folder, 'demo.backup');
	const backup = startProgram('backup', { env: { DATA_DIR: first }, args: [path] });
	expect(await backup.ended).toEqual({ code: 0, signal: null });
	expect(backup.text()).toMatch(
		/Копия: \S+demo\.backup, таблиц: \d+, строк: [\d\s]+, байт: [\d\s]+/,
	);
	await program.kill('SIGTERM');
	const refused = startProgram('restore', { env: { DATA_DIR: first }, args: [path] });
	expect(await refused.ended).toEqual({ code: 1, signal: null });
	expect(refused.complaints()).toMatch(/В базе «moi_prodazhi» уже есть люди/);
	const restore = startProgram('restore', { env: { DATA_DIR: second }, args: [path] });
	expect(await restore.ended).toEqual({ code: 0, signal: null });
	expect(restore.text()).toMatch(/Возвращено: копия от \S+, таблиц: \d+/);
	const next = startProgram('start', { env: { DATA_DIR: second } });
	const address = await next.ready;
	expect(next.text()).not.toContain('Демо-компания');
	const body = new URLSearchParams({ login: 'ada' });
	const answer = await fetch(`${address}/sign-in`, { method: 'POST', body, redirect: 'manual' });
	expect(answer.status).toBe(303);
	await next.kill('SIGTERM');
	const nothing = startProgram('backup', { args: [] });
	expect(await nothing.ended).toEqual({ code: 1, signal: null });
	expect(nothing.complaints()).toContain('npm run backup -- ФАЙЛ');
});
