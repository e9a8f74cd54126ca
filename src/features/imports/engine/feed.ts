import type { Row } from '#src/features/imports/files/readers.ts';
import type { RejectedRow } from '#src/features/imports/files/rejected.ts';
import type { RowResult } from '#src/features/imports/tables.ts';
import type { Tx } from '#src/platform/db/client.ts';
import type { StepRun } from './steps.ts';

/** What came of a batch of rows: those that are rejected, and what each of the others has done. */
export type FedBatch = { rejected: RejectedRow[]; results: Map<number, RowResult[]> };

/**
 * Feeds up to 500 rows through the steps of a file, one after the other; what one step rejects, the next
 * ones do not see.
 */
export async function feedBatch(tx: Tx, batch: Row[], runs: StepRun[]): Promise<FedBatch> {
	const rejected = batch.flatMap((row) => (row.fault ? [{ row, reasons: [row.fault] }] : []));
	const results = new Map<number, RowResult[]>();
	const last = runs.at(-1);
	if (last) last.tally.rejected += rejected.length;
	let rows = batch.filter((row) => !row.fault);
	for (const run of runs) {
		const fed = await run.feed(tx, rows);
		const lines = new Set(fed.rejected.map(({ row }) => row.line));
		rows = rows.filter(({ line }) => !lines.has(line));
		rejected.push(...fed.rejected.map(({ row, reasons }) => ({ row, reasons })));
		for (const [line, result] of fed.results)
			results.set(line, [...(results.get(line) ?? []), result]);
	}
	return { rejected, results };
}
