import { stat } from 'node:fs/promises';
import { readConfig } from '#src/config.ts';
import { writeBackup } from '#src/platform/backup/backup.ts';
import type { Manifest } from '#src/platform/backup/file.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { command, fromHere, say } from './console.ts';
import { openAsItIs } from './database.ts';
import { listenForGoodbye } from './goodbye.ts';

await command(async () => {
	const [file, ...more] = process.argv.slice(2);
	if (!file || more.length > 0) throw new StartFault('Как вызвать: npm run backup -- ФАЙЛ');
	const path = fromHere(file);
	const leaving = listenForGoodbye();
	const database = await openAsItIs(readConfig(process.env), say, leaving.signal);
	try {
		const manifest = await writeBackup(database.connection.pool, path, leaving.signal);
		say(`Копия: ${path}, ${summary(manifest)}, байт: ${number((await stat(path)).size)}`);
	} catch (error) {
		if (leaving.signal.aborted) throw new StartFault('Копия не сделана: работа прервана.');
		throw notOurs(error) ?? database.explained(error);
	} finally {
		await database.stop();
	}
});

function number(value: number): string {
	return value.toLocaleString('ru');
}

function summary({ tables }: Manifest): string {
	const rows = tables.reduce((sum, table) => sum + table.rows, 0);
	return `таблиц: ${number(tables.length)}, строк: ${number(rows)}`;
}

function notOurs(error: unknown): StartFault | null {
	const { code } = error as { code?: string };
	return code === '42P01' || code === '3F000'
		? new StartFault('Копировать нечего: таблиц этой программы в базе нет.')
		: null;
}
