import { expect, test } from 'vitest';
import { filesIn } from './building.ts';
import { isOpen, patternsIn } from './patterns.ts';

/*
 * Patterns with open ends, and why what they are tried on cannot be long. A new one is better written with bounds
 * ({0,9}), from the start of the text, or as a scan; where it is not, it says here what bounds its text.
 */
const BOUNDED: Record<string, string> = {
	'src/features/calendar/ical/zones.ts /\\(.*$/':
		'a name in one line: the first bracket always fits',
	'src/features/clients/client/facts.ts /^[^\\s@]+@[^\\s@]+$/': 'a mail of a form, 254 signs',
	'src/features/clients/search/words.ts /[^\\s"«»<>(),;]*@[^\\s"«»<>(),;]*/gu':
		'a typed search, 300 signs',
	'src/features/clients/vcard/reading.ts /^((?:[^":]|"[^"]*")+):(.*)$/s':
		'what repeats begins with different signs: one way to read a line',
	'src/features/clients/vcard/reading.ts /(?:[^";]|"[^"]*")+/g':
		'what repeats begins with different signs: one way to read a line',
	'src/features/clients/vcard/reading.ts /^[^\\s@<>]+@[^\\s@<>]+$/':
		'one @ parts it, which neither side takes: one way to read it',
	'src/features/imports/engine/logins.ts /^[.-]+|[.-]+$/g': 'a name of a row, 300 signs',
	'src/features/imports/files/rejected-sheet.ts /\\.[^.]*$/':
		'the name of a file, as its system bounds it',
	'src/features/imports/files/sheet-xml.ts /"[^"]*"|\\\\.|\\[(?!h|m|s)[^\\]]*\\]|_.|\\*./gi':
		'a format of numbers, 255 signs',
	'src/features/imports/engine/values.ts /0+$/':
		'a cell of a table, 10,000 signs, of which digits 15',
	'src/features/imports/engine/values.ts /^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$/':
		'a mail address, 254 signs',
	'src/features/jobs/rules.ts /\\b([a-z][a-z\\d+.-]*:\\/\\/)[^\\s/@]*@/gi':
		'the first 2,000 signs of a failure',
	'src/features/mail/actions.ts /^[^\\s<>@",;:\\\\()[\\]]+@[^\\s<>@",;:\\\\()[\\]]+$/':
		'one @ parts it, which neither side takes: one way to read it',
	'src/platform/mail/smtp.ts /@([^\\s<>@]+?)>?$/': 'a setting of the operator',
	'src/platform/http/assets.ts /^[ \\t]*\\/\\/.*$/gm': 'scripts of ours',
	'src/platform/forms/readers.ts /0+$/': 'an amount of a form, 40 signs',
	'src/setting-readers.ts /^(?:[^<>"\\r\\n]*<)?[^\\s<>@",;]+@[^\\s<>@",;]+>?$/':
		'a setting of the operator',
	'src/strange-settings.ts /_(SERVICE_(HOST|PORT.*)|PORT(_\\d+_(TCP|UDP).*)?|NAME|ENV_.*)$/':
		'the name of a setting of the operator',
};

const found = filesIn('src', '.ts').flatMap(patternsIn);

test('no pattern with an open end is tried on text whose length a stranger chooses', () => {
	expect(found.length).toBeGreaterThan(300);
	const open = new Set(found.filter(isOpen).map(({ path, text }) => `${path} ${text}`));
	expect([...open].filter((one) => !Object.hasOwn(BOUNDED, one))).toEqual([]);
	expect(Object.keys(BOUNDED).filter((one) => !open.has(one))).toEqual([]);
});

test.each([
	'/<row>(.*?)<\\/row>/gs',
	'/<(?:\\w+:)?t[^>]*>x/',
	'/(\\d.*?)[\\s,;(]*доб/',
	'/(a+)+$/',
	'/(?:\\s*\\w+)*,/',
	'/\\s+$/',
	'/x|[^,]*,/',
	'/^.*a.*b/',
])('%s has an open end', (text) => {
	expect(isOpen({ path: '', text })).toBe(true);
});

test.each([
	'/^[^,]*,/',
	'/a=[^;]*;?/',
	'/\\s+/g',
	'/a{0,9}b/',
	'/[a-z]*/',
	'/\\d{3}(?:-\\d+)?/',
	'/[^"]*/',
])('%s has none', (text) => {
	expect(isOpen({ path: '', text })).toBe(false);
});

test('patterns are told from divisions, texts and comments', () => {
	const text =
		"const a = b / c / d; // x /y/\nconst e = '/f/'; const g = [/h/i, /[/]i/];\nreturn /j/;";
	expect(patternsIn({ path: '', text }).map((one) => one.text)).toEqual(['/h/i', '/[/]i/', '/j/']);
});
