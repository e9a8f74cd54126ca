import { execFileSync, spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '#src/config.ts';
import { dataFolder } from './program.ts';

/** Somebody who is not root, as whom root may start programs. */
const ordinary = { uid: 65_534, gid: 65_534 };
const PARTS = ['src', 'views', 'public', 'drizzle', 'package.json'];

/**
 * How an ordinary user starts the program: right here, or in a copy of it where only root may enter this folder, as
 * root's home or a fresh temporary one.
 */
export async function asOrdinary() {
	const { status } = spawnSync(process.execPath, [join(ROOT, 'src/config.ts')], {
		...ordinary,
		cwd: '/',
	});
	if (status === 0) return ordinary;
	const root = await dataFolder();
	const modules = realpathSync(join(ROOT, 'node_modules'));
	const copy = (how: string) => {
		execFileSync('cp', [how, ...PARTS.map((part) => join(ROOT, part)), root]);
		execFileSync('cp', [how, modules, join(root, 'node_modules')]);
	};
	try {
		// By links, where the file system is the same: the packages are large.
		copy('-alf');
	} catch {
		copy('-af');
	}
	const node = relative(modules, process.execPath);
	return {
		...ordinary,
		root,
		...(!node.startsWith('..') && { node: join(root, 'node_modules', node) }),
	};
}
