import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { FileFault } from '#src/features/imports/console/messages.ts';
import type { Line } from './csv.ts';
import type { SheetOrder } from './sheet-lines.ts';
import type { SheetAnswer } from './sheet-thread.ts';
import { UNPACKED_LIMIT } from './zip.ts';

const THREAD = new URL('./sheet-thread.ts', import.meta.url);
/** What one reading may take of a core, and of memory; what comes in is bounded before. */
const SECONDS = 60;
const MEGABYTES = 768;
/** Threads at once; whoever comes later waits. */
const MOST_THREADS = 3;

/**
 * Lines of the first sheet of an XLSX file, one at a time, each cell as text: numbers with a point, days
 * as 2026-12-31, formulas as their last result. Empty lines are left out. It is read in a thread of its own,
 * which is ended after `seconds` of work. Throws FileFault.
 */
export async function* xlsxLines(
	path: string,
	{ onlyRows, seconds = SECONDS }: { onlyRows?: number; seconds?: number } = {},
): AsyncGenerator<Line> {
	if ((await stat(path)).size > UNPACKED_LIMIT)
		throw new FileFault('file.zipTooBig', { limit: 50 });
	await turn();
	const order: SheetOrder = { path, onlyRows: onlyRows ?? null };
	const thread = new Worker(THREAD, {
		...{ workerData: order, env: {}, execArgv: [] },
		resourceLimits: { maxOldGenerationSizeMb: MEGABYTES },
	});
	// What befalls it is told by the answer that fails; while it is ended it may say what it likes.
	thread.on('error', () => {});
	try {
		let left = seconds * 1000;
		for (;;) {
			const asked = performance.now();
			const answer = await answerOf(thread, left, seconds);
			left -= performance.now() - asked;
			if ('fault' in answer) throw new FileFault(answer.fault.key, answer.fault.args);
			yield* answer.lines;
			if (answer.over) return;
		}
	} finally {
		await thread.terminate();
		giveTurn();
	}
}

async function answerOf(thread: Worker, left: number, seconds: number): Promise<SheetAnswer> {
	const signal = AbortSignal.timeout(Math.max(0, Math.ceil(left)));
	const answered = once(thread, 'message', { signal });
	thread.postMessage('more');
	try {
		const [answer] = await answered;
		return answer as SheetAnswer;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ABORT_ERR') throw new FileFault('file.sheetSlow', { limit: seconds });
		if (code === 'ERR_WORKER_OUT_OF_MEMORY') throw new FileFault('file.sheetMemory');
		throw error;
	}
}

let running = 0;
const waiting: (() => void)[] = [];

async function turn(): Promise<void> {
	if (running < MOST_THREADS) running += 1;
	else await new Promise<void>((go) => waiting.push(go));
}

function giveTurn(): void {
	const next = waiting.shift();
	if (next) next();
	else running -= 1;
}
