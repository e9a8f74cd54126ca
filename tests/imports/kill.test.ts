import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '#src/config.ts';
import { testDatabase } from '../database.ts';
import { fileOf, folder, importInto, rowsOf } from './importing.ts';

const database = await testDatabase();
const ROWS = 6_000;

function start(path: string, rejected: string) {
	return spawn(process.execPath, ['src/commands/import.ts', path, '--rejected', rejected], {
		cwd: ROOT,
		env: { ...process.env, DATABASE_URL: database.url, INIT_CWD: '/' },
	});
}

async function output(child: ReturnType<typeof start>): Promise<{ code: number; text: string }> {
	let text = '';
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (piece: Buffer) => {
			text += piece;
		});
	const [code] = (await once(child, 'close')) as [number];
	return { code, text };
}

it('killed half-way it leaves nothing of the file, and run again no doubles', async () => {
	const rows = Array.from({ length: ROWS }, (_, i) => `Завод № ${i};${i % 7};\n`).join('');
	const path = await fileOf('клиенты.csv', `Клиент;Сегмент;Вид\n${rows}`);
	const child = start(path, await folder());
	for await (const piece of child.stdout as AsyncIterable<Buffer>)
		if (String(piece).includes('прочитано строк')) break;
	child.kill('SIGKILL');
	await once(child, 'close');
	expect(await rowsOf(database, 'select count(*)::int from clients')).toEqual([[0]]);

	const { code, text } = await output(start(path, await folder()));
	expect(text).toMatch(/клиенты\.csv +клиенты +6\s000 +0 +0 +0/);
	expect(code).toBe(0);
	expect(await rowsOf(database, 'select count(*)::int from clients')).toEqual([[ROWS]]);
	expect((await importInto(database, [path])).tallies.clients?.unchanged).toBe(ROWS);
});

it('ends with code 1 and one plain sentence where something is wrong', async () => {
	const cases: [string, RegExp][] = [
		['/nowhere/a.csv', /^Файл a\.csv не загружен: файла нет или он не читается \(ENOENT\)\.$/],
		[await fileOf('a.csv', 'x;y\n1;2\n'), /^Ни один файл не подошёл/],
		[
			await fileOf('b.csv', 'Клиент\n"Без конца\n'),
			/кавычка не закрыта, файл кончился на строке 2/,
		],
	];
	for (const [path, sentence] of cases) {
		const { code, text } = await output(start(path, await folder()));
		expect(text.trimEnd().split('\n').at(-1)).toMatch(sentence);
		expect(code).toBe(1);
	}
});

it('names files from where the person stands, not from the folder of the program', async () => {
	const path = await fileOf('clients.csv', 'Клиент\nОдин\n');
	const child = spawn(process.execPath, ['src/commands/import.ts', 'clients.csv'], {
		cwd: ROOT,
		env: { ...process.env, DATABASE_URL: database.url, INIT_CWD: join(path, '..') },
	});
	expect((await output(child)).code).toBe(0);
});
