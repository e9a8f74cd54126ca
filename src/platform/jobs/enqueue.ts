import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';

/** When a job runs, and what makes it the only one of its kind. */
export type JobOptions = {
	/** Not before this; absent: at once. */
	runAt?: Date;
	/** Of jobs with one key only the last stays. */
	key?: string;
	/** Jobs of one queue run one after the other, whatever the number of workers. */
	queue?: string;
	/** How often it is tried before it is given up; 25 by default, over some three days. */
	attempts?: number;
};

/**
 * Puts a job into the queue in the caller's transaction: no change without its job, no job without its
 * change. Which code does it stands in src/tasks.ts. `payload` must survive JSON.
 */
export async function enqueue(
	tx: Sql,
	task: string,
	payload: Record<string, unknown>,
	{ runAt, key, queue, attempts }: JobOptions = {},
): Promise<void> {
	await tx.execute(sql`
		select from graphile_worker.add_job(identifier => ${task}::text,
			payload => ${JSON.stringify(payload)}::json, queue_name => ${queue ?? null}::text,
			run_at => ${runAt ?? null}::timestamptz, max_attempts => ${attempts ?? null}::int,
			job_key => ${key ?? null}::text)`);
}

/** Takes a job that waits out of the queue, by its key; one that runs already runs to its end. */
export async function dequeue(tx: Sql, key: string): Promise<void> {
	await tx.execute(sql`select from graphile_worker.remove_job(${key}::text)`);
}
