import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { loseNoPatience } from './patience.ts';
import { planOnce } from './planning.ts';

export type Database = NodePgDatabase;
export type Tx = Parameters<Parameters<Database['transaction']>[0]>[0];
/** Whatever runs SQL: the pool, or the transaction that a caller is in. */
export type Sql = Database | Tx;

// Days stay text: a JavaScript Date would give them a time zone. int8 is exact as a number up to 2^53.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => Number(text));

export type Connection = { db: Database; pool: pg.Pool; close: () => Promise<void> };

/**
 * Opens a pool on `url`. No session state is set, so that it runs through a transaction pooler too. `max` is the number
 * of connections at most; `patienceMs` how long one statement may take, for ever where it is 0; `plans`, whether they are
 * kept by name, which takes a server, or a pooler, on which they hold.
 */
export function connect(
	url: string,
	max = 10,
	patienceMs = 0,
	plans: 'kept' | 'anew' = 'anew',
): Connection {
	const pool = new pg.Pool({
		connectionString: url,
		max,
		application_name: 'moi-prodazhi',
		connectionTimeoutMillis: 5_000,
		idleTimeoutMillis: 30_000,
	});
	// An idle connection that breaks must not end the process: the next query takes another.
	pool.on('error', () => {});
	// One that breaks between two statements of a transaction neither: the next statement fails and says so.
	pool.on('connect', (client) => {
		client.on('error', () => {});
		if (plans === 'kept') planOnce(client);
		if (patienceMs > 0) loseNoPatience(client, patienceMs);
	});
	const db = drizzle(pool, { casing: 'snake_case' });
	return { db, pool, close: () => pool.end() };
}
