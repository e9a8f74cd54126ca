/*
 * npm run faults: everything that may die under the application dies under it, and the oracles are asked; prints a line of
 * figures for each fault. After `--`: `--long` lets each last as long as it should once, other words choose files.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '#src/config.ts';

const { values, positionals } = parseArgs({
	options: { long: { type: 'boolean', default: false } },
	allowPositionals: true,
});
const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
const files = positionals.length > 0 ? positionals : ['tests/faults'];
const child = spawn(
	process.execPath,
	[
		vitest,
		'run',
		'--config',
		'tests/vitest.config.ts',
		'--disable-console-intercept',
		'--no-file-parallelism',
		...files,
	],
	{ cwd: ROOT, stdio: 'inherit', env: { ...process.env, FAULTS: values.long ? 'long' : 'short' } },
);
child.once('close', (code) => process.exit(code ?? 1));
