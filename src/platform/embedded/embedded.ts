import { setTimeout as pause } from 'node:timers/promises';
import { type Say, StartFault } from '#src/platform/start-fault.ts';
import { type Attachment, attach, ensureDatabase, othersAreHere } from './attachment.ts';
import { type Cluster, openCluster } from './cluster.ts';
import {
	commandOf,
	freePort,
	isAlive,
	type Lock,
	launch,
	readLock,
	type ServerSettings,
	waitGone,
} from './postmaster.ts';
import { findQuarters } from './server-paths.ts';

const PATIENCE_MS = 8_000;
const FOREIGN_PATIENCE_MS = 2_000;
const FAST_SHUTDOWN_MS = 4_000;
const MEND_PAUSE_MS = 1_000;

/** A server that we use. `url` is the program's own role, `adminUrl` the superuser's. */
export type Embedded = { url: string; adminUrl: string; stop: () => Promise<void> };

type Server = { pid: number; port: number; attachment: Attachment; adopted: boolean };

/**
 * Starts the embedded Postgres on the data in `dataDir`, or adopts the one that runs on it already, and
 * keeps it running: a server that dies is started again on the same port. `stop` ends the server unless
 * another instance of the program still uses it; `signal` gives up a start that takes long. Throws StartFault.
 */
export async function startEmbedded(options: {
	dataDir: string;
	say: Say;
	settings?: ServerSettings;
	signal?: AbortSignal;
}): Promise<Embedded> {
	const { dataDir, say, settings = {}, signal } = options;
	const cluster = await openCluster(await findQuarters(dataDir, say), say);
	const stopping = new AbortController();
	signal?.addEventListener('abort', () => stopping.abort(), { once: true });
	const raiseAgain = (port?: number) => raise(cluster, settings, stopping.signal, port);
	let server = await raiseAgain();
	const { port } = server;
	announce(server, cluster, say);

	const watching = (async () => {
		while (!stopping.signal.aborted) {
			await server.attachment.ended;
			server = (await mend(() => raiseAgain(port), stopping.signal, say)) ?? server;
		}
	})();
	const stop = async () => {
		stopping.abort();
		await detach(server);
		await watching;
		await detach(server);
		await leave(cluster, server, say);
	};
	try {
		return { ...(await ensureDatabase(server.attachment, cluster, port)), stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

async function detach({ attachment }: Server): Promise<void> {
	// A connection that is broken already has nothing left to say goodbye to.
	await attachment.client.end().catch(() => {});
}

function announce(server: Server, cluster: Cluster, say: Say): void {
	const what = `встроенный PostgreSQL ${cluster.quarters.version}, данные в ${cluster.data}`;
	say(`База данных: ${server.adopted ? 'принят уже работающий ' : ''}${what}`);
}

/** Adopts the live server of the cluster or launches one; waits for a dying one to let go of the folder. */
async function raise(
	cluster: Cluster,
	settings: ServerSettings,
	signal: AbortSignal,
	port?: number,
): Promise<Server> {
	let refusal = '';
	const since = Date.now();
	while (Date.now() < since + PATIENCE_MS && !signal.aborted) {
		const lock = await readLock(cluster.data);
		const adopted = lock && isAlive(lock.pid) ? await adopt(cluster, lock) : null;
		if (adopted) return { ...adopted, adopted: true };
		if (!lock || !isPostmasterOf(cluster, lock)) {
			const launched = await launch(cluster, port ?? (await freePort()), settings, signal);
			const own = 'pid' in launched ? await adopt(cluster, launched) : null;
			if (own) return { ...own, adopted: false };
			refusal = 'refusal' in launched ? launched.refusal : '';
			if (refusal && !isPassing(refusal)) break;
			if (lock && isAlive(lock.pid) && Date.now() > since + FOREIGN_PATIENCE_MS) break;
		}
		await pause(200);
	}
	throw new StartFault(await explain(cluster, refusal));
}

async function adopt(
	cluster: Cluster,
	{ pid, port }: Lock,
): Promise<Omit<Server, 'adopted'> | null> {
	if (!port) return null;
	const attachment = await attach(cluster, port);
	return attachment && { pid, port, attachment };
}

/** Alive, and started on this very folder: then it is starting or dying, and waiting is all there is to do. */
function isPostmasterOf(cluster: Cluster, { pid }: Lock): boolean {
	return isAlive(pid) && commandOf(pid).includes(cluster.data);
}

/** Refusals that time cures: the lock or the memory of a dying server, a port that was free a moment ago. */
function isPassing(refusal: string): boolean {
	return /lock file|shared memory block|could not (bind|create any TCP)/.test(refusal);
}

async function explain(cluster: Cluster, refusal: string): Promise<string> {
	const lock = await readLock(cluster.data);
	if (!lock || !isAlive(lock.pid))
		return `PostgreSQL не запустился: ${refusal || 'причина неизвестна'}. Подробности в ${cluster.log}.`;
	const command = commandOf(lock.pid);
	if (isPostmasterOf(cluster, lock))
		return `PostgreSQL на данных ${cluster.data} работает (процесс ${lock.pid}), но не отвечает: подождите или остановите его. Подробности в ${cluster.log}.`;
	return `Файл ${cluster.data}/postmaster.pid занят процессом ${lock.pid} (${command.slice(0, 80) || 'неизвестная программа'}): остановите его и повторите запуск.`;
}

/** Brings a server that died under us back, however often it takes; null once we are stopping. */
async function mend(
	raiseAgain: () => Promise<Server>,
	signal: AbortSignal,
	say: Say,
): Promise<Server | null> {
	for (let told = false; !signal.aborted; await pause(MEND_PAUSE_MS)) {
		try {
			const server = await raiseAgain();
			if (!server.adopted) say('База данных: PostgreSQL остановился сам и запущен снова');
			return server;
		} catch (error) {
			if (!told && !signal.aborted)
				say(`База данных: ${error instanceof Error ? error.message : error} Пробуем снова.`);
			told = true;
		}
	}
	return null;
}

async function leave(cluster: Cluster, { pid, port }: Server, say: Say): Promise<void> {
	if (!isAlive(pid)) return;
	if (await othersAreHere(cluster, port)) {
		say('База данных: оставлена работать, ею пользуется ещё один запущенный экземпляр');
		return;
	}
	say('База данных: останавливается');
	// SIGINT is Postgres's fast shutdown, SIGQUIT its immediate one: the log makes either safe.
	for (const [signal, limitMs] of [
		['SIGINT', FAST_SHUTDOWN_MS],
		['SIGQUIT', 1_000],
	] as const) {
		process.kill(pid, signal);
		if (await waitGone(pid, limitMs)) return;
	}
	say(`База данных: процесс ${pid} не остановился`);
}
