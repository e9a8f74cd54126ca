import type { Database, Sql, Tx } from './client.ts';
import { isCollision } from './faults.ts';

/** How often what collided is done anew: whoever it collided with has ended by then, but others may have come. */
const AGAIN = 3;

/**
 * Runs `work` in a transaction: the caller's, if it is in one (an action inside an action makes no
 * savepoint), otherwise a new one at READ COMMITTED. Of two that wait for each other the server ends one, and nothing of it is
 * stored: that one is done anew, so `work` changes nothing but what `tx` reaches.
 */
export async function transact<T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> {
	if (isTransaction(sql)) return await work(sql);
	for (let left = AGAIN; ; left -= 1)
		try {
			return await sql.transaction(work);
		} catch (error) {
			if (left === 0 || !isCollision(error)) throw error;
		}
}

const isTransaction = (sql: Database | Tx): sql is Tx => 'rollback' in sql;
