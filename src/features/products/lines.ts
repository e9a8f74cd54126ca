import { formatDecimal } from '#src/platform/i18n/money.ts';
import type { Language } from '#src/platform/i18n/translate.ts';

/** Quantity and price of a product as decimal strings: three digits behind the point, and two. */
export type Line = { quantity: string; price: string | null };

/** A decimal string as a whole number of its last digits: «12.5» with three of them is 12500. */
function scaled(decimal: string, digits: number): bigint {
	const [whole = '0', fraction = ''] = decimal.split('.');
	return BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
}

function kopecksOf({ quantity, price }: Line): bigint {
	if (price === null) return 0n;
	// Thousandths times kopecks are hundred-thousandths; a half is rounded up, as Postgres does.
	return (scaled(quantity, 3) * scaled(price, 2) + 500n) / 1000n;
}

const money = (kopecks: bigint) => `${kopecks / 100n}.${String(kopecks % 100n).padStart(2, '0')}`;

/** What a line costs, exactly, rounded to the kopeck; null without a price. */
export function lineSum(line: Line): string | null {
	return line.price === null ? null : money(kopecksOf(line));
}

/**
 * What all lines cost: the sum of the rounded lines, as a reader adds them up; null where no line has a
 * price. Twin of the SQL in products.ts, which writes it.
 */
export function linesSum(lines: readonly Line[]): string | null {
	const priced = lines.filter(({ price }) => price !== null);
	if (priced.length === 0) return null;
	return money(priced.reduce((sum, line) => sum + kopecksOf(line), 0n));
}

const MOST_KOPECKS = 10n ** 15n;

/** Whether a deal can hold the sum of these lines. */
export function isTooMuch(lines: readonly Line[]): boolean {
	return lines.reduce((sum, line) => sum + kopecksOf(line), 0n) >= MOST_KOPECKS;
}

/** A quantity for the reader: «1 200», «0,5»; no zeros behind the comma. */
export function quantityWords(quantity: string, language: Language): string {
	return formatDecimal(language, bareQuantity(quantity));
}

/** A quantity without the zeros that the database puts behind it. */
export function bareQuantity(quantity: string): string {
	return quantity.includes('.') ? quantity.replace(/\.?0+$/, '') : quantity;
}
