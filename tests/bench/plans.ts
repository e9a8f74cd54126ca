import type pg from 'pg';
import type { Script } from './statements.ts';

/** Scans of more rows than this from beginning to end are not allowed. */
export const MOST_SCANNED = 10_000;

/** What Postgres did for a request: rows that its scans touched, tables that it read from end to end. */
export type Work = {
	rowsRead: number;
	/** Pages of 8 KB that were looked at, in memory or on the disk. */
	buffers: number;
	bigScans: string[];
	planningMs: number;
	executionMs: number;
};

type Node = {
	'Node Type': string;
	'Relation Name'?: string;
	'Actual Rows': number;
	'Actual Loops': number;
	'Shared Hit Blocks'?: number;
	'Shared Read Blocks'?: number;
	'Rows Removed by Filter'?: number;
	'Rows Removed by Index Recheck'?: number;
	'Rows Removed by Join Filter'?: number;
	Plans?: Node[];
};
type Explained = { Plan: Node; 'Planning Time': number; 'Execution Time': number };

/**
 * Runs the statements of a script under EXPLAIN ANALYZE, in a transaction that is rolled back. Times
 * are in milliseconds and include the clock's own cost.
 */
export async function explainWork(pool: pg.Pool, script: Script): Promise<Work> {
	const client = await pool.connect();
	const work: Work = { rowsRead: 0, buffers: 0, bigScans: [], planningMs: 0, executionMs: 0 };
	try {
		await client.query('begin');
		for (const { query, params } of script.flat()) {
			if (query.text === 'begin' || query.text === 'commit') continue;
			const { rows } = await client.query<{ 'QUERY PLAN': Explained[] }>(
				`explain (analyze, buffers, format json) ${query.text}`,
				params,
			);
			const explained = rows[0]?.['QUERY PLAN'][0] as Explained;
			work.planningMs += explained['Planning Time'];
			work.executionMs += explained['Execution Time'];
			const { 'Shared Hit Blocks': hit = 0, 'Shared Read Blocks': read = 0 } = explained.Plan;
			work.buffers += hit + read;
			count(explained.Plan, work);
		}
	} finally {
		await client.query('rollback');
		client.release();
	}
	return work;
}

function count(node: Node, work: Work): void {
	const touched =
		(node['Actual Rows'] +
			(node['Rows Removed by Filter'] ?? 0) +
			(node['Rows Removed by Index Recheck'] ?? 0)) *
		node['Actual Loops'];
	const relation = node['Relation Name'];
	// Entries of a bitmap's index count too: two of them may be long and leave few rows in common.
	if (relation !== undefined || node['Node Type'] === 'Bitmap Index Scan') work.rowsRead += touched;
	if (node['Node Type'] === 'Seq Scan' && touched > MOST_SCANNED)
		work.bigScans.push(relation ?? '?');
	for (const child of node.Plans ?? []) count(child, work);
}
