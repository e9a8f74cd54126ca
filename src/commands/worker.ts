import Fastify from 'fastify';
import { readConfig } from '#src/config.ts';
import { logSettings } from '#src/platform/http/log.ts';
import { startWorker } from '#src/platform/jobs/worker.ts';
import { strangeSettings } from '#src/strange-settings.ts';
import { schedule, tasks } from '#src/tasks.ts';
import { command, say } from './console.ts';
import { openDatabase } from './database.ts';
import { listenForGoodbye } from './goodbye.ts';
import { holdSealingKey } from './sealing.ts';

await command(async () => {
	const leaving = listenForGoodbye();
	const config = readConfig(process.env);
	for (const line of strangeSettings(process.env)) say(line);
	const database = await openDatabase(config, say, leaving.signal).catch((error: unknown) => {
		if (leaving.signal.aborted) return null;
		throw error;
	});
	if (!database) return;
	await holdSealingKey(database, config);
	// The queue has connections of its own.
	await database.connection.close();
	// Fastify brings the logger that the application has; nothing is served here.
	const { log } = Fastify({ logger: logSettings(config.LOG_LEVEL) });
	const worker = startWorker({ url: database.directUrl, config, tasks, schedule, log });
	say('Готово: очередь заданий');
	await leaving.asked;
	await worker.stop();
	await database.stop();
	say('Остановлено');
});
