import { type SQL, sql } from 'drizzle-orm';

/** Text as search columns hold it: lower case, «ё» as «е». */
export function searchable(typed: string): string {
	return typed.toLowerCase().replaceAll('ё', 'е').trim();
}

/** A pattern for LIKE that finds the text anywhere, its own % and _ taken as they are. */
export function anywhere(typed: string): string {
	return `%${searchable(typed).replace(/[\\%_]/g, '\\$&')}%`;
}

const SHORTEST_SUBSTRING = 3;

/**
 * Whether a search column (see `searchable`) says what was typed: anywhere from three letters on; one or
 * two only at the beginning of a word, for inside of words no index of trigrams finds them; signs alone
 * nowhere, for they have no trigrams at all.
 */
export function textMatches(column: SQL, typed: string): SQL {
	const wanted = searchable(typed);
	if (!/[\p{L}\p{N}]/u.test(wanted)) return sql`false`;
	if ([...wanted].length >= SHORTEST_SUBSTRING) return sql`${column} like ${anywhere(typed)}`;
	const escaped = wanted.replace(/[^\p{L}\p{N} ]/gu, '\\$&');
	return sql`${column} ~ ${`\\m${escaped}`}`;
}
