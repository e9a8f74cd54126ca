import type { FastifyInstance } from 'fastify';
import type { Config } from '#src/config.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { counter, gauge } from '#src/platform/http/metrics.ts';
import { type Hub, makeHub } from './hub.ts';
import { type Listener, listen } from './listen.ts';

declare module 'fastify' {
	interface FastifyInstance {
		/** For the routes of live changes and for figures. */
		live: Live;
	}
}

/** What is live in this instance: its streams, and what it hears of the others. */
export type Live = {
	hub: Hub;
	/** Null until the first stream: an instance without readers does not listen. */
	listener: () => Listener | null;
	/** Begins to listen, and waits until it does. */
	listening: () => Promise<void>;
};

/**
 * Sets up the live part of an application: it begins to listen with its first reader. When the application
 * closes, its streams are told to move to another instance before the requests under way finish.
 */
export function setUpLive(app: FastifyInstance, connection: Connection, config: Config): void {
	const hub = makeHub();
	const { connectionString = '' } = connection.pool.options;
	let listener: Listener | null = null;
	app.addHook('preClose', async () => {
		hub.close();
		await listener?.stop();
	});
	app.decorate('live', {
		hub,
		listener: () => listener,
		async listening() {
			if (hub.closed) return;
			listener ??= listen(
				config.DATABASE_DIRECT_URL || connectionString,
				connection.pool,
				hub,
				app.log,
			);
			await listener.ready;
		},
	});
	const { metrics } = app;
	gauge(metrics, 'live_streams', 'Streams that are open.', () => hub.streams.size);
	counter(metrics, 'live_missed_total', 'Streams told that they missed something.', hub.toldMissed);
	const lag = () => (listener?.lag ?? 0) / 1_000;
	gauge(metrics, 'live_listen_lag_seconds', 'How long the last word to itself took to come.', lag);
	const hears = () => (listener?.state === 'listening' ? 1 : 0);
	gauge(
		metrics,
		'live_listening',
		'Whether it hears what others change; 0: not yet, or it asks.',
		hears,
	);
}
