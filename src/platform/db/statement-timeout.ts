import { connect as connectSocket } from 'node:net';
import type pg from 'pg';

/** The database has not answered a statement within the time that its caller has. */
export class StatementTooLong extends Error {
	constructor(ms: number) {
		super(`the database did not answer a statement within ${ms} ms`);
	}
}

const CANCEL_REQUEST = 80_877_102;
/** A pooler closes the cancelling connection when it has passed the request on; for longer nobody waits. */
const CANCEL_MS = 500;

type Wire = { stream: { destroy: (error: Error) => void; pause: () => void } };
type Session = pg.Client & {
	connection?: Wire;
	host?: string;
	port?: number;
	processID?: number | null;
	secretKey?: number | null;
};

/**
 * Gives up whatever statement of this connection takes longer than `ms`: the server is asked to cancel it, and the connection is closed, so that
 * the transaction goes too and nobody gets the connection after us. On our side of the wire, for three reasons: a frozen server
 * keeps no time, a transaction pooler takes no settings at the start, and SET LOCAL would be one more statement in each request.
 */
export function loseNoPatience(client: pg.Client, ms: number): void {
	const session = client as Session;
	let timer: NodeJS.Timeout | undefined;
	const calm = () => {
		clearTimeout(timer);
		timer = undefined;
	};
	const giveUp = () => {
		// Not at once: a pooler that sees the goodbye first no longer knows whom to cancel. What is said meanwhile nobody hears.
		session.connection?.stream.pause();
		cancel(session, () => session.connection?.stream.destroy(new StatementTooLong(ms)));
	};
	const ask = client.query.bind(client) as (...args: unknown[]) => unknown;
	const askInTime = (...args: unknown[]) => {
		timer ??= setTimeout(giveUp, ms).unref();
		return ask(...args);
	};
	Object.assign(client, { query: askInTime });
	// What the driver says when nothing is under way any more.
	client.on('drain', calm);
	client.on('end', calm);
}

/** A request on a connection of its own, as the protocol has it; `then` when it was passed on, or in half a second. */
function cancel({ host, port, processID, secretKey }: Session, then: () => void): void {
	if (!host || !port || !processID || !secretKey) {
		then();
		return;
	}
	const message = Buffer.alloc(16);
	[message.length, CANCEL_REQUEST, processID, secretKey].forEach((word, at) => {
		message.writeInt32BE(word, at * 4);
	});
	const socket = host.startsWith('/')
		? connectSocket(`${host}/.s.PGSQL.${port}`)
		: connectSocket(port, host);
	const late = setTimeout(() => socket.destroy(), CANCEL_MS);
	socket.on('error', () => {});
	socket.once('close', () => {
		clearTimeout(late);
		then();
	});
	// Not ended: a pooler passes nothing on for whom it has seen go.
	socket.write(message);
}
