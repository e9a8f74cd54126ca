import { sql } from 'drizzle-orm';
import type { Fault } from '#src/features/imports/console/messages.ts';
import { type ImportRecord, importOfWorker, listRows } from '#src/features/imports/queries.ts';
import type { RowResult } from '#src/features/imports/tables.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { LOCKS } from '#src/platform/db/locks.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { HopelessJob, type TaskSetting } from '#src/platform/jobs/task.ts';
import type { StepRun } from './steps.ts';
import {
	BATCH,
	breathe,
	engineRows,
	feedAndNote,
	mayPass,
	stepsOfImport,
	takeImport,
	together,
} from './work.ts';

/** So long at one go, in ms; then whoever waits has a turn. */
const SLICE_MS = 10_000;

/**
 * Brings in the rows of an import, some at a time, each batch in a transaction that also says how far it
 * has come: killed at any moment, it goes on from there, and no row is brought in twice. Stops between two
 * batches when the person says so, and when the program ends.
 */
export async function runRows(setting: TaskSetting, id: number): Promise<void> {
	const { db } = setting.connection;
	const taken = await takeImport(db, id, ['running', 'cancelling']);
	if (taken === null) return;
	const steps = await stepsOfImport(setting, taken.found, null);
	if (steps === null) {
		await db.transaction((tx) => finish(tx, setting, taken.found, 'cancelled'));
		return;
	}
	// Clocks of two machines differ: undoing tells the import's own events by their time.
	await db.execute(
		sql`update imports set started_at = least(started_at, ${steps.now}) where id = ${id}`,
	);
	await replay(setting, taken.found, steps.runs);
	const until = Date.now() + SLICE_MS;
	for (;;) {
		const goesOn = await db
			.transaction((tx) => nextBatch(tx, setting, id, taken.worker, steps.runs))
			.catch((error: unknown) => giveUp(setting, id, taken.worker, error));
		if (!goesOn) return;
		await breathe();
		if (setting.signal.aborted || Date.now() > until) break;
	}
	await enqueue(db, 'import.run', { id }, { key: `import:${id}`, queue: 'imports', attempts: 8 });
}

// Stopped as by hand, with the reason: what is in can be undone, the rest be sent again.
async function giveUp(
	setting: TaskSetting,
	id: number,
	worker: string,
	error: unknown,
): Promise<false> {
	if (mayPass(error, setting.signal)) throw error;
	const { db } = setting.connection;
	await db.transaction(async (tx) => {
		const found = await importOfWorker(tx, id, worker, true);
		if (found === null) return;
		const fault: Fault = { key: 'file.stopped', args: { line: found.doneLine } };
		await tx.execute(
			sql`update imports set fault = ${JSON.stringify(fault)}::jsonb where id = ${id}`,
		);
		await finish(tx, setting, found, 'cancelled');
	});
	// For whoever keeps the program: the job is not tried again.
	throw new HopelessJob(`import ${id}: ${error instanceof Error ? error.message : String(error)}`);
}

/** Whether there is more to do. */
async function nextBatch(
	tx: Tx,
	setting: TaskSetting,
	id: number,
	worker: string,
	runs: StepRun[],
): Promise<boolean> {
	const found = await importOfWorker(tx, id, worker, true);
	if (found === null) return false;
	const query = { verdict: null, after: found.doneLine, limit: BATCH };
	const rows = found.status === 'running' ? await listRows(tx, id, query) : [];
	const last = rows.at(-1);
	if (last === undefined) {
		await finish(tx, setting, found, found.status === 'cancelling' ? 'cancelled' : 'done');
		return false;
	}
	// What two imports would both make is made once; held for this batch only.
	await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.imports})`);
	const noted = await feedAndNote(tx, found, engineRows(rows, found.headers), runs);
	await noteRecords(tx, id, noted.fed.results);
	await tx.execute(sql`
		update imports set done_line = ${last.line}, done_rows = done_rows + ${rows.length},
			counts = ${JSON.stringify(together(found.counts, noted.counts))}::jsonb
		where id = ${id}`);
	return true;
}

async function noteRecords(tx: Tx, id: number, results: Map<number, RowResult[]>): Promise<void> {
	const records = [...results].flatMap(([line, all]) =>
		all
			.filter(({ verdict }) => verdict === 'created' || verdict === 'updated')
			.map(({ step, noun, id, verdict, changes }) => ({
				...{ line, step, noun, record: id, created: verdict === 'created' },
				changes: changes ?? {},
			})),
	);
	await tx.execute(sql`
		insert into import_records (import_id, line, step, noun, record_id, created, changes)
		select ${id}::bigint, line, step, noun, record, created, changes
		from jsonb_to_recordset(${JSON.stringify(records)}::jsonb)
			as v(line int, step smallint, noun text, record bigint, created boolean, changes jsonb)`);
}

// What was brought in before, so that a key that comes again is known to have been there.
async function replay(
	{ connection: { db } }: TaskSetting,
	{ id, doneLine, headers }: ImportRecord,
	runs: StepRun[],
): Promise<void> {
	let after = 0;
	while (after < doneLine) {
		const rows = (await listRows(db, id, { verdict: null, after, limit: BATCH })).filter(
			({ line }) => line <= doneLine,
		);
		const last = rows.at(-1);
		if (last === undefined) return;
		const whole = engineRows(rows, headers).filter(({ fault }) => fault === undefined);
		const rejected = new Set(
			rows.filter(({ verdict }) => verdict === 'rejected').map(({ line }) => line),
		);
		for (const [at, run] of runs.entries()) {
			const before = new Map(
				rows.flatMap(({ line, results }) =>
					results.filter(({ step }) => step === at).map((result) => [line, result] as const),
				),
			);
			// What an earlier step has rejected, this one has not seen.
			const seen = whole.filter(
				({ line }) => !rejected.has(line) || before.has(line) || isLastSeen(rows, line, at),
			);
			run.replay(seen, before, rejected);
		}
		after = last.line;
		await breathe();
	}
}

// A rejected row was seen by the step behind the last one that took it.
function isLastSeen(
	rows: { line: number; results: RowResult[] }[],
	line: number,
	at: number,
): boolean {
	const steps = rows.find((row) => row.line === line)?.results.map(({ step }) => step) ?? [];
	return at === Math.max(-1, ...steps) + 1;
}

async function finish(
	tx: Tx,
	{ now }: TaskSetting,
	{ id, ownerId, fileName, counts }: ImportRecord,
	status: 'done' | 'cancelled',
): Promise<void> {
	await tx.execute(sql`
		update imports set status = ${status}, worker = null, finished_at = ${momentOf({ now: now() })} where id = ${id}`);
	// Its rows are kept, for the file of rejected ones and for undoing; the file itself nobody asks for again.
	await tx.execute(sql`delete from import_chunks where import_id = ${id}`);
	const { created = 0, updated = 0, rejected = 0 } = counts;
	if (created + updated === 0) return;
	const by = { actorId: ownerId, door: 'import' as const, now: now() };
	const data = { file: fileName, created, updated, rejected, importId: id };
	await record(tx, by, { type: 'import.finished', data });
}
