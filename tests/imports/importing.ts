import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planImport, type Said } from '#src/features/imports/console/choice.ts';
import { type FileReport, runImport } from '#src/features/imports/console/run.ts';
import type { Tally } from '#src/features/imports/engine/verdicts.ts';
import type { TestDatabase } from '../database.ts';

export const FIXTURES = join(import.meta.dirname, 'fixtures');

const made: string[] = [];
// Files share this module: a hook would belong to the first of them.
process.once('exit', () => {
	for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** An empty folder of its own, gone when the tests are through. */
export async function folder(): Promise<string> {
	const path = await mkdtemp(join(tmpdir(), 'moi-prodazhi-import-'));
	made.push(path);
	return path;
}

/** A file with this content in an empty folder; returns its path. */
export async function fileOf(name: string, content: string | Buffer): Promise<string> {
	const path = join(await folder(), name);
	await writeFile(path, content);
	return path;
}

type Imported = { reports: FileReport[]; tallies: Record<string, Tally>; rejectedFolder: string };

type Asked = { mapping?: string | null; now?: Date } & Omit<Said, 'mappingPath'>;

/** Imports files or folders as the command does; tallies are by noun. */
export async function importInto(
	{ db }: TestDatabase,
	paths: string[],
	{ mapping = null as string | null, now = new Date(), ...said }: Asked = {},
): Promise<Imported> {
	const rejectedFolder = await folder();
	const plan = await planImport(paths, { ...said, mappingPath: mapping });
	const settings = { now, timeZone: 'Asia/Omsk', rejectedFolder, say: () => {} };
	const reports = await runImport(db, plan, settings);
	const tallies = Object.fromEntries(
		reports.flatMap((report) => report.tallies.map(({ feeds, tally }) => [feeds, tally])),
	);
	return { reports, tallies, rejectedFolder };
}

/** Runs a query and returns its rows as lists. */
export async function rowsOf({ pool }: TestDatabase, text: string): Promise<unknown[][]> {
	return (await pool.query({ text, rowMode: 'array' })).rows;
}

const TABLES = [
	...['teams', 'people', 'clients', 'products', 'deals', 'stage_changes', 'events', 'deal_tallies'],
	...['deal_products', 'interactions'],
];

/** Everything that an import could write, as text: equal before and after means that nothing changed. */
export async function everything(database: TestDatabase): Promise<string> {
	const parts = await Promise.all(
		TABLES.map((table) =>
			rowsOf(database, `select t::text from ${table} t order by t::text collate "C"`),
		),
	);
	return JSON.stringify(parts);
}
