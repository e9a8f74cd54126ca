import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { findActor } from '#src/features/access/queries.ts';
import { mappingOf } from '#src/features/imports/columns/composing.ts';
import type { Reason } from '#src/features/imports/console/messages.ts';
import type { Row } from '#src/features/imports/files/readers.ts';
import { rowOf } from '#src/features/imports/files/spool.ts';
import {
	type ImportRecord,
	type ImportRow,
	importOfWorker,
} from '#src/features/imports/queries.ts';
import type { Counts, ImportStatus, RowResult, RowVerdict } from '#src/features/imports/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import type { TaskSetting } from '#src/platform/jobs/task.ts';
import { type FedBatch, feedBatch } from './feed.ts';
import type { Rehearsal } from './rehearsal.ts';
import { type StepRun, stepsOf } from './steps.ts';
import { alike } from './values.ts';

/** Rows in one transaction: so few that nobody waits long for a client or a deal that is among them. */
export const BATCH = 200;

/**
 * Takes an import for a job, which thereby is the only one that works on it: whoever held it before stops at
 * its next batch. Null when it is not in one of these states any more.
 */
export async function takeImport(
	db: Sql,
	id: number,
	statuses: readonly ImportStatus[],
): Promise<{ found: ImportRecord; worker: string } | null> {
	const worker = randomUUID();
	const { rowCount } = await db.execute(sql`
		update imports set worker = ${worker}
		where id = ${id} and status = any(${sql.param(statuses)}::text[])`);
	if (rowCount === 0) return null;
	const found = await importOfWorker(db, id, worker);
	return found && { found, worker };
}

/** The steps of an import, under the rights of its owner as they are now; null for one who has left. */
export async function stepsOfImport(
	{ connection, now }: TaskSetting,
	found: ImportRecord,
	rehearsal: Rehearsal | null,
): Promise<{ runs: StepRun[]; now: Date } | null> {
	const { db } = connection;
	const actor = await findActor(db, found.ownerLogin);
	if (actor === null || found.choice === null) return null;
	const { feeds, headers, choice } = found;
	const mapping = mappingOf({ feeds, headers, choice });
	const entry = mapping.files[0];
	if (entry === undefined) return null;
	const columns = new Map(headers.map((header) => [alike(header), header]));
	const by = { actorId: actor.id, door: 'import' as const, now: now() };
	const settings = { by, timeZone: actor.timeZone, actor, rehearsal };
	return { runs: await stepsOf(db, mapping, { entry, columns }, settings), now: by.now };
}

/** The rows behind a line, as the engine reads them. */
export function engineRows(rows: readonly ImportRow[], headers: readonly string[]): Row[] {
	return rows.map(({ line, cells, reasons }) =>
		rowOf(
			line,
			cells,
			headers,
			reasons.find(({ key }) => key === 'row.width'),
		),
	);
}

const STRENGTH: readonly RowVerdict[] = ['unchanged', 'skipped', 'updated', 'created'];

/** What becomes of a row: the strongest of what it does to its records. A client only named is not passed over. */
function verdictOf(results: RowResult[], feeds: string): RowVerdict {
	const own = results.filter(({ verdict, noun }) => verdict !== 'skipped' || noun === feeds);
	const at = Math.max(0, ...own.map(({ verdict }) => STRENGTH.indexOf(verdict)));
	return STRENGTH[at] ?? 'unchanged';
}

/** Feeds a batch and writes down what became of each row. Returns how many of each verdict, and the results. */
export async function feedAndNote(
	tx: Tx,
	{ id: importId, feeds }: Pick<ImportRecord, 'id' | 'feeds'>,
	rows: Row[],
	runs: StepRun[],
): Promise<{ counts: Counts; fed: FedBatch }> {
	const fed = await feedBatch(tx, rows, runs);
	const reasonsOf = new Map<number, Reason[]>(
		fed.rejected.map(({ row, reasons }) => [row.line, reasons]),
	);
	const counts: Counts = {};
	const noted = rows.map(({ line }) => {
		const reasons = reasonsOf.get(line);
		const results = fed.results.get(line) ?? [];
		const verdict = reasons ? 'rejected' : verdictOf(results, feeds);
		counts[verdict] = (counts[verdict] ?? 0) + 1;
		if (!reasons && results.some(({ doubts, notices }) => doubts ?? notices))
			counts.doubtful = (counts.doubtful ?? 0) + 1;
		return { line, verdict, reasons: reasons ?? [], results };
	});
	await tx.execute(sql`
		update import_rows r set verdict = v.verdict, reasons = v.reasons, results = v.results
		from jsonb_to_recordset(${JSON.stringify(noted)}::jsonb)
			as v(line int, verdict text, reasons jsonb, results jsonb)
		where r.import_id = ${importId} and r.line = v.line`);
	return { counts, fed };
}

/** Counts of two batches together. */
export function together(one: Counts, other: Counts): Counts {
	const sum: Counts = { ...one };
	for (const [verdict, count] of Object.entries(other) as [keyof Counts, number][])
		sum[verdict] = (sum[verdict] ?? 0) + count;
	return sum;
}

/**
 * Whether a failure may pass by itself: the database away, a deadlock, the end of the program. Anything else
 * would fail the same way again, and the person would wait for ever.
 */
export function mayPass(error: unknown, signal: AbortSignal): boolean {
	if (signal.aborted) return true;
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	const { code = '', message = '' } = cause as { code?: string; message?: string };
	return (
		/^(08|40|53|55|57|ECONN|EPIPE|ETIMEDOUT)/.test(code) || /terminated|timeout/i.test(message)
	);
}

/** Lets the requests that wait have their turn. */
export const breathe = () => new Promise<void>((done) => setImmediate(done));
