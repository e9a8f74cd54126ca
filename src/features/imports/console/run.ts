import { sql } from 'drizzle-orm';
import type { NounName } from '#src/features/imports/columns/fields.ts';
import { feedBatch } from '#src/features/imports/engine/feed.ts';
import { type StepRun, stepsOf } from '#src/features/imports/engine/steps.ts';
import type { Tally } from '#src/features/imports/engine/verdicts.ts';
import { openTable, type Row } from '#src/features/imports/files/readers.ts';
import { type RejectedRow, writeRejected } from '#src/features/imports/files/rejected.ts';
import type { Database, Tx } from '#src/platform/db/client.ts';
import { LOCKS } from '#src/platform/db/locks.ts';
import { type By, record } from '#src/platform/history/record.ts';
import type { Say } from '#src/platform/start-fault.ts';
import { leftAside, nameIn, type Plan, type PlannedFile } from './choice.ts';
import { FileFault, number, type Reason } from './messages.ts';

const BATCH_ROWS = 500;
const PROGRESS_ROWS = 2_500;

export type ImportSettings = {
	now: Date;
	/** Of new people. */
	timeZone: string;
	/** Folder for rejected rows. */
	rejectedFolder: string;
	say: Say;
};

/** What came of a file: a tally per noun that it feeds, and where its rejected rows are. */
export type FileReport = {
	name: string;
	rows: number;
	tallies: { feeds: NounName; tally: Tally }[];
	/** Accepted records that lack a field that may be empty, by its column. */
	lacking: Map<string, number>;
	/** Headings that nothing is taken from. */
	leftAside: string[];
	/** Cells that were left out of accepted rows. */
	notices: NoticeTally[];
	rejectedPath: string | null;
};

/** Cells of a column that were left out for one reason: in how many rows, and the first of their texts. */
export type NoticeTally = { column: string; first: Reason; rows: number; texts: string[] };

/**
 * Brings in the files of a plan, each in a transaction of its own: all of it that is not rejected, or
 * nothing. Throws FileFault with the name of the file; those before it stay.
 */
export async function runImport(
	db: Database,
	plan: Plan,
	settings: ImportSettings,
): Promise<FileReport[]> {
	const kept = plan.files.map(({ path }) => path);
	const reports: FileReport[] = [];
	for (const file of plan.files) {
		const report = await importFile(db, file, settings, kept).catch((error: unknown) => {
			throw error instanceof FileFault ? nameIn(file.path, error) : error;
		});
		// Of two files with one name, each has its own file of rejected rows.
		if (report.rejectedPath) kept.push(report.rejectedPath);
		reports.push(report);
	}
	return reports;
}

async function importFile(
	db: Database,
	file: PlannedFile,
	settings: ImportSettings,
	kept: string[],
): Promise<FileReport> {
	const { rows, runs, rejected, notices } = await db.transaction(async (tx) => {
		await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.imports})`);
		const by: By = { actorId: null, door: 'import', now: settings.now };
		const runs = await stepsOf(tx, file.mapping, file, { by, timeZone: settings.timeZone });
		const fed = await feedAll(tx, file, runs, settings.say);
		const [created, updated] = [total(runs, 'created'), total(runs, 'updated')];
		// A second run over the same file leaves no trace at all.
		if (created + updated > 0)
			await record(tx, by, {
				type: 'import.finished',
				data: { file: file.name, created, updated, rejected: fed.rejected.length },
			});
		return { ...fed, runs };
	});
	return {
		name: file.name,
		rows,
		tallies: talliesOf(runs),
		leftAside: leftAside(file),
		notices: [...notices.values()],
		lacking: new Map(runs.flatMap(({ lacking }) => [...lacking])),
		rejectedPath:
			rejected.length === 0
				? null
				: await writeRejected(settings.rejectedFolder, file, rejected, kept),
	};
}

// Heads and sellers are two steps of one file, and people both.
function talliesOf(runs: StepRun[]): FileReport['tallies'] {
	return [...new Set(runs.map(({ step }) => step.feeds))].map((feeds) => {
		const own = runs.filter(({ step }) => step.feeds === feeds);
		const tally: Tally = {
			created: total(own, 'created'),
			updated: total(own, 'updated'),
			unchanged: total(own, 'unchanged'),
			rejected: total(own, 'rejected'),
			doubtful: total(own, 'doubtful'),
		};
		return { feeds, tally };
	});
}

function total(runs: StepRun[], verdict: keyof Tally): number {
	return runs.reduce((sum, { tally }) => sum + tally[verdict], 0);
}

type Fed = { rows: number; rejected: RejectedRow[]; notices: Map<string, NoticeTally> };

async function feedAll(tx: Tx, file: PlannedFile, runs: StepRun[], say: Say): Promise<Fed> {
	const fed: Fed = { rows: 0, rejected: [], notices: new Map() };
	let told = 0;
	for await (const batch of batches(await openTable(file.path))) {
		const { rejected, results } = await feedBatch(tx, batch, runs);
		fed.rejected.push(...rejected);
		for (const [, own] of results)
			for (const notice of own.flatMap(({ notices = [] }) => notices)) note(fed.notices, notice);
		fed.rows += batch.length;
		if (fed.rows - told < PROGRESS_ROWS) continue;
		told = fed.rows;
		say(`${file.name}: прочитано строк ${number(fed.rows)}`);
	}
	return fed;
}

const TEXTS_KEPT = 50;

function note(tallies: Fed['notices'], notice: Reason): void {
	const { column = '', key, args } = notice;
	const known = tallies.get(`${column} ${key}`) ?? { column, first: notice, rows: 0, texts: [] };
	known.rows += 1;
	const text = String(args.text ?? '');
	if (text !== '' && known.texts.length < TEXTS_KEPT && !known.texts.includes(text))
		known.texts.push(text);
	tallies.set(`${column} ${key}`, known);
}

async function* batches({ rows }: { rows: AsyncIterable<Row> }): AsyncGenerator<Row[]> {
	let batch: Row[] = [];
	for await (const row of rows) {
		batch.push(row);
		if (batch.length < BATCH_ROWS) continue;
		yield batch;
		batch = [];
	}
	if (batch.length > 0) yield batch;
}
