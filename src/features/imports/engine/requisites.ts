import {
	innHolds,
	kppHolds,
	ogrnHolds,
	type Requisites,
	requisiteWarnings,
} from '#src/features/company/requisites.ts';
import type { Doubts } from '#src/features/imports/tables.ts';
import { type Reading, type Value, withoutPoint } from './values.ts';

/**
 * ИНН of 10 or 12 digits. A wrong checksum is no reason to refuse a row (see requisiteDoubts), but only a
 * true one tells that a zero in front was eaten by Excel: then it is put back.
 */
export function inn(text: string): Reading {
	return checked(text, [10, 12], innHolds);
}

/** КПП of 9 characters; it has no checksum. The zero that Excel has eaten is put back. */
export function kpp(text: string): Reading {
	const typed = withoutPoint(text).replace(/\s/g, '').toUpperCase();
	const code = typed.length === 8 ? `0${typed}` : typed;
	if (kppHolds(code)) return { value: code };
	return { reason: { key: 'row.requisiteDigits', args: { text, digits: '9' } } };
}

/** ОГРН of 13 digits or ОГРНИП of 15, in the same way. */
export function ogrn(text: string): Reading {
	return checked(text, [13, 15], ogrnHolds);
}

function checked(text: string, lengths: number[], holds: (digits: string) => boolean): Reading {
	const digits = withoutPoint(text).replace(/\s/g, '');
	if (/^\d+$/.test(digits)) {
		if (lengths.includes(digits.length)) return { value: digits };
		if (lengths.includes(digits.length + 1) && holds(`0${digits}`)) return { value: `0${digits}` };
	}
	return { reason: { key: 'row.requisiteDigits', args: { text, digits: lengths.join(' / ') } } };
}

/** What the client's card would warn of in what a row says of its requisites; nothing where all is well. */
export function requisiteDoubts(
	given: Record<string, Value>,
	values: Record<string, Value | null>,
): Doubts {
	const warnings = requisiteWarnings({ ...NONE, ...values } as Requisites);
	return Object.fromEntries(Object.entries(warnings).filter(([field]) => field in given));
}

const NONE: Requisites = {
	...{ legalKind: 'company', inn: null, kpp: null, ogrn: null, bic: null, account: null },
	correspondentAccount: null,
};
