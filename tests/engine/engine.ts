import pg from 'pg';
import { afterEach } from 'vitest';
import type { Connection } from '#src/platform/db/client.ts';

/** A migrated database on some server. `url` may lead through a pooler, `directUrl` never does. */
export type Engine = Connection & { url: string; directUrl: string };

const clients = new Set<pg.Client>();

/** Ends what a test has opened, also where it failed half-way. To be called once for a test file. */
export function endConnectionsAfterEach(): void {
	afterEach(async () => {
		for (const client of clients) await client.end().catch(() => {});
		clients.clear();
	});
}

/** A connection of one's own, ended after the test. */
export async function person(url: string): Promise<pg.Client> {
	const client = new pg.Client({ connectionString: url });
	client.on('error', () => {});
	clients.add(client);
	await client.connect();
	return client;
}

/** The only value of the only row. */
export async function value(
	sql: pg.ClientBase | pg.Pool,
	text: string,
	args: unknown[] = [],
): Promise<unknown> {
	const { rows } = await sql.query<Record<string, unknown>>(text, args);
	return Object.values(rows[0] ?? {})[0];
}

/** The code of the error with which Postgres refuses; null where it does not. */
export async function refusal(asked: Promise<unknown>): Promise<string | null> {
	try {
		await asked;
		return null;
	} catch (error) {
		return (error as { code?: string }).code ?? String(error);
	}
}
