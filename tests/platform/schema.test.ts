import type pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect } from '#src/platform/db/client.ts';
import {
	demandMigrated,
	MigrationFailed,
	migrate,
	SchemaBehind,
	SchemaChanged,
	SchemaTooNew,
	schemaState,
} from '#src/platform/db/migrate.ts';
import { compared, knownMigrations, type Migration } from '#src/platform/db/migrations.ts';
import { type TestDatabase, testDatabase } from '../database.ts';
import { statement } from '../global-setup.ts';
import { startProgram } from './program.ts';

const known = knownMigrations();
const migrated = await testDatabase();
const database = await testDatabase();

/** A migration of the day after tomorrow, for a program that has it. */
function later(n: number, parts: Partial<Migration>): Migration {
	const [name, at] = [`99${n}_later`, 1_900_000_000_000 + n];
	const plain = { concurrently: false, compatibleFrom: null, statements: [] };
	return { ...plain, name, at, hash: `later ${n}`, ...parts };
}

async function forget(pool: pg.Pool, name: string): Promise<Migration> {
	const file = known.find((one) => one.name === name);
	if (file === undefined) throw new Error(`no migration ${name}`);
	await pool.query('delete from drizzle.__drizzle_migrations where created_at = $1', [file.at]);
	return file;
}

const remember = async (pool: pg.Pool, { hash, at }: Migration) =>
	await pool.query('insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)', [
		hash,
		at,
	]);

test('sets are compared: a hole is missing though later ones are there, another text is changed, and order says nothing', () => {
	const applied = known.map(({ hash, at }) => ({ hash, at, compatibleFrom: null }));
	expect(compared(known, applied.toReversed())).toMatchObject({
		missing: [],
		changed: [],
		unknown: 0,
	});
	const holed = applied.toSpliced(14, 1);
	expect(compared(known, holed).missing.map(({ name }) => name)).toEqual([known[14]?.name]);
	// One for another: as many as before, and the same last.
	const swapped = [...holed, { hash: 'stranger', at: 1, compatibleFrom: null }];
	expect(compared(known, swapped)).toMatchObject({
		missing: [{ name: known[14]?.name }],
		unknown: 1,
	});
	const rewritten = applied.with(4, { hash: 'other', at: known[4]?.at ?? 0, compatibleFrom: null });
	expect(compared(known, rewritten)).toMatchObject({ missing: [], changed: [known[4]?.name] });
	// Its moment was another once, its text is the same.
	const moved = applied.with(20, { hash: known[20]?.hash ?? '', at: 2, compatibleFrom: null });
	expect(compared(known, moved)).toMatchObject({ missing: [], changed: [], unknown: 0 });
});

test('what is missing in the middle is told by its name and applied, whatever came after it', async () => {
	const { pool } = migrated;
	const middle = later(0, {
		at: (known[14]?.at ?? 0) + 1,
		statements: ['alter table tags add column middle text'],
	});
	const all = known.toSpliced(15, 0, middle);
	await forget(pool, '0024_next_steps');
	await expect(demandMigrated(pool)).rejects.toThrow(SchemaBehind);
	await expect(demandMigrated(pool)).rejects.toThrow('0024_next_steps');
	await remember(pool, known.find(({ name }) => name === '0024_next_steps') as Migration);
	await demandMigrated(pool);
	expect(await migrate(pool, { known: all })).toEqual({ applied: 1 });
	await pool.query('select middle from tags');
	expect(await migrate(pool, { known: all })).toEqual({ applied: 0 });
});

test('a migration that cannot be applied is told by its name, and nothing of its go stays', async () => {
	const { pool } = migrated;
	const good = later(8, { statements: ['alter table tags add column good text'] });
	const bad = later(9, { statements: ['alter table tags add column good text'] });
	await expect(migrate(pool, { known: [...known, good, bad] })).rejects.toThrow(MigrationFailed);
	await expect(pool.query('select good from tags')).rejects.toThrow('does not exist');
});

test('a migration that was applied in another wording is refused by its name', async () => {
	const { pool } = await testDatabase('template0');
	await migrate(pool, { only: known.slice(0, 1).map(({ at }) => at) });
	await pool.query(`update drizzle.__drizzle_migrations set hash = 'rewritten'`);
	await expect(migrate(pool)).rejects.toThrow(SchemaChanged);
	await expect(migrate(pool)).rejects.toThrow(known[0]?.name);
	await expect(demandMigrated(pool)).rejects.toThrow(SchemaChanged);
});

test('an older program works on a newer schema until a contract migration asks for more than it knows', async () => {
	const { pool } = await testDatabase();
	const expand = later(1, { statements: ['alter table tags add column later text'] });
	expect(await migrate(pool, { known: [...known, expand] })).toEqual({ applied: 1 });
	expect(await migrate(pool)).toEqual({ applied: 0 });
	expect(await schemaState(pool)).toMatchObject({ missing: [], unknown: 1, tooNew: false });
	await demandMigrated(pool);

	const mild = later(2, { compatibleFrom: known.at(-1)?.at ?? 0 });
	await migrate(pool, { known: [...known, expand, mild] });
	await demandMigrated(pool);

	const contract = later(3, {
		statements: ['alter table tags drop column later'],
		compatibleFrom: expand.at,
	});
	await migrate(pool, { known: [...known, expand, mild, contract] });
	await expect(migrate(pool)).rejects.toThrow(SchemaTooNew);
	await expect(demandMigrated(pool)).rejects.toThrow(SchemaTooNew);
	// The program in between knows what the contract asks for, and not the contract.
	expect(await migrate(pool, { known: [...known, expand, mild] })).toEqual({ applied: 0 });
});

test('a table that others hold is waited for three seconds at a time, so that nobody queues up behind for longer', async () => {
	const { pool } = await testDatabase();
	const file = later(4, { statements: ['alter table tags add column held text'] });
	const holder = await pool.connect();
	onTestFinished(() => holder.release());
	await holder.query('begin');
	await holder.query('lock table tags in share mode');
	const said: string[] = [];
	const migrating = migrate(pool, { known: [...known, file], say: (line) => said.push(line) });
	await expect.poll(() => said.length).toBeGreaterThan(0);
	expect(said[0]).toContain(file.name);
	await holder.query('rollback');
	expect(await migrating).toEqual({ applied: 1 });
});

test('what is marked to run concurrently runs outside the transaction, once, however many migrate at once', async () => {
	const { pool } = await testDatabase();
	const before = later(5, { statements: ['alter table tags add column many text'] });
	const index = later(6, {
		concurrently: true,
		statements: [
			'drop index concurrently if exists tags_many',
			'create index concurrently tags_many on tags (many)',
		],
	});
	const after = later(7, { statements: [`comment on index tags_many is 'there'`] });
	const all = [...known, before, index, after];
	const outcomes = await Promise.all([1, 2, 3].map(() => migrate(pool, { known: all })));
	expect(outcomes.reduce((sum, { applied }) => sum + applied, 0)).toBe(3);
	const { rows } = await pool.query(
		`select indisvalid as valid from pg_index where indexrelid = 'tags_many'::regclass`,
	);
	expect(rows).toEqual([{ valid: true }]);
});

/** A role that may read and write rows, and change no table. */
async function appRole({ url, pool }: TestDatabase): Promise<string> {
	const name = `app_${process.pid}_${Math.random().toString(36).slice(2, 8)}`;
	await statement(inject('server').url, `create role ${name} login password 'plain-words-here'`);
	for (const schema of ['public', 'drizzle', 'graphile_worker']) {
		await pool.query(`grant usage on schema ${schema} to ${name}`);
		await pool.query(
			`grant select, insert, update, delete on all tables in schema ${schema} to ${name}`,
		);
		await pool.query(`grant usage, select on all sequences in schema ${schema} to ${name}`);
	}
	onTestFinished(async () => {
		await pool.query(`grant ${name} to current_user`);
		await pool.query(`drop owned by ${name}`);
		await statement(inject('server').url, `drop role ${name}`);
	});
	return Object.assign(new URL(url), { username: name, password: 'plain-words-here' }).href;
}

test('a role that may change no table starts where nothing is missing, and is told what to do where something is', async () => {
	await database.pool.query('revoke create on schema public from public');
	const url = await appRole(database);
	const own = connect(url, 1);
	onTestFinished(() => own.close());
	await expect(own.pool.query('create table public.mine ()')).rejects.toThrow('permission denied');

	for (const MIGRATE of ['on', 'off']) {
		const program = startProgram('start', { env: { DATABASE_URL: url, MIGRATE } });
		const address = await program.ready;
		expect(program.text()).toContain('Схема: без изменений');
		expect((await fetch(`${address}/readyz?deep`)).status).toBe(200);
		// The worker too takes and does a job: the library looks at its schema when it starts.
		await database.pool.query(`select graphile_worker.add_job('once.forget', '{}')`);
		const left = async () =>
			(
				await database.pool.query(
					`select from graphile_worker.jobs where task_identifier = 'once.forget'`,
				)
			).rowCount;
		await expect.poll(left).toBe(0);
		expect(await program.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	}

	const file = await forget(database.pool, '0024_next_steps');
	const program = startProgram('start', { env: { DATABASE_URL: url, MIGRATE: 'off' } });
	expect((await program.ended).code).toBe(1);
	expect(program.complaints()).toMatch(/0024_next_steps.*сначала npm run migrate/s);
	expect(program.complaints().trim().split('\n')).toHaveLength(1);
	await remember(database.pool, file);
});
