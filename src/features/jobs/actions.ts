import { type SQL, sql } from 'drizzle-orm';
import type { AppEvent } from '#src/events.ts';
import { type Acting, demand } from '#src/features/access/rights.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { NotFound, RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';

/**
 * Has a job done at once, as if it had never been tried. Returns its task. Throws Forbidden, NotFound where it
 * is done or gone by now, RuleBroken for one that is under way.
 */
export async function retryJob(sqlOrTx: Sql, acting: Acting, jobId: number): Promise<string> {
	const again = sql`graphile_worker.reschedule_jobs(array[${jobId}::bigint], run_at => now(), attempts => 0)`;
	return await withJob(sqlOrTx, acting, jobId, 'job.retried', again);
}

/** Takes a job out of the queue for good. Returns its task. Throws like retryJob. */
export async function removeJob(sqlOrTx: Sql, acting: Acting, jobId: number): Promise<string> {
	const gone = sql`graphile_worker.complete_jobs(array[${jobId}::bigint])`;
	return await withJob(sqlOrTx, acting, jobId, 'job.removed', gone);
}

// The library's own functions leave alone what is under way.
async function withJob(
	sqlOrTx: Sql,
	acting: Acting,
	jobId: number,
	type: Extract<AppEvent, { data: { jobId: number } }>['type'],
	done: SQL,
): Promise<string> {
	demand(acting, 'jobs');
	return await transact(sqlOrTx, async (tx) => {
		const { rows } = await tx.execute<{ task: string }>(
			sql`select task_identifier as task from graphile_worker.jobs where id = ${jobId}`,
		);
		if (rows[0] === undefined) throw new NotFound('job.gone');
		const { rowCount } = await tx.execute(sql`select from ${done}`);
		if (rowCount !== 1) throw new RuleBroken('job.underWay');
		const { task } = rows[0];
		await record(tx, acting, { type, data: { jobId, task } });
		return task;
	});
}
