import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { type News, readNews } from './news.ts';
import { makeNet, pollEvents } from './polling.ts';

/** What a listener tells: news as they come, and when some may have been missed. */
export type Ear = { heard: (news: News) => void; missed: () => void };

/** `state`: whether it hears, has to ask instead, or hears nothing at all just now. */
export type Listener = {
	state: 'listening' | 'asking' | 'deaf';
	/** How long the last word to itself took to come back, in ms; null: none has yet. */
	lag: number | null;
	/** Settles when it hears for the first time, or knows that it cannot. */
	ready: Promise<void>;
	stop: () => Promise<void>;
};

type Log = { warn: (message: string) => void };

const PING_MS = 10_000;
/** After so long without hearing its own word the connection counts as dead, or as one that cannot listen. */
const PATIENCE_MS = 4_000;
const AGAIN_MS = [100, 3_000] as const;
/** How often one that has to ask tries whether it can listen after all. */
const ASK_FOR_MS = 60_000;

/**
 * Listens on one connection of its own (`url`: past any transaction pooler) to what all instances change.
 * The connection may break at any time: it comes back by itself, and then whatever happened meanwhile is told
 * as `missed`. Where LISTEN brings nothing (a pooler in between), the newest events are asked for through `pool`.
 */
export function listen(url: string, pool: pg.Pool, ear: Ear, log: Log): Listener {
	const leaving = new AbortController();
	const { signal } = leaving;
	const first = Promise.withResolvers<void>();
	const listener: Listener = {
		state: 'deaf',
		lag: null,
		ready: first.promise,
		async stop() {
			leaving.abort();
			first.resolve();
			await working;
		},
	};
	const become = (state: Listener['state']) => {
		listener.state = state;
		// What was changed before this moment nobody has told.
		if (state !== 'deaf') ear.missed();
		if (state !== 'deaf') first.resolve();
	};

	const working = (async () => {
		let failures = 0;
		while (!signal.aborted) {
			try {
				await listenOnce(url, { pool, listener, ear, become, signal });
			} catch (error) {
				failures = listener.state === 'listening' ? 0 : failures + 1;
				if (error instanceof CannotListen) {
					log.warn('LISTEN brings nothing here: the newest events are asked for instead');
					become('asking');
					await pollEvents(pool, ear, AbortSignal.any([signal, AbortSignal.timeout(ASK_FOR_MS)]));
				} else if (failures <= 1) {
					log.warn(`the connection that listens broke: ${String(error)}`);
				}
			}
			listener.state = 'deaf';
			const longest = Math.min(AGAIN_MS[1], AGAIN_MS[0] * 2 ** failures);
			await pause(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
		}
	})();
	return listener;
}

/** The server takes LISTEN, and nothing arrives: a transaction pooler. */
class CannotListen extends Error {}

type Attempt = {
	pool: pg.Pool;
	listener: Listener;
	ear: Ear;
	become: (state: Listener['state']) => void;
	signal: AbortSignal;
};

async function listenOnce(
	url: string,
	{ pool, listener, ear, become, signal }: Attempt,
): Promise<void> {
	const client = new pg.Client({
		connectionString: url,
		application_name: 'moi-prodazhi-live',
		connectionTimeoutMillis: PATIENCE_MS,
		keepAlive: true,
	});
	const over = Promise.withResolvers<never>();
	over.promise.catch(() => {});
	const net = makeNet(pool, ear);
	const listening = new AbortController();
	let awaited: string | null = null;
	let heardOnce = false;
	let sentAt = 0;
	client.on('error', over.reject);
	client.on('end', () => over.reject(new Error('the connection ended')));
	client.on('notification', ({ payload = '' }) => {
		const news = readNews(payload);
		if (news === null) return;
		if (news.ids) net.told(news.ids);
		if (news.ping === undefined) return ear.heard(news);
		if (news.ping !== awaited) return;
		awaited = null;
		listener.lag = performance.now() - sentAt;
		if (!heardOnce) {
			become('listening');
			void net.spread(AbortSignal.any([signal, listening.signal]));
		}
		heardOnce = true;
	});
	let pings = 0;
	/** Whether silence would say nothing: the pool was too busy to send the word. */
	let unsaid = false;
	const ping = () => {
		awaited = `${process.pid}.${Math.random()}`;
		sentAt = performance.now();
		// The first comes as all changes come, by the pool: from the same database, past the same poolers. Every third again,
		// for the pool may have moved to another server while this one lives. Not waited for: on a connection that nobody
		// answers it would hang, and silence is what is looked for.
		const byPool = !heardOnce || pings++ % 3 === 2;
		unsaid = heardOnce && byPool;
		(byPool ? pool : client)
			.query(`select pg_notify('changed', $1)`, [JSON.stringify({ ping: awaited })])
			.then(
				() => {
					unsaid = false;
				},
				(error: unknown) => {
					if (!unsaid) over.reject(error);
				},
			);
	};
	const watch = async () => {
		for (;;) {
			ping();
			await pause(PATIENCE_MS, undefined, { signal, ref: false });
			if (awaited !== null && !unsaid)
				throw heardOnce ? new Error('it hears no more') : new CannotListen();
			await pause(PING_MS - PATIENCE_MS, undefined, { signal, ref: false });
		}
	};
	try {
		await Promise.race([client.connect(), over.promise]);
		await Promise.race([client.query('listen changed'), over.promise]);
		await Promise.race([watch(), over.promise]);
	} catch (error) {
		if (!signal.aborted) throw error;
	} finally {
		listening.abort();
		client.removeAllListeners('notification');
		// A dead connection would wait for its goodbye for ever.
		await Promise.race([client.end().catch(() => {}), pause(500, undefined, { ref: false })]);
	}
}
