import { readConfig } from '#src/config.ts';
import { command, say } from './console.ts';
import { openDatabase } from './database.ts';

await command(async () => {
	const database = await openDatabase({ ...readConfig(process.env), MIGRATE: 'on' }, say);
	await database.stop();
});
