import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, mergeConfig } from 'vitest/config';
import whole from './vitest.config.ts';

const root = resolve(import.meta.dirname, '..');
/** What a file imports that starts browsers, programs or servers of others. */
const STARTS =
	/child_process|\/(?:program|prepared|desk|browser|radicale|both-sides|hostile-sides)\.ts'|startEmbedded/;
/** Hundreds of pages each, every one with all the others; servers of others; faults. */
const LONG = [
	'tests/{engine,faults}/**',
	'tests/house/criteria.test.ts',
	'tests/auth/reach.test.ts',
];
const starting = globSync('tests/**/*.test.ts', { cwd: root }).filter((file) =>
	STARTS.test(readFileSync(resolve(root, file), 'utf8')),
);

/** What a minute or two answer: types, lint, house, rules and the database, without browsers and processes. */
export default mergeConfig(whole, defineConfig({ test: { exclude: [...starting, ...LONG] } }));
