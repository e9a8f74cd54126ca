import { phoneOf } from '#src/features/clients/phones.ts';
import { email, type Reader, type Reading } from './values.ts';

/*
 * Fields of several values in one cell: phones, mails, tags. A value of theirs is text, an item a line. A file
 * only ever adds items; only undoing takes them away again.
 */

/** How one item is told from another. */
export type ItemKey = (item: string) => string;

const MOST_ITEMS = 50;
const ITEM_LIMIT = 100;

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
	/\d.*\d.*\d.*\d.*\d/s.test(text) && text.length <= ITEM_LIMIT
		? { value: text }
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
		const items: string[] = [];
		for (const part of text.split(between)) {
			if (part.trim() === '') continue;
			const reading = read(part.trim());
			if ('reason' in reading) return reading;
			items.push(String(reading.value));
		}
		if (items.length > MOST_ITEMS)
			return { reason: { key: 'row.tooMany', args: { limit: MOST_ITEMS } } };
		return { value: items.join('\n') };
	};
}
