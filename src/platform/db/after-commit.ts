import type pg from 'pg';
import type { Sql } from './client.ts';

/** What is done when a transaction has ended well, on a connection of its own. */
export type Afterwards = (pool: pg.Pool) => void;

const waiting = new WeakMap<object, Afterwards[]>();

// A savepoint has a transaction object of its own, on the session of the one around it.
const sessionOf = (sql: Sql) => (sql as unknown as { session: object }).session;

/** Begins to gather what is to be done after a transaction. */
export function gatherAfterwards(tx: Sql): Afterwards[] {
	const works: Afterwards[] = [];
	waiting.set(sessionOf(tx), works);
	return works;
}

/** Has `work` done after the commit of the caller's transaction, at once where there is none; never where it is rolled back. */
export function afterCommit(sql: Sql, work: Afterwards): void {
	if ('$client' in sql) work(sql.$client as pg.Pool);
	else waiting.get(sessionOf(sql))?.push(work);
}
