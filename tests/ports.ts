import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what Linux gives to whoever asks for any port or connects: so nobody takes one between the look and its use. */
const [FIRST, END] = [10_000, 32_000];

/** A port of this machine that is free, for a program that has to be told one. */
export async function freePort(): Promise<number> {
	const port = randomInt(FIRST, END);
	const server = createServer();
	const free = await new Promise<boolean>((resolve) => {
		server.once('error', () => resolve(false));
		server.listen(port, '127.0.0.1', () => resolve(true));
	});
	if (!free) return await freePort();
	await new Promise((resolve) => server.close(resolve));
	return port;
}
