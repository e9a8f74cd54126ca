import type { Language } from './translate.ts';

const LOCALE: Record<Language, string> = { ru: 'ru-RU', en: 'en-GB' };
const formats = new Map<string, Intl.NumberFormat>();

function format(language: Language, currency: string | null, digits: number): Intl.NumberFormat {
	const key = `${language} ${currency} ${digits}`;
	let made = formats.get(key);
	if (made === undefined) {
		made = new Intl.NumberFormat(LOCALE[language], {
			...(currency ? { style: 'currency', currency, currencyDisplay: 'narrowSymbol' } : {}),
			minimumFractionDigits: digits,
			maximumFractionDigits: digits,
		});
		formats.set(key, made);
	}
	return made;
}

/**
 * An amount for the reader: «1 234 567,50 ₽», without kopecks where there are none. `amount` is a
 * decimal string out of the database and stays exact (Intl takes decimal strings as they are).
 */
export function formatMoney(language: Language, amount: string, currency: string): string {
	const digits = /\.(?!00?$)\d/.test(amount) ? 2 : 0;
	return format(language, currency, digits).format(amount as Intl.StringNumericLiteral);
}

/** A whole number for the reader: «8 800». */
export function formatNumber(language: Language, number: number): string {
	return format(language, null, 0).format(number);
}

/** An amount as it stands in an input: «1234567,50» in Russian, «1234567.50» in English. */
export function moneyForInput(language: Language, amount: string | null): string {
	if (amount === null) return '';
	const short = amount.replace(/\.00$/, '');
	return language === 'ru' ? short.replace('.', ',') : short;
}
