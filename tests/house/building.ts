import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '#src/config.ts';

/** A file of the house, by its path from the top. */
export type HouseFile = { path: string; text: string };

/** The files below a folder of the house that end with one of these. */
export function filesIn(folder: string, ...endings: string[]): HouseFile[] {
	const found = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
	return found
		.filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
		.map((entry) => join(entry.parentPath, entry.name))
		.map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }))
		.sort((a, b) => (a.path < b.path ? -1 : 1));
}
