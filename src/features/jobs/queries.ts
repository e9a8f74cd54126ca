import { type SQL, sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';
import { readKeyset, readPlace, type SortBy } from '#src/platform/db/keyset.ts';
import { errorShown, JOB_STATES, type JobState } from './rules.ts';

/** A job of the queue as administrators see it: without what it carries. */
export type JobView = {
	id: number;
	task: string;
	state: JobState;
	attempts: number;
	mostAttempts: number;
	error: string | null;
	runAt: Date;
	lockedAt: Date | null;
	createdAt: Date;
};

const STATES: Record<JobState, SQL> = {
	running: sql`j.locked_at is not null`,
	waiting: sql`j.locked_at is null and j.attempts = 0`,
	again: sql`j.locked_at is null and j.attempts between 1 and j.max_attempts - 1`,
	failed: sql`j.locked_at is null and j.attempts >= j.max_attempts`,
};
const STATE = sql`case when ${STATES.running} then 'running' when ${STATES.failed} then 'failed'
	when ${STATES.again} then 'again' else 'waiting' end`;
const BY_ID: SortBy = { by: sql`j.id`, type: 'whole' };

/** One page of the jobs in a state, or of all, the newest first. Throws BadRequest. */
export async function listJobs(
	db: Sql,
	state: JobState | null,
	{ after, limit }: { after: string | null; limit: number },
): Promise<{ rows: JobView[]; next: string | null }> {
	// The library's view: what a job carries stands in its private table, and stays there.
	const { rows, next } = await readKeyset<JobView>(db, {
		columns: sql`j.id, j.task_identifier as task, ${STATE} as state, j.attempts,
			j.max_attempts as "mostAttempts", j.last_error as error, j.run_at as "runAt",
			j.locked_at as "lockedAt", j.created_at as "createdAt"`,
		from: sql`graphile_worker.jobs j`,
		where: state === null ? sql`true` : STATES[state],
		sorting: { ...BY_ID, descending: true },
		id: sql`j.id`,
		after: after === null ? null : readPlace(after, BY_ID),
		limit,
	});
	return { rows: rows.map((row) => ({ ...row, error: errorShown(row.error) })), next };
}

/** Further than this nobody counts by hand either. */
export const MOST_COUNTED = 1_000;

/** How many jobs there are of each state, one more than MOST_COUNTED where there are more; who works on them, and for how long the oldest that is due waits. */
export async function countJobs(
	db: Sql,
): Promise<{ counts: Record<JobState, number>; workers: number; behindMinutes: number }> {
	const counted = JOB_STATES.map(
		(state) => sql`(select count(*)::int from (
			select from graphile_worker.jobs j where ${STATES[state]} limit ${MOST_COUNTED + 1}) few)
			as ${sql.identifier(state)}`,
	);
	type Counted = Record<JobState, number> & { workers: number; behindMinutes: number };
	const { rows } = await db.execute<Counted>(sql`
		select ${sql.join(counted, sql`, `)}, (select count(*)::int from job_workers) as workers,
			(select coalesce(floor(extract(epoch from now() - min(j.run_at)) / 60), 0)::int
				from graphile_worker.jobs j
				where j.locked_at is null and j.attempts < j.max_attempts and j.run_at < now()) as "behindMinutes"`);
	const { workers, behindMinutes, ...counts } = rows[0] as Counted;
	return { counts, workers, behindMinutes };
}
