import { realpath } from 'node:fs/promises';
import pg from 'pg';
import type { Cluster } from './cluster.ts';

const APPLICATION = 'moi-prodazhi';

/**
 * One connection of the server's administrator that lasts as long as we use the server: its end tells
 * that the server died, and other instances see by it that somebody is still here.
 */
export type Attachment = { client: pg.Client; ended: Promise<void> };

function administrator(cluster: Cluster, port: number, purpose: string): pg.Client {
	const client = new pg.Client({
		host: '127.0.0.1',
		port,
		user: 'postgres',
		password: cluster.password,
		database: 'postgres',
		// Said outright, because PGSSLMODE of the environment is meant for some other server.
		ssl: false,
		application_name: `${APPLICATION} ${purpose}`,
		connectionTimeoutMillis: 1_500,
		keepAlive: true,
	});
	// A broken connection is told by its end; without a listener it would end the process.
	client.on('error', () => {});
	return client;
}

/**
 * Attaches to the server on `port`; null unless it is the one that keeps this cluster, takes the kept
 * password and is ready.
 */
export async function attach(cluster: Cluster, port: number): Promise<Attachment | null> {
	const client = administrator(cluster, port, 'attachment');
	const ended = new Promise<void>((resolve) => client.once('end', resolve));
	try {
		await client.connect();
		const answer = await client.query<{ data_directory: string }>('show data_directory');
		const directory = answer.rows[0]?.data_directory;
		if (directory === cluster.data || directory === (await realpath(cluster.data)))
			return { client, ended };
	} catch {
		// Not ready, not ours, or gone meanwhile: the caller looks at the lock file again.
	}
	await client.end().catch(() => {});
	return null;
}

/**
 * Creates the program's own role (no superuser) and database where they are absent. Returns the address
 * for the program and, for tests and repairs, the superuser's.
 */
export async function ensureDatabase(
	{ client }: Attachment,
	{ password }: Cluster,
	port: number,
): Promise<{ url: string; adminUrl: string }> {
	const name = APPLICATION.replace('-', '_');
	const steps = [
		[
			`select from pg_roles where rolname = '${name}'`,
			`create role ${name} login password '${password}'`,
		],
		[`select from pg_database where datname = '${name}'`, `create database ${name} owner ${name}`],
	] as const;
	for (const [there, create] of steps) {
		const found = await client.query(there);
		if (found.rowCount === 0) await client.query(create).catch(unlessThere);
	}
	const address = (user: string, database: string) =>
		`postgres://${user}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
	return { url: address(name, name), adminUrl: address('postgres', 'postgres') };
}

/** Two instances that start at once both find nothing and both create: the slower one is content. */
function unlessThere(error: { code?: string }): void {
	if (!['42710', '42P04', '23505'].includes(error.code ?? '')) throw error;
}

/**
 * Whether other instances of the program are connected to the server. Our own connections must be closed
 * by then; the server may need a moment to notice, so up to `patienceMs` are given to it.
 */
export async function othersAreHere(
	cluster: Cluster,
	port: number,
	patienceMs = 1_000,
): Promise<boolean> {
	const client = administrator(cluster, port, 'farewell');
	try {
		await client.connect();
		for (const until = Date.now() + patienceMs; ; ) {
			const { rows } = await client.query<{ n: number }>(
				`select count(*)::int as n from pg_stat_activity
				where application_name in ($1, $2)`,
				[APPLICATION, `${APPLICATION} attachment`],
			);
			if (rows[0]?.n === 0) return false;
			if (Date.now() > until) return true;
			await client.query('select pg_sleep(0.05)');
		}
	} catch {
		// A server that does not answer serves nobody.
		return false;
	} finally {
		await client.end().catch(() => {});
	}
}
