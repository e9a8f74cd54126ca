import type { Connection } from '#src/platform/db/client.ts';
import type { Log } from './worker.ts';

const BEAT_MS = 10_000;
/** After so long a silence a worker counts as dead; a database frozen for half a minute must not look so. */
const SILENT_SECONDS = 60;

type Beating = {
	id: string;
	ended: Set<string>;
	connection: Connection;
	log: Log;
	/** Whether the work goes on: a worker that stands still gives no sign of life. */
	alive: () => boolean;
};

/**
 * Says every few seconds that the worker works, and gives back the jobs of those that fell silent: the
 * library alone would leave the jobs of a killed process locked for four hours. Returns what signs off;
 * `ended` remembers who could not, for the next beat.
 */
export function keepBeating({ id, ended, connection, log, alive }: Beating): () => Promise<void> {
	const complain = (error: Error) => log.warn(`no sign of life was given: ${error.message}`);
	const signOff = async () => {
		const ids = [...ended];
		await takeOver(connection, ids);
		for (const one of ids) ended.delete(one);
	};
	const beat = () => {
		if (!alive()) return;
		beatOnce(connection, id).then(signOff).catch(complain);
	};
	const timer = setInterval(beat, BEAT_MS).unref();
	beat();
	return async () => {
		clearInterval(timer);
		ended.add(id);
		await signOff().catch(complain);
	};
}

/** One sign of life, and a look at who gave none. Exported for tests, where nobody waits for a minute. */
export async function beatOnce(connection: Connection, id: string): Promise<void> {
	const { pool } = connection;
	await pool.query(
		`insert into job_workers (id, seen_at) values ($1, now())
		on conflict (id) do update set seen_at = now()`,
		[id],
	);
	const silent = await pool.query<{ id: string }>(
		`select id from job_workers where seen_at < now() - make_interval(secs => $1)
		union
		select locked_by from graphile_worker.jobs j
		where locked_by is not null and locked_at < now() - make_interval(secs => $1)
			and not exists (select from job_workers w where w.id = j.locked_by)`,
		[SILENT_SECONDS],
	);
	await takeOver(
		connection,
		silent.rows.map((row) => row.id),
	);
}

async function takeOver({ pool }: Connection, ids: string[]): Promise<void> {
	if (ids.length === 0) return;
	await pool.query(
		`with gone as (delete from job_workers where id = any($1::text[]))
		select graphile_worker.force_unlock_workers($1::text[])`,
		[ids],
	);
}
