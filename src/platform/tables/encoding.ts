import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

/*
 * What the bytes of a file of another program tell of their encoding. They are judged by the line: one foreign
 * byte, or one part pasted in from elsewhere, says nothing about the rest.
 */

/** What bytes themselves can tell; of all other encodings only a person knows that it is them. */
export type Detected = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1251';

/** What one line is: surely UTF-8, surely not, or nothing that would decide. */
export type Sort = 'utf-8' | 'foreign' | 'either';

/** The mark of byte order that bytes begin with, or null. */
export function markOf(bytes: Buffer): Detected | null {
	if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
	return null;
}

// A short one in CP1251 can be UTF-8 by chance («Яё» is): it takes four letters to be sure.
const SURE_LETTERS = 4;

/** What a line of bytes is; a whole one, not cut within a letter. */
export function sortOf(line: Buffer): Sort {
	if (!isUtf8(line)) return 'foreign';
	return letters(line) >= SURE_LETTERS ? 'utf-8' : 'either';
}

// Characters of UTF-8 that take several bytes, the mark aside.
function letters(line: Buffer): number {
	let count = markOf(line) === null ? 0 : -1;
	for (const byte of line) if (byte >= 0xc0) count++;
	return count;
}

/**
 * The encoding of each line of one record (a card, an event). A line that decides nothing is of what the
 * others of its record are; a broken letter in UTF-8 does not make the line one of CP1251.
 */
export function encodingsOf(lines: Buffer[]): ('utf-8' | 'windows-1251')[] {
	const sorts = lines.map((line) => {
		const sort = sortOf(line);
		return sort === 'foreign' && isNearlyUtf8(line) ? 'utf-8' : sort;
	});
	const foreign = sorts.includes('foreign') && !sorts.includes('utf-8');
	return sorts.map((sort) =>
		sort === 'foreign' || (sort === 'either' && foreign) ? 'windows-1251' : 'utf-8',
	);
}

// More whole letters than bytes that belong to none: CP1251 hardly ever looks so.
function isNearlyUtf8(line: Buffer): boolean {
	const text = line.toString('utf8');
	let whole = 0;
	let broken = 0;
	for (const letter of text) {
		if (letter === '\ufffd') broken++;
		else if (letter > '\u007f') whole++;
	}
	return whole > broken;
}

/** The lines of one record as text, each by its own encoding. */
export function textsOf(lines: Buffer[]): string[] {
	const encodings = encodingsOf(lines);
	return lines.map((line, n) => iconv.decode(line, encodings[n] as string));
}

/**
 * Bytes whose lines can be told apart by their line feeds: UTF-16, with its mark or plainly recognisable, as UTF-8; the
 * mark is gone. What is in a one-byte encoding stays as it is.
 */
export function singleBytes(bytes: Buffer): Buffer {
	const mark = markOf(bytes) ?? unmarked(bytes);
	if (mark === 'utf-16le' || mark === 'utf-16be') return Buffer.from(iconv.decode(bytes, mark));
	return mark === 'utf-8' ? bytes.subarray(3) : bytes;
}

// «BEGIN» without its mark: every second byte is nothing.
function unmarked(bytes: Buffer): Detected | null {
	const [a = 0, b = 0, c = 0, d = 0] = bytes;
	if (a !== 0 && b === 0 && c !== 0 && d === 0) return 'utf-16le';
	return a === 0 && b !== 0 && c === 0 && d !== 0 ? 'utf-16be' : null;
}
