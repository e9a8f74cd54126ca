import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Config } from '#src/config.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { schemaState } from '#src/platform/db/migrate.ts';
import type { SchemaState } from '#src/platform/db/migrations.ts';
import { readsFigures } from './metrics.ts';

declare module 'fastify' {
	interface FastifyContextConfig {
		/** A door for machines: they call it by any name, and it knows nobody. */
		probe?: true;
	}
}

/** A balancer waits a second or two for its answer; whether the database is away is not what it asks. */
const LOOK_MS = 500;

/** What the database last said of the schema, and when it cannot say so now. */
type Verdict = { schema: SchemaState | null; fault: unknown };

/**
 * GET /healthz: the process answers. GET /readyz, for a balancer: this instance has started, is not about to end, and the
 * schema is not older than it needs; a database that is away takes no instance out, for the product itself tells people of
 * it. GET /readyz?deep, for monitoring: the database answers too. Why not, the log tells once, and the answer tells METRICS_FROM.
 */
export function probeRoutes(
	app: FastifyInstance,
	{ connection, config }: { connection: Connection; config: Config },
): void {
	const open = { config: { access: 'public' as const, probe: true as const } };
	const mayKnow = readsFigures(config);
	const look = looker(connection);
	let told = '';

	const tell = (why: string, fault: unknown) => {
		if (why === told) return;
		told = why;
		if (why === '') app.log.warn('ready again');
		else app.log.warn({ err: fault ?? undefined, why }, 'not ready');
	};

	app.get('/healthz', open, async (_request, reply) => reply.send({ ok: true }));
	app.get('/readyz', open, async (request, reply) => {
		const requestId = request.id;
		if (app.draining.begun)
			return await reply.code(503).send({ ok: false, draining: true, requestId });
		const deep = Object.hasOwn(request.query as object, 'deep');
		const { schema, fault } = await look();
		const why = reasonIn(schema);
		tell(fault === null ? why : 'the database does not answer', fault);
		const ok = why === '' && (!deep || fault === null);
		const { known, applied } = schema ?? {};
		const more = mayKnow(request) ? { known, applied, ...(ok ? {} : { why: why || told }) } : {};
		return await reply.code(ok ? 200 : 503).send({ ok, ...more, requestId });
	});
}

// However many ask, the database is asked once at a time.
function looker({ pool }: Connection): () => Promise<Verdict> {
	let last: SchemaState | null = null;
	let asking: Promise<Verdict> | null = null;
	const ask = async (): Promise<Verdict> => {
		try {
			last = await schemaState(pool);
			return { schema: last, fault: null };
		} catch (fault) {
			return { schema: last, fault };
		} finally {
			asking = null;
		}
	};
	return async () => {
		asking ??= ask();
		const late = new Error(`the database did not answer within ${LOOK_MS} ms`);
		const slow = pause(LOOK_MS, undefined, { ref: false }).then(() => ({
			schema: last,
			fault: late,
		}));
		return await Promise.race([asking, slow]);
	};
}

/** What stands against working on this schema; empty: nothing. Nothing is known before the database has answered once. */
function reasonIn(schema: SchemaState | null): string {
	if (schema === null) return '';
	if (schema.tooNew) return 'the schema is newer than the program';
	const missing = schema.missing.map(({ name }) => name);
	if (missing.length > 0) return `migrations are missing: ${missing.join(', ')}`;
	return schema.changed.length > 0
		? `migrations were applied in another wording: ${schema.changed.join(', ')}`
		: '';
}
