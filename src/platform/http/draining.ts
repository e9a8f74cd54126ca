import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
	interface FastifyInstance {
		/** Whether this instance is about to end; see setUpDraining. */
		draining: { begun: boolean };
	}
}

/**
 * An instance that is about to end says so before it does: /readyz answers 503, and every answer asks for its
 * connection to be closed, so that whoever stands in front sends what comes next elsewhere. Until it closes it serves as ever.
 */
export function setUpDraining(app: FastifyInstance): void {
	const draining = { begun: false };
	app.decorate('draining', draining);
	// With a callback: as a promise it would cost every answer a turn of the loop.
	app.addHook('onSend', (_request, reply, payload, done) => {
		if (draining.begun) reply.header('connection', 'close');
		done(null, payload);
	});
}
