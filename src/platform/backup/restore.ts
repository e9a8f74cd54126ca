import { basename } from 'node:path';
import type pg from 'pg';
import { migrate } from '#src/platform/db/migrate.ts';
import { knownMigrations } from '#src/platform/db/migrations.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { copied, keptTables, migrationsNow } from './contents.ts';
import { copyIn } from './copy.ts';
import { type Manifest, readBackup, type TableHead } from './file.ts';

/**
 * Brings a backup into an empty database: first the schema as it was then, then all rows in one transaction, then what
 * migrations have come since. Returns what it brought. Throws StartFault, with nothing brought in, where the database has
 * people, the file is cut or altered, or a newer program wrote it.
 */
export async function restoreBackup(pool: pg.Pool, path: string): Promise<Manifest> {
	const name = basename(path);
	await refuseUsed(pool);
	// The whole file before the first row: what is wrong with it must not be found half-way.
	const manifest = await readBackup(path);
	const known = knownMigrations().map(({ at }) => at);
	if (manifest.migrations.some((at) => !known.includes(at)))
		throw new StartFault(`Копию «${name}» сделала программа новее этой: обновите программу.`);
	await migrate(pool, { only: manifest.migrations });
	await bringIn(pool, path, manifest);
	await migrate(pool);
	await pool.query('analyze');
	return manifest;
}

/** An empty database has no tables, or the program's own and nobody in them. */
async function refuseUsed(pool: pg.Pool): Promise<void> {
	const { rows } = await pool.query<{ base: string; tables: number; people: boolean }>(
		`select current_database() as base, to_regclass('public.people') is not null as people,
			(select count(*)::int from pg_tables where schemaname = 'public') as tables`,
	);
	const { base, tables, people } = rows[0] ?? { base: '', tables: 0, people: false };
	if (!people && tables > 0)
		throw new StartFault(
			`В базе «${base}» уже есть таблицы другой программы: копия возвращается только в пустую.`,
		);
	const found = people
		? (await pool.query<{ name: string }>('select name from people order by id limit 3')).rows
		: [];
	if (found.length > 0)
		throw new StartFault(
			`В базе «${base}» уже есть люди (${found.map((one) => one.name).join(', ')}…): копия возвращается только в пустую.`,
		);
}

async function bringIn(pool: pg.Pool, path: string, manifest: Manifest): Promise<void> {
	const client = await pool.connect();
	let broken = true;
	try {
		await client.query('begin');
		await client.query('set local statement_timeout = 0');
		await client.query('set local idle_in_transaction_session_timeout = 0');
		const here = await keptTables(client);
		refuseMissing(here, manifest, basename(path));
		const { queue } = await migrationsNow(client);
		if (queue < manifest.queue)
			throw new StartFault(
				`Копию «${basename(path)}» сделала программа новее этой: обновите программу.`,
			);
		const putBack = await setAside(client, here);
		await client.query(`truncate ${here.map(({ table }) => table).join(', ')}`);
		const again = await readBackup(path, async (table, rows) => {
			const told = manifest.tables.find((one) => one.table === table.table);
			const taken = await copyIn(client, `copy ${copied(table)} from stdin`, rows);
			if (taken !== told?.rows)
				throw new Error(`${table.table}: the server took ${taken} rows of ${told?.rows}`);
		});
		if (JSON.stringify(again) !== JSON.stringify(manifest))
			throw new StartFault(`Файл «${basename(path)}» изменился, пока его читали.`);
		// Some that were ended since the copy was taken would live again: everybody signs in anew.
		if (here.some(({ table }) => table === 'public.sessions'))
			await client.query('delete from public.sessions');
		for (const { name, value, called } of manifest.sequences)
			await client.query('select setval($1::regclass, $2, $3)', [name, value, called]);
		await putBack();
		await client.query('commit');
		broken = false;
	} finally {
		client.release(broken);
	}
}

function refuseMissing(here: TableHead[], manifest: Manifest, name: string): void {
	const missing = manifest.tables.flatMap(({ table, columns }) => {
		const own = here.find((one) => one.table === table)?.columns ?? [];
		return columns.filter((column) => !own.includes(column)).map((column) => `${table}.${column}`);
	});
	if (missing.length > 0)
		throw new StartFault(
			`Копия «${name}» не подходит к этой программе: у неё нет места для ${missing.slice(0, 3).join(', ')}.`,
		);
}

/**
 * Takes triggers and foreign keys away until the returned function puts them back. What triggers would write (tallies,
 * summaries, words to search) stands in the backup as they wrote it, and must not be counted twice; keys are
 * checked when they come back, all rows at once. The owner of the tables may do both, no superuser is needed.
 */
async function setAside(client: pg.ClientBase, tables: TableHead[]): Promise<() => Promise<void>> {
	const names = tables.map(({ table }) => table);
	const keys = await client.query<{ table: string; name: string; definition: string }>(
		`select format('%I.%I', n.nspname, c.relname) as "table", format('%I', k.conname) as name,
			pg_get_constraintdef(k.oid) as definition
		from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
			join pg_class r on r.oid = k.confrelid join pg_namespace rn on rn.oid = r.relnamespace
		where k.contype = 'f' and (format('%I.%I', n.nspname, c.relname) = any($1)
			or format('%I.%I', rn.nspname, r.relname) = any($1))
		order by 1, 2`,
		[names],
	);
	for (const table of names) await client.query(`alter table ${table} disable trigger user`);
	for (const { table, name } of keys.rows)
		await client.query(`alter table ${table} drop constraint ${name}`);
	return async () => {
		for (const { table, name, definition } of keys.rows)
			await client.query(`alter table ${table} add constraint ${name} ${definition}`);
		for (const table of names) await client.query(`alter table ${table} enable trigger user`);
	};
}
