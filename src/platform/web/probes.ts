import type { FastifyInstance } from 'fastify';
import type { Connection } from '#src/platform/db/client.ts';
import { schemaState } from '#src/platform/db/migrate.ts';

/** GET /healthz: the process answers. GET /readyz: the database is reachable, its schema current, and the end not near. */
export function probeRoutes(app: FastifyInstance, { pool }: Connection): void {
	const open = { config: { access: 'public' as const } };
	app.get('/healthz', open, async (_request, reply) => reply.send({ ok: true }));
	app.get('/readyz', open, async (request, reply) => {
		if (app.draining.begun)
			return await reply.code(503).send({ ok: false, draining: true, requestId: request.id });
		try {
			const { known, applied } = await schemaState(pool);
			return await reply
				.code(known === applied ? 200 : 503)
				.send({ ok: known === applied, known, applied, requestId: request.id });
		} catch (error) {
			request.log.warn({ err: error }, 'not ready');
			return await reply.code(503).send({ ok: false, requestId: request.id });
		}
	});
}
