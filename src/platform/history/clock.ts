import { type SQL, sql } from 'drizzle-orm';
import type { Tx } from '#src/platform/db/client.ts';

/**
 * The moment of a change as its row takes it: read from the database's clock where the statement runs, so that instances
 * need not agree about theirs; never before `after`. To be asked for under the lock of what is changed. What day it is,
 * and whether something is due, is another question: the viewer's.
 */
export function momentOf({ now }: { now: Date }, after: SQL = sql`null`): SQL {
	return sql`moment_of(${now}::timestamptz, ${after})`;
}

/** Has the rest of a transaction tell its own times, `now` of whoever acts: for what happened before it was written down. */
export async function tellTimes(tx: Tx): Promise<void> {
	await tx.execute(sql`select set_config('app.clock', 'told', true)`);
}
