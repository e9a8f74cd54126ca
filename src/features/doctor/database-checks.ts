import { statfs } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { schemaState } from '#src/platform/db/migrate.ts';
import { daysBehind } from '#src/platform/history/erased.ts';
import { keptPrint, printOf } from '#src/platform/keyring/keyring.ts';
import { secretKey } from '#src/platform/secrets.ts';
import { type Finding, finding, type Patient } from './finding.ts';

const MOST_OFFSET_S = 2;
const LEAST_FREE_GB = 2;
const LATE_SECONDS = 60;
const LISTEN_MS = 3_000;
/** Nights without the program; the first one has all the years before it to go through. */
const MOST_NIGHTS_LATE = 2;
/** Connections that the queue, the listener and commands want beside the pool. */
const BESIDE_POOL = 8;

/** The server: its kind, and that it keeps text as Unicode. */
export async function checkDatabase({ connection: { db } }: Patient): Promise<Finding> {
	const { rows } = await db.execute<{ version: string; base: string; encoding: string }>(sql`
		select current_setting('server_version') as version, current_database() as base,
			current_setting('server_encoding') as encoding`);
	const { version = '', base = '', encoding = '' } = rows[0] ?? {};
	return finding('database', encoding === 'UTF8' ? 'good' : 'bad', {
		...{ version: version.split(' ')[0] ?? '', base, encoding },
	});
}

/** Each migration of the program, by its name and not by their number. */
export async function checkSchema({ connection: { pool } }: Patient): Promise<Finding> {
	const { known, missing, changed, tooNew } = await schemaState(pool);
	const wrong = [...missing.map(({ name }) => name), ...changed];
	if (tooNew) return finding('schema', 'bad', { names: '…', n: 0 });
	return finding('schema', wrong.length === 0 ? 'good' : 'bad', {
		...{ n: known, names: wrong.slice(0, 5).join(', ') },
	});
}

/** What the role of the settings may: everything with rows; tables only where it migrates itself. */
export async function checkRights({ connection: { db }, config }: Patient): Promise<Finding> {
	const { rows } = await db.execute<{ role: string; makes: boolean; barred: string | null }>(sql`
		select current_user as role, has_schema_privilege('public', 'CREATE') as makes, (
			select min(c.relname) from pg_class c
			where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
				and not (has_table_privilege(c.oid, 'SELECT') and has_table_privilege(c.oid, 'INSERT'))
		) as barred`);
	const { role = '', makes = false, barred = null } = rows[0] ?? {};
	const bad = barred !== null || (config.MIGRATE === 'on' && !makes);
	return finding('rights', bad ? 'bad' : 'good', { role, barred: barred ?? '', makes: `${makes}` });
}

/** Whether a pooler stands in between, and then whether the way past it is named. */
export async function checkPooler({ url, config }: Patient): Promise<Finding> {
	const client = new pg.Client({ connectionString: url });
	client.on('error', () => {});
	await client.connect();
	try {
		const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
		const own = (client as pg.Client & { processID?: number | null }).processID;
		// A pooler gives its clients numbers of its own.
		if (rows[0]?.pid === own) return finding('pooler', 'off');
		return finding('pooler', config.DATABASE_DIRECT_URL ? 'good' : 'bad');
	} finally {
		await client.end().catch(() => {});
	}
}

/** Whether what one connection tells another one hears. */
export async function checkListening({
	directUrl,
	connection: { pool },
}: Patient): Promise<Finding> {
	const client = new pg.Client({ connectionString: directUrl });
	client.on('error', () => {});
	await client.connect();
	try {
		const heard = new Promise<true>((resolve) => client.on('notification', () => resolve(true)));
		await client.query('listen doctor');
		await pool.query(`select pg_notify('doctor', '')`);
		const came = await Promise.race([heard, pause(LISTEN_MS, false, { ref: false })]);
		return finding('listening', came ? 'good' : 'bad');
	} finally {
		await client.end().catch(() => {});
	}
}

/** Whether the server has room for the pools of this instance. */
export async function checkConnections({ connection: { db }, config }: Patient): Promise<Finding> {
	const { rows } = await db.execute<{ most: number; used: number }>(sql`
		select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most,
			(select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`);
	const { most = 0, used = 0 } = rows[0] ?? {};
	const needed = config.DATABASE_POOL + BESIDE_POOL;
	return finding('connections', needed <= most ? 'good' : 'bad', { most, used, needed });
}

/** How far the program's clock is from the database's. */
export async function checkClock({ connection: { db } }: Patient): Promise<Finding> {
	const before = Date.now();
	const { rows } = await db.execute<{ at: number }>(
		sql`select extract(epoch from clock_timestamp())::float8 as at`,
	);
	const seconds = (rows[0]?.at ?? 0) - (before + Date.now()) / 2_000;
	const off = Math.round(Math.abs(seconds) * 10) / 10;
	return finding('clock', off <= MOST_OFFSET_S ? 'good' : 'bad', { seconds: off });
}

/** Whether what the database keeps sealed is sealed by the key of the settings. */
export async function checkKey({ connection: { db }, config }: Patient): Promise<Finding> {
	if (!config.OIDC_ISSUER && !config.CALDAV_URL) return finding('key', 'off');
	const known = await keptPrint(db);
	const own = known === null || known === printOf(secretKey(config));
	return finding('key', own ? 'good' : 'bad');
}

/** Room where the program keeps its files. */
export async function checkDisk({ config: { DATA_DIR } }: Patient): Promise<Finding> {
	const { bavail, bsize } = await statfs(DATA_DIR).catch(() => statfs('.'));
	const free = Math.floor((bavail * bsize) / 1_000_000_000);
	return finding('disk', free >= LEAST_FREE_GB ? 'good' : 'bad', { free, place: DATA_DIR });
}

/** Whether anybody does the jobs, and none waits for long. */
export async function checkQueue({ connection: { db } }: Patient): Promise<Finding> {
	const { rows } = await db.execute<{ workers: number; late: number }>(sql`
		select (select count(*)::int from job_workers where seen_at > now() - interval '1 minute') as workers,
			coalesce((select extract(epoch from now() - min(run_at))::int from graphile_worker.jobs
				where locked_at is null and attempts < max_attempts and run_at < now()), 0) as late`);
	const { workers = 0, late = 0 } = rows[0] ?? {};
	const bad = workers === 0 || late > LATE_SECONDS;
	return finding('queue', bad ? 'bad' : 'good', { workers, late });
}

/** For how long what people did and wrote is kept, and whether the night goes after it. */
export async function checkKeeping({ connection: { db }, config }: Patient): Promise<Finding> {
	const { KEEP_EVENTS_DAYS: events, KEEP_MAILS_DAYS: mails, KEEP_IMPORTS_DAYS: imports } = config;
	const late = await daysBehind(db, events);
	const bad = late > MOST_NIGHTS_LATE;
	return finding('keeping', bad ? 'bad' : 'good', { events, mails, imports, late });
}
