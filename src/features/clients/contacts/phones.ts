import {
	type CountryCode,
	type PhoneNumber,
	parsePhoneNumberFromString,
} from 'libphonenumber-js/min';
import type { Language } from '#src/platform/i18n/translate.ts';

/** A phone as it is kept. */
export type Phone = {
	/** As typed. */
	value: string;
	/** `+74951234567`, without the extension; null for what is no number that one could dial from anywhere. */
	e164: string | null;
	/** Добавочный, digits. */
	extension: string | null;
	/** The last ten digits without the extension: what search and duplicates compare. */
	searchKey: string;
};

// Where a number without a country belongs: home first; Belarusians write 8 (029) as we write 8 (495).
const COUNTRIES: readonly CountryCode[] = ['RU', 'BY'];
// Neighbours' numbers whose plus was left out: 375 29 123-45-67.
const CALLING_CODE = /^(?:375|37[34]|380|99[2-68])\d{8,9}$/;
const EXTENSION =
	/[\s,;(]{0,9}(?<!\p{L})(?:доб(?:ав(?:очн\p{L}*)?)?|вн(?:утр(?:енн\p{L}*)?)?\.?(?:\s*тел)?|ext(?:ension|n)?|[xх×#]|,{2,})\s*[.:=№]*\s*(\d{1,11})(?!\d)/iu;
const NUMBERS = /\+?[\d(][\d\s().–—-]{5,}/g;
const KEY_DIGITS = 10;

/**
 * Understands a phone in any usual writing: 8…, +7…, brackets, an extension by its Russian or English word,
 * # or x, words around it. What it does not understand it keeps as typed, with `e164` null.
 */
export function phoneOf(typed: string): Phone {
	const value = typed.trim();
	const { number, extension } = split(value);
	const e164 = understood(number);
	const digits = (e164 ?? number).replace(/\D/g, '');
	return { value, e164, extension, searchKey: digits.slice(-KEY_DIGITS) };
}

// The first digit must be the number's: «#12» alone is no extension of anything.
function split(value: string): { number: string; extension: string | null } {
	const from = value.search(/\d/);
	if (from < 0) return { number: value, extension: null };
	const rest = value.slice(from);
	const found = EXTENSION.exec(rest);
	if (found === null) return { number: value, extension: null };
	const number = value.slice(0, from) + rest.slice(0, found.index);
	return { number, extension: found[1] as string };
}

function understood(number: string): string | null {
	const digits = number.replace(/\D/g, '');
	const whole = CALLING_CODE.test(digits) && !number.includes('+') ? `+${digits}` : number;
	// Of several in one field, or of one among words, the first.
	for (const candidate of [whole, ...(whole.match(NUMBERS) ?? [])])
		for (const country of COUNTRIES) {
			const parsed = parsePhoneNumberFromString(candidate, country);
			if (parsed?.isValid()) return parsed.number;
		}
	return null;
}

/** What the showing and the dialling of a phone need of it. */
export type ShownPhone = Pick<Phone, 'value' | 'e164' | 'extension'>;

const EXTENSION_WORD = { ru: 'доб.', en: 'ext.' } as const;

/** A phone for people: «+7 495 123-45-67 доб. 12»; as typed where it was not understood. */
export function formatPhone(
	{ value, e164, extension }: ShownPhone,
	language: Language = 'ru',
): string {
	const parsed = e164 === null ? undefined : parsePhoneNumberFromString(e164);
	if (parsed === undefined) return value;
	const number = grouped(parsed);
	return extension ? `${number} ${EXTENSION_WORD[language]} ${extension}` : number;
}

// As people here write it: +7 4012 55-66-77; the library knows the groups, and hyphens at home only.
function grouped(parsed: PhoneNumber): string {
	const { country, nationalNumber } = parsed;
	if (country === 'KZ') return `+7 ${nationalNumber.replace(/^(...)(...)(..)/, '$1 $2-$3-')}`;
	if (country !== 'RU' && country !== 'BY') return parsed.formatInternational();
	const home = parsed
		.formatNational()
		.replace(/^8 0?\(?0?/, '')
		.replace(')', '');
	return `+${parsed.countryCallingCode} ${home}`;
}

/** The address of a link that dials: `tel:+74951234567;ext=12`; null where there is nothing to dial. */
export function telHref({ value, e164, extension }: ShownPhone): string | null {
	if (e164) return `tel:${e164}${extension ? `;ext=${extension}` : ''}`;
	const { number } = split(value);
	const dialled = number.replace(/[^+\d]/g, '').replace(/(?!^)\+/g, '');
	return /\d/.test(dialled) ? `tel:${dialled}` : null;
}
