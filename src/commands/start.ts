import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '#src/app.ts';
import { type Config, readConfig } from '#src/config.ts';
import { demoAsked, refuseLostWay, waysOf } from '#src/features/access/sign-in/ways.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { type RunningWorker, startWorker } from '#src/platform/jobs/worker.ts';
import { strangeSettings } from '#src/strange-settings.ts';
import { schedule, tasks } from '#src/tasks.ts';
import { command, say } from './console.ts';
import { type OpenDatabase, openDatabase } from './database.ts';
import { listenForGoodbye } from './goodbye.ts';
import { checkPort, portFault } from './port.ts';
import { holdSealingKey } from './sealing.ts';
import { seed } from './seed.ts';

const FINISH_REQUESTS_MS = 7_000;
const SWEEP_MS = 100;

await command(async () => {
	const leaving = listenForGoodbye();
	const config = readConfig(process.env);
	for (const line of strangeSettings(process.env)) say(line);
	waysOf(config);
	await checkPort(config.HOST, config.PORT);
	const database = await openDatabase(config, say, leaving.signal).catch((error: unknown) => {
		if (leaving.signal.aborted) return null;
		throw error;
	});
	if (!database) return;

	let app: FastifyInstance | undefined;
	let worker: RunningWorker | undefined;
	try {
		const serving = (async () => {
			await refuseLostWay(database.connection.db, config);
			await holdSealingKey(database, config);
			if (database.embedded) await seedIfEmpty(database, config.DEMO_DEALS, leaving.signal);
			// The schema takes the time that it takes; a page that waits so long has lost its reader.
			const connection = database.openPool(config.STATEMENT_SECONDS * 1_000);
			await database.connection.close();
			const built = await buildApp({ connection, config });
			app = built;
			await listen(built, config);
			if (config.WORKER === 'on' && !leaving.signal.aborted)
				worker = startWorker({ url: database.directUrl, config, tasks, schedule, log: built.log });
			if (demoAsked(config))
				say('Внимание: DEMO_SIGN_IN=on, войти может каждый, кто откроет страницу, и без пароля');
			say(`Готово: ${addressOf(built)}`);
			await leaving.asked;
		})();
		// What is interrupted half-way fails when the database goes; only the goodbye counts then.
		await Promise.race([serving, leaving.asked]);
	} finally {
		const drainMs = leaving.signal.aborted ? config.DRAIN_SECONDS * 1_000 : 0;
		await Promise.all([app && finish(app, drainMs), worker?.stop()]);
		await database.stop();
	}
	say('Остановлено');
});

async function seedIfEmpty(
	database: OpenDatabase,
	deals: number,
	signal: AbortSignal,
): Promise<void> {
	const { connection } = database;
	if (await hasPeople(connection)) return;
	try {
		await seed(database, { now: new Date(), deals, say, signal });
	} catch (error) {
		// Another instance that started on the same empty folder was quicker; the demo company is one transaction.
		if (!(await hasPeople(connection))) throw error;
	}
}

async function hasPeople({ pool }: Connection): Promise<boolean> {
	return (await pool.query('select from people limit 1')).rowCount !== 0;
}

async function listen(app: FastifyInstance, { HOST, PORT }: Config): Promise<void> {
	await app.listen({ host: HOST, port: PORT }).catch((error: unknown) => {
		throw portFault(error, HOST, PORT);
	});
}

function addressOf(app: FastifyInstance): string {
	const { address, family, port } = app.server.address() as AddressInfo;
	return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Serves for `drainMs` more, then lets the requests under way finish, and cuts those that take too long. */
async function finish(app: FastifyInstance, drainMs: number): Promise<void> {
	const { server } = app;
	app.draining.begun = true;
	await pause(drainMs);
	// A browser keeps its connection after the last answer; Fastify closes only those idle at the beginning.
	const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
	const cut = setTimeout(() => server.closeAllConnections(), FINISH_REQUESTS_MS);
	await app.close();
	clearInterval(sweep);
	clearTimeout(cut);
}
