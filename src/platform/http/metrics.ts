import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Config } from '#src/config.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { Forbidden } from '#src/platform/errors.ts';
import { isHere } from '#src/setting-readers.ts';
import { isAmong, networksOf } from './networks.ts';

declare module 'fastify' {
	interface FastifyInstance {
		/** What /metrics tells. Whoever has a figure of their own registers a gauge here. */
		metrics: Registry;
	}
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const PROXIED = [
	...['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'],
];

/**
 * Counts requests, looks at the pool and the queue when asked, and tells it all at GET /metrics as Prometheus reads it.
 * Only METRICS_FROM may ask, by the address of the socket, and not through a proxy, which would lend its own.
 */
export function setUpMetrics(
	app: FastifyInstance,
	{ connection, config }: { connection: Connection; config: Config },
): void {
	const registry = new Registry();
	app.decorate('metrics', registry);
	collectDefaultMetrics({ register: registry });
	countRequests(app, registry);
	lookAtPool(registry, connection);
	lookAtQueue(registry, connection);
	app.addHook('onClose', async () => registry.clear());

	const mayRead = readsFigures(config);
	app.get('/metrics', { config: { access: 'public' } }, async (request, reply) => {
		if (!mayRead(request)) throw new Forbidden('error.forbidden');
		return await reply.type(registry.contentType).send(await registry.metrics());
	});
}

/** Whether somebody asks from METRICS_FROM, and for themselves. */
export function readsFigures({
	METRICS_FROM,
	PUBLIC_URL,
}: Config): (request: FastifyRequest) => boolean {
	const readers = networksOf(METRICS_FROM);
	// A proxy that says nothing of itself still says whom the browser asked for.
	const proxied = PUBLIC_URL && !isHere(PUBLIC_URL) ? new URL(PUBLIC_URL).hostname : null;
	return ({ hostname, headers, raw }) =>
		hostname.toLowerCase() !== proxied &&
		!PROXIED.some((name) => headers[name] !== undefined) &&
		isAmong(readers, raw.socket.remoteAddress);
}

/** A gauge that is read when somebody asks: `measure` tells its value. */
export function gauge(registry: Registry, name: string, help: string, measure: () => number): void {
	new Gauge({
		...{ name, help, registers: [registry] },
		collect() {
			this.set(measure());
		},
	});
}

/** A counter that somebody else counts: `count` tells how far it is. */
export function counter(registry: Registry, name: string, help: string, count: () => number): void {
	new Counter({
		...{ name, help, registers: [registry] },
		collect() {
			this.reset();
			this.inc(count());
		},
	});
}

// By the template of the route: an address holds ids and words, and each would be a series of its own.
function countRequests(app: FastifyInstance, registry: Registry): void {
	const durations = new Histogram({
		name: 'http_request_duration_seconds',
		help: 'Requests by route and status, and how long they took.',
		labelNames: ['method', 'route', 'status'],
		buckets: SECONDS,
		registers: [registry],
	});
	app.addHook('onResponse', async (request, reply) => {
		const { method, routeOptions } = request;
		const labels = { method, route: routeOptions.url ?? 'none', status: reply.statusCode };
		durations.observe(labels, reply.elapsedTime / 1000);
	});
}

function lookAtPool(registry: Registry, { pool, writers, figures }: Connection): void {
	const waiting = () => writers.waiting();
	gauge(registry, 'db_writers_waiting', 'Transactions that wait for a writers’ place.', waiting);
	const broken = () => figures.broken;
	counter(registry, 'db_reconnects_total', 'Connections that broke and are opened anew.', broken);
	counter(
		registry,
		'read_only_refusals_total',
		'Statements that a server refused because it only reads.',
		() => figures.readOnly,
	);
	gauge(registry, 'db_pool_connections', 'Connections to the database.', () => pool.totalCount);
	gauge(registry, 'db_pool_idle', 'Connections that nobody uses.', () => pool.idleCount);
	gauge(
		registry,
		'db_pool_waiting',
		'Requests that wait for a connection.',
		() => pool.waitingCount,
	);
}

type QueueRow = { waiting: number; running: number; failed: number; behind: number };

function lookAtQueue(registry: Registry, { pool }: Connection): void {
	const jobs = new Gauge({
		name: 'jobs',
		help: 'Jobs of the queue: waiting for their turn, running, given up.',
		labelNames: ['state'],
		registers: [registry],
		async collect() {
			const found = await queueNow(pool);
			this.reset();
			// A database that is away must not take the other figures with it.
			if (found === null) return;
			for (const state of ['waiting', 'running', 'failed'] as const)
				this.set({ state }, found[state]);
			late.set(found.behind);
		},
	});
	const late = new Gauge({
		name: 'jobs_behind_seconds',
		help: 'For how long the job that is due longest has been waiting.',
		registers: [registry],
	});
	registry.registerMetric(jobs);
}

async function queueNow(pool: Connection['pool']): Promise<QueueRow | null> {
	try {
		const { rows } = await pool.query<QueueRow>(
			`select count(*) filter (where locked_at is null and attempts < max_attempts)::int as waiting,
				count(*) filter (where locked_at is not null)::int as running,
				count(*) filter (where locked_at is null and attempts >= max_attempts)::int as failed,
				coalesce(extract(epoch from now() - min(run_at) filter (where locked_at is null
					and attempts < max_attempts and run_at < now())), 0)::float as behind
			from graphile_worker.jobs`,
		);
		return rows[0] ?? null;
	} catch {
		return null;
	}
}
