import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import {
	encodingsOf,
	markOf,
	singleBytes,
	sortOf,
	textsOf,
} from '#src/platform/tables/encoding.ts';

const utf8 = (text: string) => Buffer.from(text);
const cp1251 = (text: string) => iconv.encode(text, 'windows-1251');

test('each line is judged by itself: one in CP1251 garbles none of the others', () => {
	const lines = [utf8('Ромашка, ООО'), cp1251('Василёк, АО'), utf8('plain')];
	expect(textsOf(lines)).toEqual(['Ромашка, ООО', 'Василёк, АО', 'plain']);
});

test('a line too short to tell is what the others of its record are', () => {
	expect(sortOf(cp1251('Яё'))).toBe('either');
	expect(textsOf([cp1251('Яё'), cp1251('Ромашка')])).toEqual(['Яё', 'Ромашка']);
	expect(textsOf([utf8('Яё'), utf8('Ромашка')])).toEqual(['Яё', 'Ромашка']);
	expect(encodingsOf([utf8('Яё')])).toEqual(['utf-8']);
});

test('a letter cut off at the end makes a line of UTF-8 none of CP1251', () => {
	const [text] = textsOf([utf8('Показ линии').subarray(0, -1)]);
	expect(text).toBe('Показ лини\ufffd');
});

test.each([
	['UTF-16 with its mark', iconv.encode('BEGIN:Ёлка', 'utf-16le', { addBOM: true })],
	['UTF-16, the other way round', iconv.encode('BEGIN:Ёлка', 'utf-16be', { addBOM: true })],
	['UTF-16 without a mark', iconv.encode('BEGIN:Ёлка', 'utf-16le', { addBOM: false })],
	['UTF-8 with its mark', utf8('\ufeffBEGIN:Ёлка')],
	['UTF-8', utf8('BEGIN:Ёлка')],
])('%s becomes lines of one-byte ends', (_, bytes) => {
	expect(singleBytes(bytes).toString('utf8')).toBe('BEGIN:Ёлка');
});

test('what has no mark has none', () => {
	expect(markOf(utf8('Ёлка'))).toBeNull();
	expect(markOf(Buffer.alloc(0))).toBeNull();
});
