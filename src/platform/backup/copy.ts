import { once } from 'node:events';
import type pg from 'pg';

/*
 * COPY over node-postgres, by the same door that pg-cursor uses (Submittable): the driver hands over what
 * the server says, and both sides wait for each other, so that a table of any size takes a few blocks of memory.
 */

const BLOCK_BYTES = 64 * 1024;
/** So much is read ahead of whoever takes the blocks. */
const AHEAD_BLOCKS = 8;

type CopyConnection = pg.Connection & {
	sendCopyFromChunk: (chunk: Buffer) => void;
	endCopyFrom: () => void;
	sendCopyFail: (reason: string) => void;
};

/** What the driver calls while a statement of ours runs. */
type Statement = pg.Submittable & {
	handleError: (error: Error) => void;
	handleReadyForQuery: () => void;
	handleCommandComplete: (message: { text: string }) => void;
	handleRowDescription: () => void;
	handleDataRow: () => void;
	handleEmptyQuery: () => void;
	handleCopyInResponse: (connection: CopyConnection) => void;
	handleCopyData: (message: { chunk: Buffer }, connection: CopyConnection) => void;
};

const ignore = () => {};
const unused = {
	handleRowDescription: ignore,
	handleDataRow: ignore,
	handleEmptyQuery: ignore,
	handleCommandComplete: ignore,
	handleCopyInResponse: ignore,
	handleCopyData: ignore,
};

/**
 * Runs a `COPY … TO STDOUT` and yields what comes in blocks of whole lines. Whoever stops taking them early must
 * close the connection: the rest is still on its way.
 */
export async function* copyOut(client: pg.ClientBase, sql: string): AsyncGenerator<Buffer> {
	const blocks: Buffer[] = [];
	let block = Buffer.allocUnsafe(BLOCK_BYTES);
	let used = 0;
	let paused: CopyConnection | null = null;
	let over = false;
	let fault: Error | null = null;
	let wake = ignore;
	const flush = () => {
		if (used > 0) blocks.push(block.subarray(0, used));
		block = Buffer.allocUnsafe(BLOCK_BYTES);
		used = 0;
	};
	const end = (error: Error | null) => {
		fault ??= error;
		over = true;
		flush();
		wake();
	};
	const statement: Statement = {
		...unused,
		submit: (connection) => connection.query(sql),
		handleCopyData({ chunk }, connection) {
			if (used + chunk.length > block.length) flush();
			// The driver uses its own buffer again, so a row is copied out at once.
			if (chunk.length > block.length) blocks.push(Buffer.from(chunk));
			else used += chunk.copy(block, used);
			if (blocks.length === 0) return;
			if (blocks.length >= AHEAD_BLOCKS) {
				connection.stream.pause();
				paused = connection;
			}
			wake();
		},
		handleError: end,
		handleReadyForQuery: () => end(null),
	};
	client.query(statement);
	for (;;) {
		const next = blocks.shift();
		if (next) yield next;
		else if (fault) throw fault;
		else if (over) return;
		else {
			const coming = new Promise<void>((resolve) => {
				wake = resolve;
			});
			(paused as CopyConnection | null)?.stream.resume();
			paused = null;
			await coming;
		}
	}
}

/**
 * Runs a `COPY … FROM STDIN` on what `source` brings, and returns the number of rows that the server took.
 * Throws what the server or `source` throws.
 */
export function copyIn(
	client: pg.ClientBase,
	sql: string,
	source: AsyncIterable<Buffer>,
): Promise<number> {
	return new Promise((resolve, reject) => {
		let rows = 0;
		let fault: Error | null = null;
		const refused = new AbortController();
		const pump = async (connection: CopyConnection) => {
			try {
				for await (const chunk of source) {
					if (refused.signal.aborted) return;
					connection.sendCopyFromChunk(chunk);
					if (connection.stream.writableNeedDrain)
						await once(connection.stream, 'drain', { signal: refused.signal });
				}
				connection.endCopyFrom();
			} catch (error) {
				if (refused.signal.aborted) return;
				// The server answers this with an error of its own, which says less than ours.
				fault = error instanceof Error ? error : new Error(String(error));
				connection.sendCopyFail('the source failed');
			}
		};
		const statement: Statement = {
			...unused,
			submit: (connection) => connection.query(sql),
			handleCopyInResponse: (connection) => void pump(connection),
			handleCommandComplete: ({ text }) => {
				rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
			},
			handleError(error) {
				refused.abort();
				reject(fault ?? error);
			},
			handleReadyForQuery: () => resolve(rows),
		};
		client.query(statement);
	});
}
