import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { isAlive } from '#src/platform/embedded/postmaster.ts';
import { testDatabase } from '../database.ts';
import { databaseUrl, statement } from '../global-setup.ts';
import { freePort } from '../ports.ts';
import { asOrdinary } from './ordinary.ts';
import { preparedData } from './prepared.ts';
import { childrenOf, dataFolder, postmasterOf, startProgram } from './program.ts';

const database = await testDatabase();
const earlierData = await preparedData();
/** A small demo company shows as much of how a start goes as a large one. */
const FEW = { DEMO_DEALS: '50' };

/** One plain sentence in Russian on standard error, and nothing like a stack. */
function expectSentence(complaints: string, saying: RegExp): void {
	expect(complaints).toMatch(saying);
	expect(complaints.trim().split('\n')).toHaveLength(1);
	expect(complaints).not.toMatch(/\bat .*\.ts:|node:internal/);
}

test('the first start in an empty folder says its steps, fills in the demo company and answers', async () => {
	const DATA_DIR = await dataFolder();
	const program = startProgram('start', { env: { DATA_DIR, ...FEW } });
	const address = await program.ready;
	expect(program.text()).toMatch(
		/База данных: .*PostgreSQL 18.*\nСхема: применено миграций: \d+\n/,
	);
	expect(program.text()).toMatch(/Демо-компания: интересов: 50,/);
	expect(program.text().trimEnd().split('\n').at(-1)).toBe(`Готово: ${address}`);
	expect((await fetch(`${address}/healthz`)).status).toBe(200);

	expect(await program.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	expect(await postmasterOf(DATA_DIR)).toBeNull();
});

test('the second start finds the data, migrates nothing and seeds nothing', async () => {
	const program = startProgram('start', { env: { DATA_DIR: await earlierData() } });
	await program.ready;
	expect(program.text()).toContain('Схема: без изменений');
	expect(program.text()).not.toMatch(/создаётся|Демо-компания/);
	expect(await program.kill('SIGINT')).toEqual({ code: 0, signal: null });
});

test('SIGTERM stops the app, then the server with all its processes', async () => {
	const DATA_DIR = await earlierData();
	const program = startProgram('start', { env: { DATA_DIR } });
	await program.ready;
	const server = (await postmasterOf(DATA_DIR)) as number;
	const processes = [server, ...(await childrenOf(server))];
	expect(await program.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	const steps = program.text().trimEnd().split('\n').slice(-3);
	expect(steps).toEqual(['Останавливаемся', 'База данных: останавливается', 'Остановлено']);
	expect(processes.filter(isAlive)).toEqual([]);
});

test('a request under way when SIGTERM comes gets its answer', async () => {
	const program = startProgram('start', { env: { DATABASE_URL: database.url } });
	const address = await program.ready;
	const holder = await database.pool.connect();
	await holder.query('begin');
	await holder.query('lock table people');
	const answer = fetch(`${address}/sign-in`);
	const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
	// By another connection: within its transaction the holder would see the same picture for ever.
	await expect.poll(async () => (await database.pool.query(waiting)).rowCount).not.toBe(0);
	const ended = program.kill('SIGTERM');
	await expect.poll(program.text).toContain('Останавливаемся');
	await holder.query('rollback');
	holder.release();
	expect((await answer).status).toBe(200);
	expect(await ended).toEqual({ code: 0, signal: null });
});

test('a repeated signal, as npm and the terminal both send one, changes nothing', async () => {
	const DATA_DIR = await earlierData();
	const program = startProgram('start', { env: { DATA_DIR } });
	await program.ready;
	process.kill(program.pid, 'SIGINT');
	process.kill(program.pid, 'SIGTERM');
	expect(await program.kill('SIGINT')).toEqual({ code: 0, signal: null });
	expect(await postmasterOf(DATA_DIR)).toBeNull();
});

test('a signal while the database or the demo company is being made ends in order, and the next start works', async () => {
	const DATA_DIR = await dataFolder();
	for (const moment of ['создаётся', 'Демо-компания: заводим']) {
		const hasty = startProgram('start', { env: { DATA_DIR, ...FEW } });
		await expect.poll(hasty.text).toContain(moment);
		expect(await hasty.kill('SIGINT')).toEqual({ code: 0, signal: null });
		expect(await postmasterOf(DATA_DIR)).toBeNull();
	}
	const next = startProgram('migrate', { env: { DATA_DIR } });
	expect(await next.ended).toEqual({ code: 0, signal: null });
});

test('DATABASE_URL starts no server of our own and writes no demo data', async () => {
	const DATA_DIR = join(await dataFolder(), 'never');
	const env = { DATA_DIR, DATABASE_URL: database.url };
	const program = startProgram('start', { env });
	await program.ready;
	expect(program.text()).not.toMatch(/Демо-компания|встроенный/);
	expect(existsSync(DATA_DIR)).toBe(false);
	expect((await database.pool.query('select from people')).rowCount).toBe(0);
	expect(await program.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	expect((await database.pool.query('select 1')).rowCount).toBe(1);
});

test('what the start asked by is closed before pages are asked for', async () => {
	const seen = `select coalesce(array_agg(pid), '{}') as pids, pg_backend_pid() as own from pg_stat_activity
		where datname = current_database() and application_name = 'moi-prodazhi'`;
	const look = async (): Promise<{ pids: number[]; own: number }> =>
		(await database.pool.query(seen)).rows[0];
	const before = (await look()).pids;
	const env = { DATABASE_URL: database.url, WORKER: 'off' };
	const program = startProgram('start', { env });
	await program.ready;
	// Whoever asks may do so by a new connection: an old one is closed when it was idle for long.
	const others = async () => {
		const { pids, own } = await look();
		return pids.filter((pid) => pid !== own && !before.includes(pid));
	};
	await expect.poll(others).toEqual([]);
	expect(await program.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a start waits in words for a database that is not there yet', async () => {
	const port = await freePort();
	const url = Object.assign(new URL(database.url), { port: String(port) }).href;
	const program = startProgram('start', { env: { DATABASE_URL: url, WORKER: 'off' } });
	await expect.poll(program.text).toMatch(/ещё не принимает соединений: ждём/);
	const way = createServer((near) => {
		const far = connect(Number(new URL(database.url).port), '127.0.0.1');
		for (const end of [near, far]) end.on('error', () => {});
		near.pipe(far).pipe(near);
	}).listen(port, '127.0.0.1');
	onTestFinished(() => void way.close());
	await program.ready;
	expect(program.text().match(/ждём/g)).toHaveLength(1);
	expect(await program.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('two instances that start at once on one new database both come up, and each migration is applied once', async () => {
	const { url } = inject('server');
	const name = `test_twins_${process.pid}`;
	await statement(url, `create database ${name}`);
	try {
		const env = { DATABASE_URL: databaseUrl(url, name) };
		const twins = [startProgram('start', { env }), startProgram('start', { env })];
		await Promise.all(twins.map((twin) => twin.ready));
		const said = twins.map((twin) => /Схема: (.*)/.exec(twin.text())?.[1]);
		// One that builds indexes lets the other in between: they may share the rest.
		const applied = said.map((words) =>
			Number(/применено миграций: (\d+)/.exec(words ?? '')?.[1] ?? 0),
		);
		expect(applied.reduce((sum, n) => sum + n)).toBe(
			(await readdir(join(ROOT, 'drizzle'))).filter((name) => name.endsWith('.sql')).length,
		);
		await Promise.all(twins.map((twin) => twin.kill('SIGTERM')));
	} finally {
		await statement(url, `drop database ${name} with (force)`);
	}
});

test('two instances that start at once in one empty folder share one server, and the last to leave stops it', async () => {
	const DATA_DIR = await dataFolder();
	const twins = [1, 2].map(() => startProgram('start', { env: { DATA_DIR, ...FEW } }));
	await Promise.all(twins.map((twin) => twin.ready));
	const server = await postmasterOf(DATA_DIR);
	const [one, two] = twins;
	expect(await one?.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	expect(one?.text()).toContain('оставлена работать');
	expect(await postmasterOf(DATA_DIR)).toBe(server);
	expect((await fetch(`${await two?.ready}/healthz`)).status).toBe(200);
	expect(await two?.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	expect(await postmasterOf(DATA_DIR)).toBeNull();
});

test('the migrate command brings the schema up to date and ends', async () => {
	const program = startProgram('migrate', { env: { DATABASE_URL: database.url } });
	expect(await program.ended).toEqual({ code: 0, signal: null });
	expect(program.text()).toContain('Схема: без изменений');
});

test('a taken port is told before any database is touched', async () => {
	const DATA_DIR = join(await dataFolder(), 'never');
	const holder = createServer().listen(0, '127.0.0.1');
	await new Promise((resolve) => holder.once('listening', resolve));
	const { port } = holder.address() as { port: number };
	const program = startProgram('start', { env: { DATA_DIR, PORT: String(port) } });
	expect((await program.ended).code).toBe(1);
	expectSentence(program.complaints(), new RegExp(`Порт ${port} занят`));
	expect(existsSync(DATA_DIR)).toBe(false);
	holder.close();
});

test('a data folder that cannot be written is named', async () => {
	const file = join(await dataFolder(), 'file');
	await writeFile(file, '');
	const blocked = startProgram('start', { env: { DATA_DIR: join(file, 'data') } });
	expect((await blocked.ended).code).toBe(1);
	expectSentence(blocked.complaints(), /Папка данных .* недоступна для записи/);
});

test.runIf(process.getuid?.() === 0)(
	'an ordinary user in somebody else’s folder is told so',
	async () => {
		const DATA_DIR = await dataFolder();
		const stranger = startProgram('start', { env: { DATA_DIR }, ...(await asOrdinary()) });
		expect((await stranger.ended).code).toBe(1);
		expectSentence(stranger.complaints(), /Папка данных .* недоступна для записи/);
	},
);

test.each([
	['a server that nobody runs', 'postgres://a:b@127.0.0.1:1/c', /127\.0\.0\.1:1\/c не отвечает/],
	['a host that does not exist', 'postgres://a:b@no-such-host.invalid/c', /не отвечает/],
	['a text that is no address', 'postgres://a:b@host:port/c', /DATABASE_URL не похож на адрес/],
	['another kind of database', 'mysql://a:b@127.0.0.1/c', /DATABASE_URL/],
])(
	'DATABASE_URL naming %s gives one sentence without the password',
	async (_title, url, saying) => {
		const program = startProgram('start', { env: { DATABASE_URL: url } });
		expect((await program.ended).code).toBe(1);
		expectSentence(program.complaints(), saying);
	},
);

test('a wrong password and an absent database are told apart', async () => {
	const wrong = Object.assign(new URL(database.url), {
		username: 'nobody_known',
		password: 'wrong-secret',
	}).href;
	const absent = databaseUrl(database.url, 'no_such_database');
	const programs = [wrong, absent].map((DATABASE_URL) =>
		startProgram('start', { env: { DATABASE_URL } }),
	);
	for (const program of programs) expect((await program.ended).code).toBe(1);
	expectSentence(programs[0]?.complaints() ?? '', /не приняла имя или пароль/);
	expect(programs[0]?.complaints()).not.toContain('wrong-secret');
	expectSentence(programs[1]?.complaints() ?? '', /no_such_database на сервере нет/);
});

test('a schema that leaves this program nothing to work on is refused and left as it is', async () => {
	const count = 'select count(*)::int as n from drizzle.__drizzle_migrations';
	const future = `insert into drizzle.__drizzle_migrations (hash, created_at, compatible_from)
		values ('future', 99999999999999, 99999999999999)`;
	await database.pool.query(future);
	const before = (await database.pool.query(count)).rows[0];
	const program = startProgram('start', { env: { DATABASE_URL: database.url } });
	expect((await program.ended).code).toBe(1);
	expectSentence(program.complaints(), /Схема базы данных .* новее программы/);
	expect((await database.pool.query(count)).rows[0]).toEqual(before);
	await database.pool.query(`delete from drizzle.__drizzle_migrations where hash = 'future'`);
});

test('all faults of the settings come in one line', async () => {
	const program = startProgram('start', { env: { PORT: 'ten', LOG_LEVEL: 'loud' } });
	expect((await program.ended).code).toBe(1);
	expectSentence(program.complaints(), /Настройки: PORT .*; LOG_LEVEL /);
});

test('the embedded server listens on 127.0.0.1 alone, asks for a password and checks its pages', async () => {
	const DATA_DIR = await earlierData();
	const program = startProgram('start', { env: { DATA_DIR } });
	await program.ready;
	const [, , , port] = (
		await readFile(join(DATA_DIR, 'postgres/data/postmaster.pid'), 'utf8')
	).split('\n');
	const password = await readFile(join(DATA_DIR, 'postgres/password'), 'utf8');
	const own = {
		host: '127.0.0.1',
		port: Number(port),
		user: 'moi_prodazhi',
		database: 'moi_prodazhi',
	};
	const stranger = new pg.Client({ ...own, password: 'guess' });
	await expect(stranger.connect()).rejects.toThrow(/password/);
	const client = new pg.Client({ ...own, password });
	await client.connect();
	const one = async (sql: string) => Object.values((await client.query(sql)).rows[0] ?? {})[0];
	expect(await one('show listen_addresses')).toBe('127.0.0.1');
	expect(await one('show data_checksums')).toBe('on');
	expect(await one('show fsync')).toBe('on');
	expect(await one('show is_superuser')).toBe('off');
	const words = `select string_agg(w, ' ' order by w) from unnest(array['жук', 'ёлка', 'Ежик', 'альфа']) w`;
	expect(await one(words)).toBe('альфа Ежик ёлка жук');
	expect(await one(`select cardinality(show_trgm('ромашка'))`)).toBe(8);
	await client.end();
	await program.kill('SIGTERM');
});
