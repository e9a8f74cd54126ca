import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type Language, type MessageKey, translate } from '#src/platform/i18n/translate.ts';

/** What every answer has that no hook of ours has seen: nothing is loaded, framed, kept or guessed. */
const HEADERS = {
	'content-type': 'text/html; charset=utf-8',
	'cache-control': 'no-store',
	'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
	'x-content-type-options': 'nosniff',
	'x-frame-options': 'DENY',
	'referrer-policy': 'no-referrer',
	connection: 'close',
};
const STATUS: Record<string, [status: string, key: MessageKey]> = {
	HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'error.headersTooLarge'],
	ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'error.tooSlow'],
};

const page = (language: Language, message: string) =>
	`<!doctype html><html lang="${language}"><title>${translate(language, 'app.name')}</title><p>${message}</p></html>`;

/** Answers to what is no request that a door could be found for: before any hook, in the settings' language. */
export function earlyAnswers(language: Language) {
	return {
		frameworkErrors(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
			const message = translate(language, 'error.badAddress');
			reply.code(400).headers({ ...HEADERS, 'x-request-id': request.id });
			// The path is not repeated: whoever wrote it knows it.
			if (request.headers.accept?.startsWith('application/json'))
				reply.type('application/json').send({ error: { message, requestId: request.id } });
			else reply.send(page(language, message));
		},
		clientErrorHandler(error: Error & { code: string }, socket: Socket): void {
			const [status, key] = STATUS[error.code] ?? ['400 Bad Request', 'error.notHttp'];
			if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
			const body = page(language, translate(language, key));
			const head = { ...HEADERS, 'content-length': String(Buffer.byteLength(body)) };
			const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
			socket.end(`HTTP/1.1 ${status}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
			socket.destroySoon();
		},
	};
}
