import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { siteHref } from '#src/features/clients/client/facts.ts';
import { BadRequest, InvalidForm, VersionMissing } from '#src/platform/errors.ts';
import {
	decimal,
	email,
	form,
	lines,
	optional,
	readForm,
	readPart,
	text,
	version,
	words,
	yesNo,
} from '#src/platform/forms/readers.ts';
import { onlyTouched } from '#src/platform/pages/three-way-merge.ts';

const Thing = form({ version: version(), name: text(20), note: optional(text(20)) });

describe('a form that holds only some of its fields', () => {
	test('tells what was typed, what was emptied and what it does not hold', () => {
		expect(readPart(Thing, { version: '3', name: ' Печь ' })).toEqual({ version: 3, name: 'Печь' });
		expect(readPart(Thing, { version: '3', note: ' ' })).toEqual({ version: 3, note: null });
		expect(readPart(Thing, { version: '3' })).toEqual({ version: 3 });
	});
	test('still demands the version and what must not be empty, and nothing unknown', () => {
		expect(() => readPart(Thing, { name: 'x' })).toThrow(VersionMissing);
		expect(() => readPart(Thing, { version: '3', name: '' })).toThrow(InvalidForm);
		expect(() => readPart(Thing, { version: '3', owner: '1' })).toThrow(BadRequest);
		expect(() => readPart(Thing, JSON.parse('{"version":"3","__proto__":"x"}'))).toThrow(
			BadRequest,
		);
	});
});

const read = (field: ReturnType<typeof text>, typed: string): unknown =>
	readForm(form({ it: field }), { it: typed }).it;

describe('a number', () => {
	test.each([
		['1 234,50', '1234.5'],
		['-3', '-3'],
		['−0,0', '0'],
		['007', '7'],
		['0.000001', '0.000001'],
	])('%s is %s', (typed, value) => expect(read(decimal() as never, typed)).toBe(value));
	test.each(['1,2,3', '1e5', 'сто', '0.0000001', '1'.repeat(16), '--1'])('%s is none', (typed) =>
		expect(() => read(decimal() as never, typed)).toThrow(InvalidForm),
	);
	test('that was read is read again as itself', () => {
		const number = fc.tuple(fc.integer(), fc.nat({ max: 999_999 }));
		fc.assert(
			fc.property(number, ([whole, rest]) => {
				const once = read(
					decimal() as never,
					`${whole},${String(rest).padStart(6, '0')}`,
				) as string;
				expect(read(decimal() as never, once)).toBe(once);
			}),
		);
	});
});

test('words stand between commas, each once, whatever its case', () => {
	const tags = () => words(3, 12) as never;
	expect(read(tags(), ' опт ,  сети  города,Опт,, ')).toEqual(['Опт', 'сети города']);
	expect(() => read(tags(), 'а,б,в,г')).toThrow(InvalidForm);
	expect(() => read(tags(), 'ы'.repeat(13))).toThrow(InvalidForm);
	expect(() => read(tags(), 'а\0')).toThrow(InvalidForm);
});

test('lines are one thing each; empty ones do not count', () => {
	const some = () => lines(2, 5) as never;
	expect(read(some(), 'а\r\n\n  б ')).toEqual(['а', 'б']);
	expect(() => read(some(), 'а\nб\nв')).toThrow(InvalidForm);
	expect(() => read(some(), 'аааааа')).toThrow(InvalidForm);
});

test('mail is an address and nothing around it; yes and no are two words', () => {
	expect(read(email() as never, 'Olga@Romashka.ru')).toBe('Olga@Romashka.ru');
	for (const typed of ['olga', 'a@b@c', 'a b@c.ru', '"x" <a@b.ru>', 'a@b.ru,c@d.ru'])
		expect(() => read(email() as never, typed), typed).toThrow(InvalidForm);
	expect([read(yesNo() as never, 'yes'), read(yesNo() as never, 'no')]).toEqual([true, false]);
	expect(() => read(yesNo() as never, '1')).toThrow(InvalidForm);
});

test('a site leads to http and https only', () => {
	expect(siteHref('romashka.ru')).toBe('https://romashka.ru/');
	expect(siteHref('http://romashka.ru:8080/x?y')).toBe('http://romashka.ru:8080/x?y');
	for (const typed of [
		'javascript:alert(1)',
		'data:text/html,x',
		'нет сайта',
		'ftp://x.ru',
		'',
		'x',
	])
		expect(siteHref(typed), typed).toBeNull();
});

test('after a conflict only what was touched comes back as typed', () => {
	const problem = {
		...{ status: 409, message: '', fields: {} },
		conflict: { version: 2, at: null, by: null },
		typed: { a: 'моё', b: 'было', was: JSON.stringify({ a: 'было', b: 'было' }) },
	};
	expect(onlyTouched(problem).typed.b).toBeUndefined();
	expect(onlyTouched(problem).typed.a).toBe('моё');
	expect(onlyTouched({ ...problem, typed: { ...problem.typed, was: 'не JSON' } }).typed.b).toBe(
		'было',
	);
});
