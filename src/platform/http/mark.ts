import type { FastifyInstance } from 'fastify';
import { wantsFragments } from './errors.ts';

/** The header by which public/js/answer.js knows an answer of ours from one of a portal or a proxy in between. */
export const MARK = 'x-moi-prodazhi';

/**
 * Marks every answer as ours, with the build that gave it. A redirect cannot be marked for scripts, for the browser
 * shows them none: where htmx asks, it is told in a header where to go.
 */
export function markAnswers(app: FastifyInstance, build: string): void {
	app.addHook('onRequest', (_request, reply, done) => {
		reply.header(MARK, build);
		done();
	});
	app.addHook('onSend', (request, reply, payload, done) => {
		const location = reply.getHeader('location');
		if (reply.statusCode < 300 || reply.statusCode > 399 || location === undefined)
			return done(null, payload);
		if (wantsFragments(request))
			reply.code(200).removeHeader('location').header('hx-redirect', location);
		done(null, payload);
	});
}
