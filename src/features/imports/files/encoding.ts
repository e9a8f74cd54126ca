import { createReadStream } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import iconv from 'iconv-lite';
import { FileFault } from '#src/features/imports/console/messages.ts';
import { type Detected, markOf, sortOf } from '#src/platform/tables/encoding.ts';

export type Encoding = Detected | 'cp866' | 'koi8-r' | 'maccyrillic';

/** Bytes in one line at most: beyond it, a quote was left open or the file is no table. */
export const LINE_LIMIT = 1_048_576;

const NEWLINE = 0x0a;

/**
 * Tells the encoding from the bytes of the whole file, holding one line in memory: its BOM, else UTF-8
 * if every line is, else CP1251. Throws FileFault for binary data, a line over 1 MB and mixed encodings.
 */
export async function detectEncoding(path: string): Promise<Detected> {
	let bom: Detected | null | undefined;
	const seen: Seen = { line: 0, utf8: 0, foreign: 0 };
	for await (const line of lines(path)) {
		if (bom === undefined) {
			bom = markOf(line);
			if (bom === 'utf-16le' || bom === 'utf-16be') return bom;
		}
		look(line, seen);
		if (bom === 'utf-8' && seen.foreign > 0)
			throw new FileFault('file.brokenUtf8', { line: seen.foreign });
		if (seen.utf8 > 0 && seen.foreign > 0) {
			const [line, other] = [Math.max(seen.utf8, seen.foreign), Math.min(seen.utf8, seen.foreign)];
			throw new FileFault('file.mixedEncodings', { line, other });
		}
	}
	if (seen.line === 0) throw new FileFault('file.empty');
	return seen.foreign > 0 ? 'windows-1251' : 'utf-8';
}

/** Number of the first line whose letters are surely UTF-8, and of the first that is not; 0 for none. */
type Seen = { line: number; utf8: number; foreign: number };

function look(line: Buffer, seen: Seen): void {
	seen.line++;
	if (line.includes(0)) throw new FileFault('file.binary');
	const sort = sortOf(line);
	if (sort === 'foreign') seen.foreign ||= seen.line;
	else if (sort === 'utf-8') seen.utf8 ||= seen.line;
}

async function* lines(path: string): AsyncGenerator<Buffer> {
	let rest: Buffer[] = [];
	let held = 0;
	let line = 1;
	for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
		let from = 0;
		for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
			yield Buffer.concat([...rest, chunk.subarray(from, to)]);
			[rest, held, from] = [[], 0, to + 1];
			line++;
		}
		rest.push(chunk.subarray(from));
		held += chunk.length - from;
		if (held > LINE_LIMIT) throw new FileFault('file.longLine', { line, limit: 1 });
	}
	if (held > 0) yield Buffer.concat(rest);
}

/** The text of the file as a stream of pieces, without its BOM. */
export function decoded(path: string, encoding: Encoding): Readable {
	const stream = iconv.decodeStream(encoding) as Duplex;
	const bytes = createReadStream(path, { highWaterMark: 262_144 });
	bytes.on('error', (error) => stream.destroy(error));
	// Whoever stops reading half-way must not leave the file open.
	stream.on('close', () => bytes.destroy());
	return bytes.pipe(stream);
}
