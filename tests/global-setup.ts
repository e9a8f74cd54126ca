import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { connect } from '#src/platform/db/client.ts';
import { migrate } from '#src/platform/db/migrate.ts';
import { startEmbedded } from '#src/platform/embedded/embedded.ts';

declare module 'vitest' {
	interface ProvidedContext {
		server: TestServer;
	}
}

/** `url` is any database of the server, `template` a migrated one that is copied for every test file. */
export type TestServer = { url: string; template: string };

/** One server and one migrated template for the whole run; TEST_DATABASE_URL names a server to use instead. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	const server = await startServer();
	const template = `test_template_${process.pid}`;
	await statement(server.url, `create database ${template}`);
	const connection = connect(databaseUrl(server.url, template));
	await migrate(connection.pool);
	await connection.close();
	project.provide('server', { url: server.url, template });
	return async () => {
		await statement(server.url, `drop database ${template} with (force)`);
		await server.stop();
	};
}

async function startServer(): Promise<{ url: string; stop: () => Promise<void> }> {
	const own = process.env.TEST_DATABASE_URL;
	if (own) return { url: own, stop: async () => {} };
	const dataDir = await mkdtemp(join(tmpdir(), 'moi-prodazhi-test-'));
	// Under root the server runs as another user, who has to enter here.
	await chmod(dataDir, 0o755);
	const embedded = await startEmbedded({
		dataDir,
		say: () => {},
		// Nothing here outlives the run, so nothing has to reach the disk. A vacuum of the server's own would
		// hold a database that a test drops; tests that read plans say VACUUM ANALYZE themselves.
		settings: {
			...{ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' },
			// Whether a transaction has used NOTIFY is seen by whether it may be prepared.
			max_prepared_transactions: '4',
		},
	});
	const url = await letCreateDatabases(embedded);
	return {
		url,
		async stop() {
			await embedded.stop();
			await rm(dataDir, { recursive: true, force: true });
		},
	};
}

// Tests work as the program's own role, which is no superuser; all that it needs beyond is databases and other roles.
async function letCreateDatabases(embedded: { url: string; adminUrl: string }): Promise<string> {
	await statement(
		embedded.adminUrl,
		`alter role ${new URL(embedded.url).username} createdb createrole`,
	);
	return embedded.url;
}

/** The address of another database on the same server. */
export function databaseUrl(serverUrl: string, database: string): string {
	return Object.assign(new URL(serverUrl), { pathname: `/${database}` }).href;
}

/** Runs one statement on a connection of its own. Throws what Postgres throws. */
export async function statement(url: string, sql: string): Promise<void> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		await client.query(sql);
	} finally {
		await client.end();
	}
}
