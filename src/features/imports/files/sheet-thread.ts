import { parentPort, workerData } from 'node:worker_threads';
import { type Fault, FileFault } from '#src/features/imports/console/messages.ts';
import type { Line } from './csv.ts';
import { type SheetOrder, sheetLines, textOf } from './sheet-lines.ts';

/*
 * A thread that reads one sheet: what a stranger has sent holds up nobody but itself, and can be ended at any
 * moment. Asked for more, it answers with the next lines.
 */

/** Lines, and whether they are the last; or why there are none. */
export type SheetAnswer = { lines: Line[]; over: boolean } | { fault: Fault };

/** So much in one answer, for whoever asks copies it at one go. */
const AT_ONCE = { lines: 1_000, cells: 50_000, text: 1_000_000 } as const;

const lines = sheetLines(workerData as SheetOrder);

parentPort?.on('message', () => parentPort?.postMessage(answer()));

function answer(): SheetAnswer {
	const some: Line[] = [];
	let [cells, text] = [0, 0];
	try {
		while (some.length < AT_ONCE.lines && cells < AT_ONCE.cells && text < AT_ONCE.text) {
			const next = lines.next();
			if (next.done) return { lines: some, over: true };
			some.push(next.value);
			cells += next.value.cells.length;
			text += textOf(next.value.cells);
		}
	} catch (error) {
		if (error instanceof FileFault) return { fault: error.fault };
		throw error;
	}
	return { lines: some, over: false };
}
