import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '#src/config.ts';
import { testDatabase } from '../database.ts';
import { fileOf, folder, importInto, rowsOf } from './importing.ts';

const database = await testDatabase();
const ROWS = 3_000;
/** Behind the first word about progress, so that the program is surely in the middle of the file. */
const STUCK_AT = 2_700;
/** Programs of their own start slowly where everything else runs beside them. */
const PATIENCE_MS = 600_000;

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

// A colleague's unfinished work under the same ref holds the program in the middle, for as long as it takes.
async function heldInTheMiddle(ref: string): Promise<() => Promise<void>> {
	const colleague = await database.pool.connect();
	await colleague.query('begin');
	await colleague.query(
		`insert into clients (name, legal_kind, external_ref) values ('Занято', 'company', $1)`,
		[ref],
	);
	return async () => {
		await colleague.query('rollback');
		colleague.release();
	};
}

const countStuck = () =>
	rowsOf(
		database,
		`select count(*)::int from pg_stat_activity
		where datname = current_database() and wait_event_type = 'Lock'`,
	);
const countClients = () => rowsOf(database, 'select count(*)::int from clients');

it('killed half-way it leaves nothing of the file, and run again no doubles', {
	timeout: PATIENCE_MS,
}, async () => {
	const rows = Array.from({ length: ROWS }, (_, i) => `К-${i};Завод № ${i};${i % 7};\n`).join('');
	const path = await fileOf('клиенты.csv', `Код;Клиент;Сегмент;Вид\n${rows}`);
	const letGo = await heldInTheMiddle(`plain-ru/clients:К-${STUCK_AT}`);
	const child = start(path, await folder());
	for await (const piece of child.stdout as AsyncIterable<Buffer>)
		if (String(piece).includes('прочитано строк')) break;
	await expect.poll(countStuck).toEqual([[1]]);
	child.kill('SIGKILL');
	await once(child, 'close');
	await letGo();
	expect(await countClients()).toEqual([[0]]);

	const { code, text } = await output(start(path, await folder()));
	expect(text).toMatch(/клиенты\.csv +клиенты +3\s000 +0 +0 +0/);
	expect(code).toBe(0);
	expect(await countClients()).toEqual([[ROWS]]);
	expect((await importInto(database, [path])).tallies.clients?.unchanged).toBe(ROWS);
});

it('ends with code 1 and one plain sentence where something is wrong', {
	timeout: PATIENCE_MS,
}, async () => {
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

it('names files from where the person stands, not from the folder of the program', {
	timeout: PATIENCE_MS,
}, async () => {
	const path = await fileOf('clients.csv', 'Клиент\nОдин\n');
	const child = spawn(process.execPath, ['src/commands/import.ts', 'clients.csv'], {
		cwd: ROOT,
		env: { ...process.env, DATABASE_URL: database.url, INIT_CWD: join(path, '..') },
	});
	expect((await output(child)).code).toBe(0);
});
