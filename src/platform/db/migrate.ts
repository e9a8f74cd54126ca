import { setTimeout as pause } from 'node:timers/promises';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { LOCKS } from './locks.ts';
import {
	type Applied,
	compared,
	knownMigrations,
	type Migration,
	type SchemaState,
} from './migrations.ts';

/** The database was migrated by a newer program, and left nothing that this one could work on. */
export class SchemaTooNew extends Error {}

/** `names`: the migrations that somebody has to look after. */
abstract class SchemaFault extends Error {
	readonly names: readonly string[];
	constructor(names: readonly string[], cause?: unknown) {
		super(names.join(', '), { cause });
		this.names = names;
	}
}

/** Migrations were applied in another wording than the program's. */
export class SchemaChanged extends SchemaFault {}
/** Migrations are missing, and this program may not apply them. */
export class SchemaBehind extends SchemaFault {}
/** Somebody holds a table that a migration needs, and did not let go of it. */
export class MigrationBlocked extends SchemaFault {}
/** A migration was refused by the database; `cause` says why. What was applied before it in the same go is undone. */
export class MigrationFailed extends SchemaFault {}

/** The newest of the queue's own migrations that this version of the library brings. */
const QUEUE = 20;
const LOOK_AGAIN_MS = 250;
/** Everybody who wants the table queues up behind a migration that waits for it: not for longer than this. */
const LOCK_MS = 3_000;
const TRIES = 20;
const TRY_AGAIN_MS = 1_000;
/** lock_not_available, deadlock_detected. */
const HELD = ['55P03', '40P01'];

type Options = {
	/** Which, by their moments; all without it. A backup comes into the schema that it was taken from. */
	only?: readonly number[];
	/** The migrations that there are; this program's without it. */
	known?: Migration[];
	/** Told when a table is held by others. */
	say?: (line: string) => void;
};

/**
 * Brings the schema up to date, holes included: in one transaction under an advisory lock, except what is marked
 * `-- concurrently`. Of several instances that start at once one migrates, the others wait and find nothing to do; where
 * nothing is missing nothing is touched, so that a role without the right to change tables may start.
 * Throws SchemaTooNew, SchemaChanged, MigrationBlocked, MigrationFailed.
 */
export async function migrate(
	pool: pg.Pool,
	{ only, known = knownMigrations(), say = () => {} }: Options = {},
): Promise<{ applied: number }> {
	const wanted = (file: Migration) => only === undefined || only.includes(file.at);
	let applied = 0;
	for (;;) {
		const missing = checked(compared(known, await appliedIn(pool))).missing.filter(wanted);
		if (missing.length === 0) break;
		const first = missing.findIndex((file) => file.concurrently);
		const together = first === -1 ? missing : missing.slice(0, Math.max(first, 1));
		applied += await patiently(together, say, () => applyUnderLock(pool, known, together));
	}
	// The queue's own tables, by its own migrations under its own lock; it looks before it touches.
	await runMigrations({ pgPool: pool });
	await openQueue(pool);
	return { applied };
}

/**
 * The queue's tables come closed to everybody but their owner, row by row, whatever is granted: who may work on the queue
 * is then told by grants alone, so that a role without the right to change tables may.
 */
async function openQueue(pool: pg.Pool): Promise<void> {
	const { rows } = await pool.query<{ name: string }>(
		`select format('graphile_worker.%I', c.relname) as name from pg_class c
		where c.relnamespace = 'graphile_worker'::regnamespace and c.relrowsecurity and not c.relforcerowsecurity`,
	);
	for (const { name } of rows) await pool.query(`alter table ${name} disable row level security`);
}

/** Where the schema stands. A database that has none yet lacks everything. */
export async function schemaState(pool: pg.Pool): Promise<SchemaState> {
	return compared(knownMigrations(), await appliedIn(pool));
}

/** Looks and touches nothing. Throws SchemaBehind with what is missing, SchemaTooNew, SchemaChanged. */
export async function demandMigrated(pool: pg.Pool): Promise<void> {
	const { missing } = checked(await schemaState(pool));
	const queue = await askIfThere<{ n: number }>(
		pool,
		'select max(id)::int as n from graphile_worker.migrations',
	);
	const names = missing.map(({ name }) => name);
	if ((queue[0]?.n ?? 0) < QUEUE) names.push('graphile_worker');
	if (names.length > 0) throw new SchemaBehind(names);
}

function checked(state: SchemaState): SchemaState {
	if (state.tooNew) throw new SchemaTooNew();
	if (state.changed.length > 0) throw new SchemaChanged(state.changed);
	return state;
}

// As JSON, for a database that an earlier program migrated has no column for it.
async function appliedIn(sql: pg.Pool | pg.ClientBase): Promise<Applied[]> {
	return await askIfThere<Applied>(
		sql,
		`select hash, created_at as at, (to_jsonb(m)->>'compatible_from')::bigint as "compatibleFrom"
		from drizzle.__drizzle_migrations m order by created_at`,
	);
}

async function askIfThere<T extends pg.QueryResultRow>(
	sql: pg.Pool | pg.ClientBase,
	question: string,
): Promise<T[]> {
	try {
		return (await sql.query<T>(question)).rows;
	} catch (error) {
		if (['42P01', '3F000'].includes(codeOf(error))) return [];
		throw error;
	}
}

async function patiently<T>(
	files: Migration[],
	say: (line: string) => void,
	work: () => Promise<T>,
): Promise<T> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await work();
		} catch (error) {
			const cause = error instanceof MigrationFailed ? error.cause : error;
			if (!HELD.includes(codeOf(cause))) throw error;
			const names = error instanceof MigrationFailed ? error.names : files.map(({ name }) => name);
			if (attempt === TRIES) throw new MigrationBlocked(names, cause);
			say(`Схема: таблицу для ${names.join(', ')} держат другие, попытка ${attempt} из ${TRIES}`);
			await pause(TRY_AGAIN_MS);
		}
	}
}

async function applyUnderLock(
	pool: pg.Pool,
	known: Migration[],
	files: Migration[],
): Promise<number> {
	const client = await pool.connect();
	let broken = true;
	try {
		await lock(client);
		await keepList(client);
		// Whoever held the lock before may have done it all.
		const { missing } = checked(compared(known, await appliedIn(client)));
		const names = new Set(missing.map(({ name }) => name));
		const pending = files.filter(({ name }) => names.has(name));
		for (const file of pending) await apply(pool, client, file);
		await client.query('commit');
		broken = false;
		return pending.length;
	} catch (error) {
		await client.query('rollback').then(
			() => {
				broken = false;
			},
			() => {},
		);
		throw error;
	} finally {
		client.release(broken);
	}
}

// Looks first: an ALTER TABLE that changes nothing would hold up all who ask how far the schema is.
async function keepList(client: pg.ClientBase): Promise<void> {
	const { rowCount } = await client.query(
		`select from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
		where n.nspname = 'drizzle' and c.relname = '__drizzle_migrations' and a.attname = 'compatible_from'`,
	);
	if (rowCount !== 0) return;
	await client.query('create schema if not exists drizzle');
	await client.query(`create table if not exists drizzle.__drizzle_migrations
		(id serial primary key, hash text not null, created_at bigint)`);
	await client.query('alter table drizzle.__drizzle_migrations add column compatible_from bigint');
}

// Asked for again and again: who waited for it inside a statement would hold a snapshot, and CREATE INDEX CONCURRENTLY
// of the one that has it waits for all of those.
async function lock(client: pg.ClientBase): Promise<void> {
	for (;;) {
		await client.query('begin');
		const { rows } = await client.query<{ mine: boolean }>(
			'select pg_try_advisory_xact_lock($1) as mine',
			[LOCKS.migrate],
		);
		if (rows[0]?.mine) break;
		await client.query('rollback');
		await pause(LOOK_AGAIN_MS);
	}
	await client.query(`set local lock_timeout = ${LOCK_MS}`);
}

async function apply(pool: pg.Pool, client: pg.ClientBase, file: Migration): Promise<void> {
	try {
		if (file.concurrently) await applyAlone(pool, file);
		else for (const statement of file.statements) await client.query(statement);
	} catch (error) {
		throw new MigrationFailed([file.name], error);
	}
	await client.query(
		`insert into drizzle.__drizzle_migrations (hash, created_at, compatible_from)
		values ($1, $2, $3)`,
		[file.hash, file.at, file.compatibleFrom],
	);
}

// On a connection of its own, beside the one that holds the lock; a pool may have but one.
async function applyAlone(pool: pg.Pool, { statements }: Migration): Promise<void> {
	const client = new pg.Client({ connectionString: pool.options.connectionString });
	await client.connect();
	try {
		for (const statement of statements) await client.query(statement);
	} finally {
		await client.end();
	}
}

const codeOf = (error: unknown) => String((error as { code?: string } | null)?.code ?? '');
