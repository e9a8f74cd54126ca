import { once } from 'node:events';
import {
	Agent,
	createServer,
	get,
	type IncomingMessage,
	request,
	type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

const CHECK_MS = 100;

/** A balancer in front of several instances. */
export type Proxy = {
	address: string;
	/** Which instances it sends requests to at the moment. */
	ready: ReadonlySet<string>;
	close: () => Promise<void>;
};

/**
 * Balances as balancers do: asks /readyz of each instance again and again, sends requests in turn to those that are
 * ready, keeps its connections to them, and passes over one that refuses a connection. Nothing is sent twice: what an
 * instance drops is an error for whoever asked.
 */
export async function openProxy(origins: string[]): Promise<Proxy> {
	const leaving = new AbortController();
	const ready = new Set<string>();
	const agents = new Map(origins.map((origin) => [origin, new Agent({ keepAlive: true })]));
	let turn = 0;

	async function send(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
		const body = await buffer(asked);
		const inTurn = [...ready];
		inTurn.push(...inTurn.splice(0, turn++ % Math.max(inTurn.length, 1)));
		for (const origin of inTurn)
			try {
				const { method, headers, url = '/' } = asked;
				const agent = agents.get(origin) as Agent;
				const passed = request(new URL(url, origin), { method, headers, agent });
				passed.end(body);
				answer.once('close', () => passed.destroy());
				const [got] = (await once(passed, 'response')) as [IncomingMessage];
				passed.on('error', () => answer.destroy());
				// What the instance says of its connection concerns the proxy alone.
				const { connection: _, 'keep-alive': __, ...own } = got.headers;
				answer.writeHead(got.statusCode ?? 502, own);
				answer.flushHeaders();
				got.pipe(answer);
				got.once('error', () => answer.destroy());
				return;
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') break;
			}
		answer.writeHead(502).end('no instance answered');
	}

	const server = createServer((asked, answer) => {
		send(asked, answer).catch(() => answer.destroy());
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const checking = origins.map(async (origin) => {
		while (!leaving.signal.aborted) {
			if (await isReady(origin)) ready.add(origin);
			else ready.delete(origin);
			await pause(CHECK_MS);
		}
	});
	return {
		address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		ready,
		async close() {
			leaving.abort();
			await Promise.all(checking);
			server.closeAllConnections();
			server.close();
			for (const agent of agents.values()) agent.destroy();
		},
	};
}

async function isReady(origin: string): Promise<boolean> {
	try {
		const asked = get(`${origin}/readyz`, { agent: false });
		const [answer] = (await once(asked, 'response')) as [IncomingMessage];
		answer.resume();
		return answer.statusCode === 200;
	} catch {
		return false;
	}
}
