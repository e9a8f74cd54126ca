import type { Reading } from './values.ts';

const TEN = [2, 4, 10, 3, 5, 9, 4, 6, 8];
const ELEVEN = [7, ...TEN];
const TWELVE = [3, ...ELEVEN];

/** ИНН of 10 or 12 digits with a true checksum; a zero in front that Excel has eaten is put back. */
export function inn(text: string): Reading {
	return checked(text, [10, 12], (digits) =>
		digits.length === 10
			? sum(digits, TEN) === Number(digits[9])
			: sum(digits, ELEVEN) === Number(digits[10]) && sum(digits, TWELVE) === Number(digits[11]),
	);
}

/** КПП of 9 characters; it has no checksum. The zero that Excel has eaten is put back. */
export function kpp(text: string): Reading {
	const typed = text.replace(/\s/g, '').toUpperCase();
	const code = typed.length === 8 ? `0${typed}` : typed;
	if (/^\d{4}[\dA-Z]{2}\d{3}$/.test(code)) return { value: code };
	return { reason: { key: 'row.requisiteDigits', args: { text, digits: '9' } } };
}

/** ОГРН of 13 digits or ОГРНИП of 15, with a true checksum. */
export function ogrn(text: string): Reading {
	return checked(text, [13, 15], (digits) => {
		const divisor = BigInt(digits.length - 2);
		const rest = BigInt(digits.slice(0, -1)) % divisor;
		return Number(rest % 10n) === Number(digits.at(-1));
	});
}

function sum(digits: string, weights: number[]): number {
	return (weights.reduce((total, weight, i) => total + weight * Number(digits[i]), 0) % 11) % 10;
}

function checked(text: string, lengths: number[], holds: (digits: string) => boolean): Reading {
	const typed = text.replace(/\s/g, '');
	const length = lengths.find((length) => length === typed.length || length === typed.length + 1);
	if (!(length && /^\d+$/.test(typed)))
		return {
			reason: { key: 'row.requisiteDigits', args: { text, digits: lengths.join(' или ') } },
		};
	const digits = typed.padStart(length, '0');
	if (holds(digits)) return { value: digits };
	return { reason: { key: 'row.requisiteSum', args: { text } } };
}
