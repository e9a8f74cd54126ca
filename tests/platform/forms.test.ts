import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BadRequest, InvalidForm, VersionMissing } from '#src/platform/errors.ts';
import {
	checked,
	day,
	form,
	id,
	oneOf,
	optional,
	readForm,
	readQuery,
	text,
	time,
	version,
	whole,
} from '#src/platform/forms/readers.ts';
import { localPath } from '#src/platform/http/origin.ts';

const Everything = form({
	title: text(10),
	id: optional(id()),
	share: optional(whole(0, 100)),
	on: optional(day()),
	at: optional(time()),
	kind: optional(oneOf('call', 'email')),
	idle: optional(checked()),
});
const Versioned = form({ version: version(), title: text(10) });

/** The fields that are wrong, by name with their message keys. */
function faults(body: unknown): Record<string, string> {
	try {
		readForm(Everything, body);
		return {};
	} catch (error) {
		if (!(error instanceof InvalidForm)) throw error;
		return Object.fromEntries(Object.entries(error.fields).map(([name, { key }]) => [name, key]));
	}
}

test('fields are trimmed and typed, empty optional ones left out', () => {
	const read = readForm(Everything, {
		title: '  Печь \r\n',
		id: '7',
		share: '0',
		on: '1.2.2026',
		at: '09:05',
		kind: 'call',
		idle: '1',
	});
	expect(read).toEqual({
		title: 'Печь',
		id: 7,
		share: 0,
		on: '2026-02-01',
		at: '09:05',
		kind: 'call',
		idle: true,
	});
	expect(readForm(Everything, { title: 'Печь', id: '', share: ' ', on: null })).toEqual({
		title: 'Печь',
	});
});

test('all faults of a form are told at once, with what was typed', () => {
	const typed = {
		title: 'ы'.repeat(11),
		id: '0',
		share: '101',
		on: '31.02.2026',
		at: '24:00',
		kind: 'fax',
	};
	expect(faults(typed)).toEqual({
		...{ title: 'field.tooLong', id: 'field.number', share: 'field.number' },
		...{ on: 'field.day', at: 'field.time', kind: 'field.choice' },
	});
	expect(faults({})).toEqual({ title: 'field.required' });
	expect(faults({ title: 'a\0b' })).toEqual({ title: 'field.nul' });
	try {
		readForm(Everything, typed);
	} catch (error) {
		expect((error as InvalidForm).typed).toEqual(typed);
	}
});

test('a missing version is its own fault, before all others', () => {
	expect(() => readForm(Versioned, { title: '' })).toThrow(VersionMissing);
	expect(() => readForm(Versioned, undefined)).toThrow(VersionMissing);
	expect(() => readForm(Versioned, { version: 'x', title: 'Печь' })).toThrow(InvalidForm);
});

test('what no page of ours sends is a bad request', () => {
	for (const body of [
		[],
		'x',
		7,
		{ title: ['a', 'b'] },
		{ title: { x: 1 } },
		{ title: true },
		{ title: 'a', more: '1' },
		JSON.parse('{"__proto__":"x","title":"a"}'),
		{ title: 'a', constructor: 'x' },
		{ title: 'a', toString: 'x' },
	])
		expect(() => readForm(Everything, body), JSON.stringify(body)).toThrow(BadRequest);
	expect(() => readQuery(Everything, { title: 'a', share: '101' })).toThrow(BadRequest);
});

test('whatever is sent is read, refused as a form or refused as a request: nothing else happens', () => {
	fc.assert(
		fc.property(
			fc.dictionary(
				fc.constantFrom('title', 'id', 'share', 'on', 'at', 'kind', 'idle', 'x'),
				fc.anything(),
			),
			(body) => {
				try {
					const read = readForm(Everything, body);
					expect(read.title.length).toBeLessThanOrEqual(10);
					if (read.id !== undefined) expect(Number.isSafeInteger(read.id)).toBe(true);
				} catch (error) {
					expect(error instanceof InvalidForm || error instanceof BadRequest, String(error)).toBe(
						true,
					);
				}
			},
		),
		{ numRuns: 300 },
	);
});

test('a path to go back to is always one of this site', () => {
	const pieces = fc.array(
		fc.constantFrom(
			'/',
			'\\',
			'.',
			'..',
			'board',
			'?q=a',
			'#x',
			':',
			'@',
			'evil.example',
			'https:',
			'\t',
			'\n',
			' ',
			'%2f',
			'%5c',
			'ё',
		),
		{ maxLength: 8 },
	);
	fc.assert(
		fc.property(pieces, (parts) => {
			const path = localPath(parts.join(''), '/board');
			expect(new URL(path, 'http://ours.example').origin).toBe('http://ours.example');
			expect(path).toMatch(/^\/(?![/\\])/);
			expect(path).not.toMatch(/[\r\n\t ]/);
		}),
		{ numRuns: 2000 },
	);
	expect(localPath('/deals/7?x=1', '/board')).toBe('/deals/7?x=1');
	expect(localPath(undefined, '/board')).toBe('/board');
});
