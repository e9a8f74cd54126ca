import type { Sql, Tx } from './client.ts';

/**
 * Runs `work` in a transaction: the caller's, if it is in one (an action inside an action makes no
 * savepoint), otherwise a new one at READ COMMITTED.
 */
export function transact<T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> {
	return 'rollback' in sql ? work(sql) : sql.transaction(work);
}
