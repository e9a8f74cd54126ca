import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';

type Locked = { optionalDependencies?: Record<string, string> };

// «npm install» leaves out what the registry at hand lacks, and «npm ci» then refuses the file elsewhere.
test('the lock file names every optional dependency, for whatever machine it is', () => {
	const file = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
	const { packages } = JSON.parse(file) as { packages: Record<string, Locked> };
	const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
		Object.keys(optionalDependencies).filter((name) => !found(packages, path, name)),
	);
	expect(missing).toEqual([]);
});

/** Looks where Node would: in the package's own folder, then in each one above it. */
function found(packages: Record<string, Locked>, path: string, name: string): boolean {
	for (let from = path; ; from = from.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
		if (packages[`${from ? `${from}/` : ''}node_modules/${name}`]) return true;
		if (from === '') return false;
	}
}
