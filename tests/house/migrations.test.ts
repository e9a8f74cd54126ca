import { expect, test } from 'vitest';
import journal from '../../drizzle/meta/_journal.json' with { type: 'json' };
import { filesIn } from './building.ts';

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
