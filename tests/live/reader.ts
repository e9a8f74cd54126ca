import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { signInByName } from '#src/features/access/sessions/actions.ts';
import type { Change } from '#src/platform/live/news.ts';
import type { Message } from '#src/platform/live/stream.ts';
import type { Login } from '../cast.ts';
import { DESK, NOW } from '../cast.ts';
import type { TestDatabase } from '../database.ts';

/** A browser's stream as a test reads it: every message, and what they said together. */
export type Reader = {
	status: number;
	headers: Headers;
	messages: Message[];
	/** All changes that were told, in order. */
	changes: () => Change[];
	/** How often everything had to be looked at again, the beginning included. */
	missed: () => number;
	over: () => boolean;
	close: () => void;
};

/** The address of an application on a free port of this machine. */
export async function serve(app: FastifyInstance): Promise<string> {
	await app.listen({ host: '127.0.0.1', port: 0 });
	return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

/** The cookie of a new session of a person. */
export async function cookieOf({ db }: TestDatabase, login: Login): Promise<string> {
	const { secret } = await signInByName(db, login, DESK, NOW);
	return `session=${secret}`;
}

/** Opens a stream, from a stamp on if one is given. */
export async function openStream(origin: string, cookie: string, since = ''): Promise<Reader> {
	const leaving = new AbortController();
	const answer = await fetch(`${origin}/live?since=${since}`, {
		headers: { cookie, accept: 'text/event-stream' },
		signal: leaving.signal,
	});
	const messages: Message[] = [];
	let over = false;
	void (async () => {
		let text = '';
		try {
			for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
				const events = (text + chunk).split('\n\n');
				text = events.pop() ?? '';
				for (const event of events) messages.push(JSON.parse(event.replace(/^data: /, '')));
			}
		} catch {
			// Closed by us, or cut: both are its end.
		}
		over = true;
	})();
	return {
		status: answer.status,
		headers: answer.headers,
		messages,
		changes: () => messages.flatMap(({ changes = [] }) => changes),
		missed: () => messages.filter(({ missed }) => missed).length,
		over: () => over,
		close: () => leaving.abort(),
	};
}
