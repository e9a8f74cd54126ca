import { expect, test } from 'vitest';
import journal from '../../drizzle/meta/_journal.json' with { type: 'json' };
import { filesIn } from './building.ts';

/* While a company upgrades, the program of before works on the schema of after: a migration adds, both programs write, and only
 * the one after next takes away, in a file that says `-- contract` (docs/operate.md, «Migrations»). */
const CONTRACT: [RegExp, string][] = [
	[/\bDROP\s+(TABLE|COLUMN)\b/i, 'takes away what the program of before reads'],
	[/\bRENAME\s+(?!CONSTRAINT\b)/i, 'renames what the program of before reads'],
	[/\bSET\s+NOT\s+NULL\b/i, 'demands what the program of before may not write'],
	[/\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b/i, 'changes the type of a column'],
];
/** A column that is added to what stands there already, without a value for the rows of a program that does not know it. */
const ADDED = /\bADD\s+COLUMN\b[^,;]*/gi;
const PLAIN_INDEX =
	/\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)[^;]*?\bON\s+(?:ONLY\s+)?(?:"?public"?\.)?"?(deals|interactions|clients|events|stage_changes)\b/i;
/** Landed before the rules were. */
const BEFORE_RULES = 24;

/* What brings a database up to date goes by the moments of the journal: two of one moment are one to it. */
const { entries } = journal;

test('every migration has a number and a moment of its own, in the same order', () => {
	const [numbers, moments] = [
		entries.map(({ tag }) => Number(tag.split('_')[0])),
		entries.map(({ when }) => when),
	];
	for (const list of [numbers, moments])
		expect(list).toEqual([...new Set(list)].toSorted((a, b) => a - b));
	expect(entries.map(({ idx }) => idx)).toEqual(entries.map((_, n) => n));
});

test('the journal and the folder hold the same migrations', () => {
	const files = filesIn('drizzle', '.sql').map(({ path }) =>
		path.replace(/^drizzle\/|\.sql$/g, ''),
	);
	expect(entries.map(({ tag }) => tag)).toEqual(files);
});

test('who sets a setting of pg_trgm has loaded it: an older database is brought up to date by a connection of its own', () => {
	const setting = filesIn('drizzle', '.sql').filter(({ text }) => /^SET pg_trgm\./m.test(text));
	expect(setting.length).toBeGreaterThan(0);
	for (const { path, text } of setting) {
		const loads = text.search(/CREATE EXTENSION IF NOT EXISTS "?pg_trgm|SELECT similarity\(/i);
		expect(loads, path).toBeGreaterThanOrEqual(0);
		expect(loads, path).toBeLessThan(text.search(/^SET pg_trgm\./m));
	}
});

const numberOf = (path: string) => Number(/(\d{4})_/.exec(path)?.[1]);
// What is said of it is no statement; what a function does, it does later.
const statementsOf = (text: string) =>
	text.replace(/--(?!>).*$/gm, '').replace(/\$\$[\s\S]*?\$\$/g, "''");

function faultsOf(text: string): string[] {
	const statements = statementsOf(text);
	const faults: string[] = [];
	if (!/^-- contract(: \d{4})?$/m.test(text)) {
		for (const [pattern, why] of CONTRACT) if (pattern.test(statements)) faults.push(why);
		for (const [column] of statements.matchAll(ADDED))
			if (/\bNOT\s+NULL\b/i.test(column) && !/\b(DEFAULT|GENERATED)\b/i.test(column))
				faults.push('adds a column that the program of before does not fill');
	}
	if (PLAIN_INDEX.test(statements))
		faults.push(
			'holds up the writers of a large table: CREATE INDEX CONCURRENTLY in a file of its own',
		);
	const concurrently = /\bINDEX\s+CONCURRENTLY\b/i.test(statements);
	if (concurrently !== /^-- concurrently$/m.test(text))
		faults.push('CONCURRENTLY stands in a file that says `-- concurrently`, and only there');
	if (/^-- concurrently$/m.test(text))
		for (const statement of statements.split('--> statement-breakpoint'))
			if (
				!/\bINDEX\s+CONCURRENTLY\s+IF\s+(NOT\s+)?EXISTS\b/i.test(statement) &&
				statement.trim() !== ''
			)
				faults.push('a statement that runs by itself must be such that it may run twice');
	return faults;
}

test('a migration leaves the program of before able to work, or says that it does not', () => {
	for (const { path, text } of filesIn('drizzle', '.sql'))
		if (numberOf(path) > BEFORE_RULES) expect([path, faultsOf(text)]).toEqual([path, []]);
});

test('the rules for migrations find what they forbid, and leave what they allow', () => {
	for (const text of [
		'ALTER TABLE "deals" DROP COLUMN "source";',
		'ALTER TABLE deals ADD COLUMN a text NOT NULL, ADD COLUMN b text DEFAULT 1;',
		'DROP TABLE "tags";',
		'ALTER TABLE deals ALTER COLUMN "amount" TYPE numeric(20, 2);',
		'ALTER TABLE deals RENAME COLUMN a TO b;',
		'CREATE INDEX "deals_x" ON "deals" USING btree ("x");',
		'CREATE INDEX CONCURRENTLY IF NOT EXISTS "deals_x" ON "deals" ("x");',
		'-- concurrently\nUPDATE deals SET x = 1;',
	])
		expect([text, faultsOf(text).length > 0]).toEqual([text, true]);
	for (const text of [
		"ALTER TABLE deals ADD COLUMN a text, ADD COLUMN b text NOT NULL DEFAULT '';",
		'CREATE TABLE more (id bigint NOT NULL);--> statement-breakpoint\nCREATE INDEX more_id ON more (id);',
		'ALTER TABLE deals RENAME CONSTRAINT a TO b;',
		'-- contract\nALTER TABLE deals DROP COLUMN a;',
		'-- contract: 0041\nDROP TABLE tags;',
		'-- concurrently\nDROP INDEX CONCURRENTLY IF EXISTS deals_x;--> statement-breakpoint\nCREATE INDEX CONCURRENTLY IF NOT EXISTS "deals_x" ON "deals" ("x");',
	])
		expect([text, faultsOf(text)]).toEqual([text, []]);
});
