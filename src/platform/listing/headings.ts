import type { SortBy, Sorting } from '#src/platform/db/keyset.ts';
import { BadRequest } from '#src/platform/errors.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';

/** How a value of a list is written: on screen, in CSV and in XLSX alike. */
export const VALUE_KINDS = ['text', 'number', 'money', 'day', 'moment'] as const;

/** A column of a list: its heading, its order on the server, its value in a file. */
export type ListColumn<Row> = {
	key: string;
	label: MessageKey;
	/** Its heading where room is short. */
	short?: MessageKey;
	kind: (typeof VALUE_KINDS)[number];
	sort: SortBy;
	/** Money and numbers as decimal strings, days as `2026-11-23`, moments as Date. */
	value: (row: Row) => string | number | Date | null;
};

/** The order that an address asks for: `name`, or `-name` for the other way round. Throws BadRequest. */
export function sortingOf<Row>(columns: readonly ListColumn<Row>[], sort: string): Sorting {
	const descending = sort.startsWith('-');
	const column = columns.find(({ key }) => key === sort.slice(descending ? 1 : 0));
	if (column === undefined) throw new BadRequest('error.badRequest', { what: 'sort' });
	return { ...column.sort, descending };
}

/** One heading of a table that sorts: the order a click asks for, and `aria-sort` of the present one. */
export type Heading = {
	key: string;
	label: MessageKey;
	short: MessageKey | null;
	kind: (typeof VALUE_KINDS)[number];
	sort: string;
	ariaSort: 'ascending' | 'descending' | null;
};

/** The headings of a list sorted by `sort`: a second click on one turns it round. */
export function headingsOf<Row>(columns: readonly ListColumn<Row>[], sort: string): Heading[] {
	return columns.map(({ key, label, short = null, kind }) => ({
		...{ key, label, short },
		kind,
		sort: sort === key ? `-${key}` : key,
		ariaSort: sort === key ? 'ascending' : sort === `-${key}` ? 'descending' : null,
	}));
}
