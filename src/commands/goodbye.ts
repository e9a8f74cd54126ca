import { say } from './console.ts';

/** From here on SIGINT and SIGTERM are a request; npm and the terminal may each send one, so the rest are ignored. */
export function listenForGoodbye(): { asked: Promise<void>; signal: AbortSignal } {
	const request = new AbortController();
	const asked = new Promise<void>((resolve) => {
		for (const signal of ['SIGINT', 'SIGTERM'] as const)
			process.on(signal, () => {
				if (!request.signal.aborted) say('Останавливаемся');
				request.abort();
				resolve();
			});
	});
	return { asked, signal: request.signal };
}
