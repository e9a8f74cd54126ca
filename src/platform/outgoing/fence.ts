import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { guardedLookup, type Resolver, refuseLiteral } from './addresses.ts';
import { OutgoingRefused } from './refused.ts';

const MEGABYTE = 1_048_576;
const WHOLE_MS = 10_000;
const NO_BODY = new Set([204, 205, 304]);

/** Whom one part of the program may talk to, and how much they may answer. */
export type Peer = {
	/** Addresses of the settings; only what stands on one of their origins is asked. */
	allowed: readonly string[];
	/** Whether they may stand in the company's own network: so for what the operator wrote, and for nothing else. */
	inner: boolean;
	/** How much an answer may hold; one, unless more is asked for. */
	megabytes?: number;
	/** How long a request and its answer may take in whole. */
	wholeMs?: number;
	resolve?: Resolver;
};

/**
 * The one way out of the program: `fetch` for one peer. It goes to the peer's origins alone, follows nothing, checks
 * the address that it really connects to, and reads an answer whole within the limits of size and time. What it
 * throws is OutgoingRefused, or what Node throws where nobody answers.
 */
export function fenced(peer: Peer): typeof fetch {
	const origins = new Set(peer.allowed.map((address) => new URL(address).origin));
	const most = (peer.megabytes ?? 1) * MEGABYTE;
	return async (input, init) => {
		const asked = new Request(input, init);
		const url = new URL(asked.url);
		if (!origins.has(url.origin)) throw new OutgoingRefused('origin', url.origin);
		refuseLiteral(url, peer.inner);
		const body = asked.body === null ? null : Buffer.from(await asked.arrayBuffer());
		const limit = AbortSignal.timeout(peer.wholeMs ?? WHOLE_MS);
		const options: RequestOptions = {
			method: asked.method,
			headers: {
				...Object.fromEntries(asked.headers),
				'accept-encoding': 'identity',
				...(body && { 'content-length': body.length }),
			},
			lookup: guardedLookup(peer.inner, peer.resolve),
			signal: AbortSignal.any([asked.signal, limit]),
			// One connection for each request: none is kept that was checked in another hour, and no proxy of the environment.
			agent: false,
		};
		try {
			const answer = await send(url, options, body);
			return await read(url, answer, most);
		} catch (error) {
			if (limit.aborted) throw new OutgoingRefused('slow', url.origin);
			throw error;
		}
	};
}

function send(url: URL, options: RequestOptions, body: Buffer | null): Promise<IncomingMessage> {
	const { request } = url.protocol === 'https:' ? https : http;
	return new Promise((resolve, reject) => {
		request(url, options, resolve).on('error', reject).end(body);
	});
}

async function read(url: URL, answer: IncomingMessage, most: number): Promise<Response> {
	const status = answer.statusCode ?? 0;
	const encoding = answer.headers['content-encoding'] ?? 'identity';
	const chunks: Buffer[] = [];
	let size = 0;
	try {
		if (encoding !== 'identity') throw new OutgoingRefused('encoding', url.origin);
		for await (const chunk of answer as AsyncIterable<Buffer>) {
			size += chunk.length;
			if (size > most) throw new OutgoingRefused('large', url.origin);
			chunks.push(chunk);
		}
	} finally {
		answer.destroy();
	}
	const headers = new Headers();
	for (const [name, values = []] of Object.entries(answer.headersDistinct))
		for (const value of values) headers.append(name, value);
	const whole = NO_BODY.has(status) ? null : Buffer.concat(chunks);
	const response = new Response(whole, { status, headers });
	// Whoever reads the answer resolves addresses against it.
	return Object.defineProperty(response, 'url', { value: url.href });
}
