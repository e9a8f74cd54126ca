import { phoneOf } from '#src/features/clients/contacts/phones.ts';

/** What one reading of a typed text asks for: everything of it must be found. */
export type Reading = {
	/** Words without signs and legal forms, lower case, «ё» as «е». */
	words: string[];
	/** Parts of mails, as typed. */
	mails: string[];
	/** Numbers of four digits and more (ИНН, phones): each in the writings that would do. */
	numbers: PhoneWritings[];
	/** The words as the name of a client, for weighing. */
	name: string;
};
/** A number may stand anywhere in a stored one, or begin one; any of these does. */
export type PhoneWritings = { within: string[]; ahead: string[] };

const LEAST_DIGITS = 4;
const MOST_DIGITS = 15;
const LEAST_LETTERS_SWITCHED = 3;
/** Twin of bare_name in drizzle/0004_clients.sql. */
const LEGAL_FORMS =
	/(?<![\p{L}\p{N}])(?:общество с ограниченной ответственностью|(?:(?:публичное|открытое|закрытое|непубличное) )?акционерное общество|индивидуальный предприниматель|ооо|оао|зао|пао|нао|ао|ип|чп|тоо|нко|ано|фгуп|муп|гуп|гбуз?|мбу|мбоу|фгбу|фгбоу|фгау|гау|мау|гку|мку|снт|тсж|тсн|кфх|спк|ooo|oao|zao|pao|llc|ltd|jsc|ojsc|inc|gmbh)(?![\p{L}\p{N}])/gu;
const FORM_AT_AN_END = new RegExp(
	`^[\\s"«]{0,2}${LEGAL_FORMS.source}|[\\s,]{0,3}${LEGAL_FORMS.source}[\\s"»]{0,2}$`,
	'iu',
);
// Bounded all through, and taken from the end: what is typed here may be long.
const EXTENSION =
	/[\s,;(]{0,5}(?:доб\p{L}{0,12}|вн\p{L}{0,12}|ext\p{L}{0,12}|[xх#])[\s.:]{0,5}\d{1,11}[\s)]{0,5}$/iu;
const PHONE_WORDS = /^\s*(?:тел|телефон|моб|факс|phone|tel)\p{L}*[\s.:]*/iu;
const NUMBER = /\+?\d(?:[\s()./–—-]{0,3}\d)*/gu;

// The keys of one board: what stands on them in Latin, and in Russian.
const LATIN = '`qwertyuiop[]asdfghjkl;\'zxcvbnm,.~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>@';
const RUSSIAN = 'ёйцукенгшщзхъфывапролджэячсмитьбюЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ"';
const TO_RUSSIAN = new Map([...LATIN].map((key, at) => [key, RUSSIAN[at] as string]));
const TO_LATIN = new Map([...RUSSIAN].map((key, at) => [key, LATIN[at] as string]));

/**
 * How a typed text can be meant: as it stands and, where it has letters, as it would be with the other
 * keyboard layout («hjvfirf» is «ромашка»). Empty: there is nothing to look for in it.
 */
export function readingsOf(typed: string): Reading[] {
	const own = readingOf(typed);
	const switched = switchedLayout(typed);
	const letters = switched.match(/\p{L}/gu)?.length ?? 0;
	const other = letters < LEAST_LETTERS_SWITCHED ? own : readingOf(switched);
	// A switched text is a guess: one that leaves letters alone is no word at all.
	const sensible = other.words.every((word) => /^\p{L}{2,}$|^\p{N}+$/u.test(word));
	return [own, ...(sensible && !isSame(own, other) ? [other] : [])].filter(
		({ words, mails, numbers }) => words.length + mails.length + numbers.length > 0,
	);
}

/** A client's name where room is short: without its legal form, and the quotes that then stand around all of it. */
export function bareClientName(name: string): string {
	const rest = name.replace(FORM_AT_AN_END, '').trim();
	if (!/^[«"]/.test(rest)) return rest || name;
	const inner = rest.slice(1);
	// One closing quote may stand for two: «Отель «Причал».
	if (inner.split('«').length === inner.split('»').length && inner.includes('»')) return inner;
	return /^[^«»"]+[»"]$/.test(inner) ? inner.slice(0, -1) : rest;
}

const isSame = (one: Reading, two: Reading) =>
	JSON.stringify([one.words, one.mails]) === JSON.stringify([two.words, two.mails]);

/** The text as the same keys give it in the other layout. */
export function switchedLayout(typed: string): string {
	const map = /[а-яё]/i.test(typed) ? TO_LATIN : TO_RUSSIAN;
	return [...typed].map((sign) => map.get(sign) ?? sign).join('');
}

function readingOf(typed: string): Reading {
	const text = typed.toLowerCase().replaceAll('ё', 'е').replace(PHONE_WORDS, '');
	const mails =
		text.match(/[^\s"«»<>(),;]*@[^\s"«»<>(),;]*/gu)?.filter((one) => one.length > 2) ?? [];
	const rest = mails.reduce((left, mail) => left.replace(mail, ' '), text);
	const [numbers, worded] = takeNumbers(rest);
	const words = wordsIn(worded);
	const bare = wordsIn(worded.replace(LEGAL_FORMS, ' '));
	const told = bare.length > 0 || numbers.length + mails.length > 0 ? bare : words;
	return { words: told, mails, numbers, name: told.join(' ') };
}

const wordsIn = (text: string) => text.match(/[\p{L}\p{N}]+/gu) ?? [];

function takeNumbers(text: string): [PhoneWritings[], string] {
	const numbers: PhoneWritings[] = [];
	const left = withoutExtension(text).replace(NUMBER, (run) => {
		const digits = run.replace(/\D/g, '');
		if (digits.length < LEAST_DIGITS) return run;
		numbers.push(writingsOf(run, digits));
		return ' ';
	});
	return [numbers, left];
}

// The first digit must be the number's: «#12» alone is no extension of anything.
function withoutExtension(text: string): string {
	const at = text.search(EXTENSION);
	return at > 0 && /\d/.test(text.slice(0, at)) ? text.slice(0, at) : text;
}

// Stored are the last ten digits of a phone: a whole number is cut to them, one that is still being typed
// loses the 8 or +7 before them.
function writingsOf(run: string, digits: string): PhoneWritings {
	if (digits.length > MOST_DIGITS) return { within: [firstOf(run)], ahead: [] };
	const within = [digits];
	if (digits.length > 10) within.push(phoneOf(run).searchKey);
	const ahead = /^[78]\d{4,}$/.test(digits) && digits.length < 11 ? [digits.slice(1)] : [];
	return { within: [...new Set(within)], ahead };
}

// ИНН and КПП beside each other, two phones in a row.
const firstOf = (run: string) => run.match(/\d{10,}/)?.[0] ?? run.replace(/\D/g, '').slice(0, 10);

/** How many letters of a word may be wrong: none of short ones, for those are all alike. */
export function wrongAllowed(word: string): 0 | 1 | 2 {
	if (!/^\p{L}+$/u.test(word) || word.length < 4) return 0;
	return word.length < 6 ? 1 : 2;
}
