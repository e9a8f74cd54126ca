import { join } from 'node:path';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { runMigrations } from 'graphile-worker';
import type pg from 'pg';
import { LOCKS } from './locks.ts';

const MIGRATIONS = join(import.meta.dirname, '../../../drizzle');

/** The database was migrated by a newer program than this one. */
export class SchemaTooNew extends Error {}

/** How many migrations the program knows, and how many of them the database has. */
export type SchemaState = { known: number; applied: number };

/**
 * Brings the schema up to date in one transaction, under an advisory transaction lock: of several
 * instances that start at once, one migrates and the others wait and find nothing to do.
 * Throws SchemaTooNew where the database knows migrations that this program does not. `upTo`, the moment that
 * names a migration, leaves later ones for another time: a backup comes into the schema that it was taken from.
 */
export async function migrate(pool: pg.Pool, upTo = Infinity): Promise<{ applied: number }> {
	const files = readMigrationFiles({ migrationsFolder: MIGRATIONS });
	const client = await pool.connect();
	try {
		await client.query('begin');
		await client.query('select pg_advisory_xact_lock($1)', [LOCKS.migrate]);
		await client.query('create schema if not exists drizzle');
		await client.query(
			'create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
		);
		const last = await client.query<{ at: number | null }>(
			'select max(created_at) as at from drizzle.__drizzle_migrations',
		);
		const appliedUpTo = last.rows[0]?.at ?? 0;
		const newest = files.at(-1)?.folderMillis ?? 0;
		if (appliedUpTo > newest) throw new SchemaTooNew();
		const pending = files.filter(
			({ folderMillis }) => folderMillis > appliedUpTo && folderMillis <= upTo,
		);
		for (const file of pending) {
			for (const statement of file.sql) await client.query(statement);
			await client.query(
				'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)',
				[file.hash, file.folderMillis],
			);
		}
		await client.query('commit');
		// The queue's own tables, by its own migrations under its own lock.
		await runMigrations({ pgPool: pool });
		return { applied: pending.length };
	} catch (error) {
		await client.query('rollback').catch(() => {});
		throw error;
	} finally {
		client.release();
	}
}

/** The migrations of this program, oldest first, each by the moment that names it. */
export function knownMigrations(): number[] {
	return readMigrationFiles({ migrationsFolder: MIGRATIONS }).map((file) => file.folderMillis);
}

/** Compares the schema with what the program knows; for /readyz. */
export async function schemaState(pool: pg.Pool): Promise<SchemaState> {
	const known = readMigrationFiles({ migrationsFolder: MIGRATIONS }).length;
	const rows = await pool.query<{ n: number }>(
		'select count(*)::int as n from drizzle.__drizzle_migrations',
	);
	return { known, applied: rows.rows[0]?.n ?? 0 };
}
