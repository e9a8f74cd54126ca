import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { readMigrations } from '#src/platform/db/migrations.ts';
import config from '../../drizzle/config.ts';
import { generate } from '../../drizzle/generate.ts';

/** A copy of drizzle/ that a test may spoil. */
function copiedFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), 'moi-prodazhi-drizzle-'));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	cpSync(join(ROOT, 'drizzle'), folder, { recursive: true });
	return folder;
}

const textsOf = (folder: string) =>
	readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'utf8')]);

test('on a clean tree there is nothing to generate; after a change of tables.ts without it: npm run db:generate', async () => {
	const folder = copiedFolder();
	const before = textsOf(folder);
	expect(await generate(folder, 'nothing')).toBe(null);
	expect(textsOf(folder)).toEqual(before);
});

test('drizzle-kit itself finds nothing to generate either', () => {
	const folder = copiedFolder();
	const before = textsOf(folder);
	const file = join(folder, 'config.json');
	writeFileSync(file, JSON.stringify({ ...config, out: relative(ROOT, folder) }));
	const said = execFileSync(
		join(ROOT, 'node_modules/.bin/drizzle-kit'),
		['generate', '--config', relative(ROOT, file)],
		{ cwd: ROOT, encoding: 'utf8' },
	);
	rmSync(file);
	expect(said).toContain('No schema changes');
	expect(textsOf(folder)).toEqual(before);
});

test('what tables.ts say beyond the migrations is the next one of them, and then there is nothing more', async () => {
	const folder = copiedFolder();
	const path = join(folder, 'meta/snapshot.json');
	const snapshot = JSON.parse(readFileSync(path, 'utf8'));
	delete snapshot.tables['public.tags'].columns.colour;
	writeFileSync(path, JSON.stringify(snapshot));
	const [known, last] = [readMigrations(folder), readMigrations(folder).at(-1)];
	const number = Number(last?.name.slice(0, 4)) + 1;
	const name = `${String(number).padStart(4, '0')}_colours`;
	expect(await generate(folder, 'colours')).toBe(name);
	expect(readMigrations(folder).slice(known.length)).toMatchObject([
		{
			name,
			at: 1_796_083_200_000 + number * 60_000,
			statements: [`ALTER TABLE "tags" ADD COLUMN "colour" text DEFAULT 'grey' NOT NULL;\n`],
		},
	]);
	expect(await generate(folder, 'more')).toBe(null);
});
