import { readConfig } from '#src/config.ts';
import { restoreBackup } from '#src/platform/backup/restore.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { command, fromHere, say } from './console.ts';
import { openAsItIs } from './database.ts';

await command(async () => {
	const [file, ...more] = process.argv.slice(2);
	if (!file || more.length > 0) throw new StartFault('Как вызвать: npm run restore -- ФАЙЛ');
	const path = fromHere(file);
	const database = await openAsItIs(readConfig(process.env), say);
	try {
		const { takenAt, tables } = await restoreBackup(database.connection.pool, path);
		const rows = tables.reduce((sum, table) => sum + table.rows, 0).toLocaleString('ru');
		say(`Возвращено: копия от ${takenAt}, таблиц: ${tables.length}, строк: ${rows}`);
	} catch (error) {
		throw database.explained(error);
	} finally {
		await database.stop();
	}
});
