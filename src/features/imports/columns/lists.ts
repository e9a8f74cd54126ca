import { phoneOf } from '#src/features/clients/contacts/phones.ts';
import type { Reason } from '#src/features/imports/console/messages.ts';
import {
	email,
	type Reader,
	type Reading,
	withoutPoint,
} from '#src/features/imports/engine/values.ts';

/*
 * Fields of several values in one cell: phones, mails, tags. A value of theirs is text, an item a line. A file
 * only ever adds items; only undoing takes them away again.
 */

/** How one item is told from another. */
export type ItemKey = (item: string) => string;

const MOST_ITEMS = 50;
const ITEM_LIMIT = 100;
/** Of a phone; 112 is none of a client's. */
const LEAST_DIGITS = 5;

/** The items of a list's value. */
export function itemsOf(value: string | number | null | undefined): string[] {
	return value === null || value === undefined || value === '' ? [] : String(value).split('\n');
}

/** `before` with what `added` has beside it. */
export function joined(before: string | number | null, added: string, key: ItemKey): string | null {
	const all = new Map(itemsOf(before).map((item) => [key(item), item]));
	for (const item of itemsOf(added)) if (!all.has(key(item))) all.set(key(item), item);
	return all.size === 0 ? null : [...all.values()].join('\n');
}

/** The items of `one` that `other` has not. */
export function itemsBeside(
	one: string | number | null | undefined,
	other: string | number | null | undefined,
	key: ItemKey,
): string[] {
	const known = new Set(itemsOf(other).map(key));
	return itemsOf(one).filter((item) => !known.has(key(item)));
}

const lower: ItemKey = (item) => item.toLowerCase();

/** Phones as they are dialled: 8 (495)… and +7 495… are one. */
export const phoneKey: ItemKey = (item) => {
	const { e164, extension, searchKey } = phoneOf(item);
	return `${e164 ?? searchKey}#${extension ?? ''}`;
};
export const mailKey = lower;
export const tagKey = lower;

// A comma parts phones only where another number begins: «доб., 12» is one.
const BETWEEN_PHONES = /[;\n|]|\s\/\s|,\s*(?=[+(]?\d{3})/;

/** Phones in any writing, between semicolons, commas or line breaks. */
export const phones = listOf(BETWEEN_PHONES, (text) =>
	text.length <= ITEM_LIMIT && text.replace(/\D/g, '').length >= LEAST_DIGITS
		? { value: withoutPoint(text) }
		: { reason: { key: 'row.notPhone', args: { text } } },
);

/** Mail addresses between any signs that no address holds. */
export const emails = listOf(/[;,\s|]+/, email);

/** Words or phrases between commas, semicolons or line breaks. */
export const tags = listOf(/[;,\n|]/, (text) =>
	text.length <= ITEM_LIMIT
		? { value: text.replace(/\s+/g, ' ') }
		: { reason: { key: 'row.tooLong', args: { limit: ITEM_LIMIT } } },
);

function listOf(between: RegExp, read: Reader): Reader {
	return (text): Reading => {
		const parts = text.split(between).map((part) => part.trim());
		const items: string[] = [];
		const wrong: { part: string; reason: Reason }[] = [];
		for (const part of parts.filter((part) => part !== '')) {
			const reading = read(part);
			if ('reason' in reading) wrong.push({ part, reason: reading.reason });
			else items.push(String(reading.value));
		}
		if (items.length + wrong.length > MOST_ITEMS)
			return { reason: { key: 'row.tooMany', args: { limit: MOST_ITEMS } } };
		const [first] = wrong;
		if (first === undefined) return { value: items.join('\n') };
		// «не почта» is told whole, not by its first word.
		const told = items.length === 0 ? text.trim() : wrong.map(({ part }) => part).join(' ');
		const { key, args } = first.reason;
		const reason = { key, args: 'text' in args ? { ...args, text: told } : args };
		return items.length === 0 ? { reason } : { value: items.join('\n'), beside: reason };
	};
}
