import { sql } from 'drizzle-orm';
import { type Fault, FileFault, MappingFault } from '#src/features/imports/console/messages.ts';
import { openTable, type Row } from '#src/features/imports/files/readers.ts';
import { LIMITS, storedCells, withStoredFile } from '#src/features/imports/files/spool.ts';
import { type ImportRecord, importOfWorker, listRows } from '#src/features/imports/queries.ts';
import type { Counts } from '#src/features/imports/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { HopelessJob, type TaskSetting } from '#src/platform/jobs/task.ts';
import { Rehearsal } from './rehearsal.ts';
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

const ROWS_AT_ONCE = 1_000;

/**
 * Reads the file of an import and says what would become of each row, by the engine itself, which writes
 * nothing meanwhile. Killed, it begins anew. Ends quietly when the person has changed their mind.
 */
export async function checkImport(setting: TaskSetting, id: number): Promise<void> {
	const { db } = setting.connection;
	const taken = await takeImport(db, id, ['checking']);
	if (taken === null) return;
	try {
		if (await readRows(setting, taken.found, taken.worker))
			await rehearse(setting, taken.found, taken.worker);
	} catch (error) {
		const known = error instanceof FileFault || error instanceof MappingFault;
		if (!known && mayPass(error, setting.signal)) throw error;
		await fail(db, id, taken.worker, faultOf(error));
		// For whoever keeps the program: the job is not tried again.
		if (!known) throw new HopelessJob(`import ${id}: ${(error as Error).message}`);
	}
}

function faultOf(error: unknown): Fault {
	if (error instanceof FileFault) return error.fault;
	if (error instanceof MappingFault) return { key: 'file.broken', args: { reason: error.message } };
	return { key: 'file.stopped', args: { line: 0 } };
}

async function fail(db: Sql, id: number, worker: string, fault: Fault): Promise<void> {
	await db.execute(sql`
		update imports set status = 'failed', fault = ${JSON.stringify(fault)}::jsonb
		where id = ${id} and worker = ${worker}`);
}

/** Whether all rows were read; not so when somebody else has the import by now. */
async function readRows(
	{ connection: { db }, signal }: TaskSetting,
	{ id, reading, headers }: ImportRecord,
	worker: string,
): Promise<boolean> {
	await db.execute(sql`delete from import_rows where import_id = ${id}`);
	return await withStoredFile(db, id, async (path) => {
		const table = await openTable(path, { ...reading, ...LIMITS });
		let batch: Row[] = [];
		let count = 0;
		const store = async () => {
			signal.throwIfAborted();
			count += batch.length;
			const stored = await db.transaction(async (tx) => {
				if ((await importOfWorker(tx, id, worker, true)) === null) return false;
				await insertRows(tx, id, batch, headers);
				await tx.execute(sql`update imports set rows = ${count} where id = ${id}`);
				return true;
			});
			batch = [];
			return stored;
		};
		for await (const row of table.rows) {
			batch.push(row);
			if (batch.length === ROWS_AT_ONCE && !(await store())) return false;
		}
		if (count + batch.length === 0) throw new FileFault('file.onlyHeader');
		return await store();
	});
}

async function insertRows(tx: Tx, id: number, rows: Row[], headers: string[]): Promise<void> {
	const stored = rows.map((row) => ({
		line: row.line,
		cells: storedCells(row, headers),
		reasons: row.fault ? [row.fault] : [],
	}));
	await tx.execute(sql`
		insert into import_rows (import_id, line, cells, reasons)
		select ${id}::bigint, line, cells, reasons
		from jsonb_to_recordset(${JSON.stringify(stored)}::jsonb) as v(line int, cells jsonb, reasons jsonb)`);
}

async function rehearse(setting: TaskSetting, found: ImportRecord, worker: string): Promise<void> {
	const { db } = setting.connection;
	const { id, headers } = found;
	const steps = await stepsOfImport(setting, found, new Rehearsal());
	if (steps === null) throw new FileFault('file.broken', { reason: 'login' });
	let [after, done, counts] = [0, 0, {} as Counts];
	for (;;) {
		setting.signal.throwIfAborted();
		const rows = await listRows(db, id, { verdict: null, after, limit: BATCH });
		const last = rows.at(-1);
		if (last === undefined) break;
		const goesOn = await db.transaction(async (tx) => {
			const noted = await feedAndNote(tx, found, engineRows(rows, headers), steps.runs);
			counts = together(counts, noted.counts);
			done += rows.length;
			const { rowCount } = await tx.execute(sql`
				update imports set done_rows = ${done}, counts = ${JSON.stringify(counts)}::jsonb
				where id = ${id} and worker = ${worker}`);
			return rowCount === 1;
		});
		if (!goesOn) return;
		after = last.line;
		await breathe();
	}
	await db.execute(sql`
		update imports set status = 'checked', worker = null where id = ${id} and worker = ${worker}`);
}
