import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './sequence.ts';
import { Skipped } from './skipped.ts';

export default defineConfig({
	root: resolve(import.meta.dirname, '..'),
	test: {
		reporters: ['default', new Skipped()],
		include: ['tests/**/*.test.ts'],
		globalSetup: 'tests/global-setup.ts',
		pool: 'forks',
		// Loading the program costs seconds of a core: once a worker, not once a file. Files keep nothing in modules.
		isolate: false,
		// Two files at once: the machines have two cores, and the server and the browser want some of them.
		maxWorkers: 2,
		sequence: { sequencer: LongestFirst },
		testTimeout: 600_000,
		hookTimeout: 600_000,
		teardownTimeout: 30_000,
		// What is waited for comes at once on an idle machine, and some time on a busy one.
		expect: { poll: { timeout: 120_000, interval: 25 } },
	},
});
