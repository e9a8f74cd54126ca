import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { isAmong, networksOf } from './networks.ts';

/** What a program of ours needs none of, and so no script that gets in may ask for. */
const PERMISSIONS = ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'browsing-topics']
	.map((name) => `${name}=()`)
	.join(', ');
const NUMBER = /^[\w.:-]{1,64}$/;

/**
 * The number that a request goes by in the log, on pages and in the answer: the proxy's own where one that is trusted
 * sends it, so that both logs can be laid side by side; otherwise a new one.
 */
export function requestNumbers(trusted: readonly string[]): (raw: IncomingMessage) => string {
	const proxies = networksOf(trusted);
	return ({ headers, socket }) => {
		const given = headers['x-request-id'];
		const theirs = typeof given === 'string' && NUMBER.test(given);
		return theirs && isAmong(proxies, socket.remoteAddress) ? given : randomUUID().slice(0, 8);
	};
}

/** What every answer says besides what it holds: its number, and that nobody keeps it who was not told to. */
export function setUpHeaders(app: FastifyInstance): void {
	app.addHook('onRequest', (request, reply, done) => {
		reply.header('x-request-id', request.id).header('permissions-policy', PERMISSIONS);
		done();
	});
	app.addHook('onSend', (_request, reply, payload, done) => {
		if (!reply.hasHeader('cache-control')) {
			reply.header('cache-control', 'no-store');
			// One address answers with a page, a fragment or data.
			const vary = reply.getHeader('vary');
			reply.header('vary', [vary, 'accept', 'hx-request'].filter(Boolean).join(', '));
		}
		done(null, payload);
	});
}
