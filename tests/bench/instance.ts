import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Visit } from './load.ts';
import type { Rate } from './rate.ts';
import type { Answer, Ask, MoveScripts } from './server.ts';
import type { Script } from './statements.ts';

/** An answer of the application. `wire` is its size in bytes as it came, compressed. */
export type Reply = { status: number; headers: IncomingHttpHeaders; text: string; wire: number };

/** The measured application in its own process. */
export type Instance = {
	origin: string;
	pid: number;
	get: (visit: Visit) => Promise<Reply>;
	/** Does the jobs of the queue too from now on, as `npm start` does. */
	work: () => Promise<void>;
	/** Sends one request and returns its answer and the statements behind it; the server remembers them by name. */
	record: (name: string, send: () => Promise<Reply>) => Promise<{ reply: Reply; script: Script }>;
	/** The rate of recorded statements alone, dealt out to as many loops as the load has connections. */
	replay: (names: string[], seconds: number) => Promise<Rate>;
	replayMoves: (
		names: [string, string],
		recorded: MoveScripts['recorded'],
		deals: MoveScripts['deals'],
		seconds: number,
	) => Promise<Rate>;
	stop: () => Promise<void>;
};

/** A few people of the bench ask as much as a company. */
const UNHINDERED = { REQUESTS_PER_MINUTE: '0', REQUESTS_AT_ONCE: '0' };

/** Starts the application on a database, on a free port of this machine. */
export async function startInstance(databaseUrl: string): Promise<Instance> {
	const child = fork(join(import.meta.dirname, 'server.ts'), {
		serialization: 'advanced',
		env: {
			PATH: process.env.PATH,
			DATABASE_URL: databaseUrl,
			DEMO_SIGN_IN: 'on',
			HOST: '127.0.0.1',
			PORT: '0',
			LOG_LEVEL: 'silent',
			...UNHINDERED,
		},
	});
	const { port } = (await answerOf(child)) as { port: number };
	const origin = `http://127.0.0.1:${port}`;
	const ask = async (question: Ask): Promise<Answer> => {
		const answer = answerOf(child);
		child.send(question);
		return await answer;
	};
	return {
		origin,
		pid: child.pid ?? 0,
		get: ({ path, headers }) => send(new URL(path, origin), { headers }),
		async work() {
			await ask({ ask: 'work' });
		},
		async record(name, sendIt) {
			await ask({ ask: 'record' });
			const reply = await sendIt();
			const { script } = (await ask({ ask: 'recorded', name })) as { script: Script };
			return { reply, script };
		},
		async replay(names, seconds) {
			return ((await ask({ ask: 'replay', names, seconds })) as { rate: Rate }).rate;
		},
		async replayMoves(names, recorded, deals, seconds) {
			const answer = await ask({ ask: 'replayMoves', names, recorded, deals, seconds });
			return (answer as { rate: Rate }).rate;
		},
		async stop() {
			if (!child.connected) return;
			const gone = once(child, 'exit');
			child.disconnect();
			await gone;
		},
	};
}

async function answerOf(child: ChildProcess): Promise<Answer> {
	const waiting = new AbortController();
	const { signal } = waiting;
	try {
		const [answer] = (await Promise.race([
			once(child, 'message', { signal }),
			once(child, 'exit', { signal }).then(() => [{ error: 'the application ended' }]),
		])) as [Answer];
		if ('error' in answer) throw new Error(answer.error);
		return answer;
	} finally {
		waiting.abort();
	}
}

type Sent = { method?: string; headers: Record<string, string>; body?: string };

/** Sends a request as a browser that takes gzip. Not by fetch, which does not tell the size on the wire. */
export async function send(url: URL, { method = 'GET', headers, body }: Sent): Promise<Reply> {
	return await new Promise((resolve, reject) => {
		const asked = request(url, { method, headers: { 'accept-encoding': 'gzip', ...headers } });
		asked.once('error', reject);
		asked.once('response', (answer) => {
			const chunks: Buffer[] = [];
			answer.on('data', (chunk: Buffer) => chunks.push(chunk));
			answer.once('error', reject);
			answer.once('end', () => {
				const received = Buffer.concat(chunks);
				const zipped = answer.headers['content-encoding'] === 'gzip';
				const text = (zipped ? gunzipSync(received) : received).toString();
				const { statusCode: status = 0 } = answer;
				resolve({ status, headers: answer.headers, text, wire: received.length });
			});
		});
		asked.end(body);
	});
}
