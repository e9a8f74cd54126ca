import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api';

type Snapshot = ReturnType<typeof generateDrizzleJson>;
type Entry = { idx: number; version: string; when: number; tag: string; breakpoints: boolean };

const SNAPSHOT = 'snapshot.json';
const JOURNAL = '_journal.json';
const ROOT = join(import.meta.dirname, '..');
/** When migration 0000 is said to have been made; each later one a minute after the number before it. */
const FIRST_MOMENT = 1_796_083_200_000;
const MINUTE_MS = 60_000;

/** What all tables.ts say, as drizzle-kit writes it down; by name, so that two branches merge line by line. */
export async function toldByTables(): Promise<Snapshot> {
	const exported: Record<string, unknown> = {};
	for (const path of globSync('src/**/*tables.ts', { cwd: ROOT }).toSorted())
		Object.assign(exported, await import(resolve(ROOT, path)));
	const told = generateDrizzleJson(exported, undefined, undefined, 'snake_case');
	const tables = Object.entries(told.tables).toSorted(([one], [other]) => (one < other ? -1 : 1));
	return {
		...told,
		id: '00000000-0000-0000-0000-000000000001',
		tables: Object.fromEntries(tables),
	};
}

/** The statements that lead from nothing to what tables.ts say; foreign keys last, for they look at unique indexes. */
export async function statementsFromNothing(): Promise<string[]> {
	const statements = await generateMigration(generateDrizzleJson({}), await toldByTables());
	const isForeignKey = (sql: string) => Number(sql.includes(' FOREIGN KEY '));
	return statements.toSorted((one, other) => isForeignKey(one) - isForeignKey(other));
}

const at = (folder: string, file: string) => join(folder, 'meta', file);

/** Takes what tables.ts say for what the migrations of `folder` leave: after one by hand, or two branches in one. */
export async function keepSnapshot(folder: string): Promise<void> {
	writeFileSync(at(folder, SNAPSHOT), `${JSON.stringify(await toldByTables(), null, 2)}\n`);
}

/** Writes what tables.ts say beyond the last snapshot of `folder` as its next migration; returns its name, or null for nothing. */
export async function generate(folder: string, words: string): Promise<string | null> {
	const before: Snapshot = JSON.parse(readFileSync(at(folder, SNAPSHOT), 'utf8'));
	const statements = await generateMigration(before, await toldByTables());
	if (statements.length === 0) return null;
	const journal = JSON.parse(readFileSync(at(folder, JOURNAL), 'utf8')) as { entries: Entry[] };
	const number = Number(journal.entries.at(-1)?.tag.slice(0, 4) ?? -1) + 1;
	const tag = `${String(number).padStart(4, '0')}_${words}`;
	const when = FIRST_MOMENT + number * MINUTE_MS;
	journal.entries.push({ idx: journal.entries.length, version: '7', when, tag, breakpoints: true });
	writeFileSync(join(folder, `${tag}.sql`), `${statements.join('--> statement-breakpoint\n')}\n`);
	writeFileSync(at(folder, JOURNAL), JSON.stringify(journal, null, 2));
	await keepSnapshot(folder);
	return tag;
}

if (import.meta.main) {
	const [words = 'change'] = process.argv.slice(2);
	if (words === '--snapshot') {
		await keepSnapshot(import.meta.dirname);
	} else {
		const tag = await generate(import.meta.dirname, words.replaceAll(/[^a-z0-9_]/g, '_'));
		console.log(
			tag === null ? 'Nothing: tables.ts say what the migrations leave.' : `drizzle/${tag}.sql`,
		);
	}
}
