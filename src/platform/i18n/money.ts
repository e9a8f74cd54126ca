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

/** The sign of a currency: «₽»; the code itself where it has none. */
export function currencySymbol(language: Language, currency: string): string {
	const parts = format(language, currency, 0).formatToParts(0);
	return parts.find((part) => part.type === 'currency')?.value ?? currency;
}

/** A whole number for the reader: «8 800». */
export function formatNumber(language: Language, number: number): string {
	return format(language, null, 0).format(number);
}

/** An amount as it stands in an input: «1 234 567,50» in Russian, «1 234 567.50» in English. */
export function moneyForInput(language: Language, amount: string | null): string {
	if (amount === null) return '';
	const [whole = '', kopecks = '00'] = amount.split('.');
	const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u00a0');
	return kopecks === '00' ? grouped : `${grouped}${language === 'ru' ? ',' : '.'}${kopecks}`;
}

const MOST_DIGITS = 6;

/** A decimal string for the reader, exact: «1 200,5» in Russian. */
export function formatDecimal(language: Language, decimal: string): string {
	const digits = Math.min(MOST_DIGITS, decimal.split('.')[1]?.length ?? 0);
	return format(language, null, digits).format(decimal as Intl.StringNumericLiteral);
}
