import { innHolds, kppHolds, ogrnHolds } from '#src/features/clients/requisites.ts';
import type { Reading } from './values.ts';

/** ИНН of 10 or 12 digits with a true checksum; a zero in front that Excel has eaten is put back. */
export function inn(text: string): Reading {
	return checked(text, [10, 12], innHolds);
}

/** КПП of 9 characters; it has no checksum. The zero that Excel has eaten is put back. */
export function kpp(text: string): Reading {
	const typed = text.replace(/\s/g, '').toUpperCase();
	const code = typed.length === 8 ? `0${typed}` : typed;
	if (kppHolds(code)) return { value: code };
	return { reason: { key: 'row.requisiteDigits', args: { text, digits: '9' } } };
}

/** ОГРН of 13 digits or ОГРНИП of 15, with a true checksum. */
export function ogrn(text: string): Reading {
	return checked(text, [13, 15], ogrnHolds);
}

function checked(text: string, lengths: number[], holds: (digits: string) => boolean): Reading {
	const typed = text.replace(/\s/g, '');
	const length = lengths.find((length) => length === typed.length || length === typed.length + 1);
	if (!(length && /^\d+$/.test(typed)))
		return {
			reason: { key: 'row.requisiteDigits', args: { text, digits: lengths.join(' / ') } },
		};
	const digits = typed.padStart(length, '0');
	if (holds(digits)) return { value: digits };
	return { reason: { key: 'row.requisiteSum', args: { text } } };
}
