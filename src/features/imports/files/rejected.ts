import { constants } from 'node:fs';
import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BEHIND, OURS } from '#src/features/imports/columns/columns.ts';
import { stem } from '#src/features/imports/console/choice.ts';
import { type Reason, reasonSentence, sentence } from '#src/features/imports/console/messages.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { csvLines, disarmed } from '#src/platform/tables/cells.ts';
import type { Row } from './readers.ts';

export type RejectedRow = { row: Row; reasons: Reason[] };

/**
 * Writes `<name>.rejected.csv` as Excel reads it (`;`, UTF-8 with BOM): the rows as they were, with line and
 * reason. Appears whole or not at all; never over one of `kept`. Returns its path. Throws StartFault.
 */
export async function writeRejected(
	folder: string,
	file: { path: string; headers: string[] },
	rejected: RejectedRow[],
	kept: string[],
): Promise<string> {
	const headers = file.headers.filter((header) => !OURS.includes(header));
	const lines = rejected
		.toSorted((a, b) => a.row.line - b.row.line)
		.map(({ row, reasons }) => [
			...headers.map((header) => row.cells[header] ?? ''),
			String(row.line),
			reasons.map((reason) => reasonSentence(reason)).join('; '),
		]);
	const text = csvLines([[...headers, ...BEHIND.ru], ...lines].map((cells) => cells.map(disarmed)));
	const path = freePath(folder, file.path, kept);
	const draft = `${path}.${process.pid}.tmp`;
	try {
		const handle = await open(draft, 'w');
		await handle.writeFile(`\ufeff${text}`);
		await handle.close();
		await rename(draft, path);
	} catch (error) {
		await rm(draft, { force: true });
		throw unwritable(path, error);
	}
	return path;
}

/** Makes the folder for rejected rows, if only it is missing, and checks that it can be written to. Throws StartFault. */
export async function checkFolder(folder: string): Promise<void> {
	try {
		// Not recursive: that never ends below /proc.
		await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== 'EEXIST') throw error;
		});
		await access(join(folder, '.'), constants.W_OK);
	} catch (error) {
		throw unwritable(folder, error);
	}
}

// No FileFault: the rows that were not rejected are in by then.
function unwritable(path: string, error: unknown): StartFault {
	const code = (error as NodeJS.ErrnoException).code ?? '';
	return new StartFault(sentence('file.rejectedUnwritable', { path, code }));
}

function freePath(folder: string, path: string, kept: string[]): string {
	const name = stem(path);
	const taken = new Set(kept.map((file) => resolve(file)));
	for (let n = 1; ; n++) {
		const free = join(folder, `${name}.rejected${n === 1 ? '' : `.${n}`}.csv`);
		if (!taken.has(resolve(free)) || basename(free) === '') return free;
	}
}
