import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

const MEGABYTE = 1_048_576;

/** Somebody whom the operator trusted and who is not to be trusted. */
export type Peer = {
	/** By number, and by the name of this machine: two origins of one peer. */
	url: string;
	named: string;
	/** What came in, as «METHOD /path» and with which authorization. */
	asked: { line: string; authorization: string | undefined }[];
	/** How many bytes went out before the other side was gone. */
	sent: () => number;
	/** How it answers from now on. */
	says: (behave: Behaviour) => void;
};

type Behaviour = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Starts a peer that answers as it is told; it ends with the test. */
export async function startPeer(behave: Behaviour = honest): Promise<Peer> {
	const asked: Peer['asked'] = [];
	let says = behave;
	let sent = 0;
	const server = createServer((request, response) => {
		const { method, url, headers } = request;
		asked.push({ line: `${method} ${url}`, authorization: headers.authorization });
		const socket = request.socket;
		response.on('close', () => {
			sent += socket.bytesWritten;
		});
		response.on('error', () => {});
		request.resume();
		void says(request, response);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	const { port } = server.address() as AddressInfo;
	return {
		...{ url: `http://127.0.0.1:${port}`, named: `http://localhost:${port}`, asked },
		sent: () => sent,
		says: (other) => {
			says = other;
		},
	};
}

const honest: Behaviour = (_request, response) => response.end('good');

/** Answers with a redirect to there. */
export const movedTo =
	(location: string, status = 302): Behaviour =>
	(_request, response) =>
		response.writeHead(status, { location }).end();

/** Answers with a page for people, as a portal whose session has ended does. */
export const signInPage: Behaviour = (_request, response) =>
	response
		.writeHead(200, { 'content-type': 'text/html' })
		.end('<!doctype html><title>Вход</title>');

/** Answers with so much, as fast as it is read; `honestly` says beforehand how much. */
export const floodOf =
	(megabytes: number, honestly: boolean): Behaviour =>
	async (_request, response) => {
		const length = honestly ? { 'content-length': megabytes * MEGABYTE } : {};
		response.writeHead(200, { 'content-type': 'text/xml', ...length });
		const piece = Buffer.alloc(MEGABYTE, ' ');
		const gone = once(response, 'close');
		for (let n = 0; n < megabytes && !response.destroyed; n += 1)
			if (!response.write(piece)) await Promise.race([once(response, 'drain'), gone]);
		response.end();
	};

/** Answers a byte at a time, for ever. */
export const dripping: Behaviour = async (_request, response) => {
	response.writeHead(200, { 'content-type': 'text/xml' });
	while (!response.destroyed) {
		response.write(' ');
		await pause(20);
	}
};

/** Stops half-way. */
export const halved: Behaviour = (_request, response) => {
	response.writeHead(200, { 'content-length': 100 }).write('half');
	setImmediate(() => response.destroy());
};
