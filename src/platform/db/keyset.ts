import { type SQL, sql } from 'drizzle-orm';
import { BadRequest } from '#src/platform/errors.ts';
import { isDay } from '#src/platform/i18n/dates.ts';
import type { Sql } from './client.ts';

const MOMENT =
	/^(\d{4}-\d\d-\d\d) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?[+-](0\d|1[0-4])(:?[0-5]\d)?$/;
/** What a value of each type looks like as Postgres writes it; nothing else reaches Postgres. */
const TYPES = {
	text: (value: string) => !value.includes('\0'),
	whole: (value: string) => /^-?\d{1,18}$/.test(value),
	number: (value: string) => /^-?\d{1,30}(\.\d{1,20})?$/.test(value),
	day: isDay,
	moment: (value: string) => isDay(MOMENT.exec(value)?.[1] ?? ''),
	yes_no: (value: string) => /^(true|false)$/.test(value),
} as const;
const SQL_TYPES = {
	text: sql`text`,
	whole: sql`bigint`,
	number: sql`numeric`,
	day: sql`date`,
	moment: sql`timestamptz`,
	yes_no: sql`boolean`,
} as const;

/**
 * What rows can be sorted by: an expression, its type (`whole` for integer columns and `number` for numeric
 * ones: only so does an index on them serve), and whether it can be absent (absent ones come last).
 */
export type SortBy = {
	by: SQL;
	type: keyof typeof TYPES;
	nullable?: boolean;
	/** How to tell that it is absent, where an index answers another question than `by is null`. */
	absent?: SQL;
};
export type Sorting = SortBy & { descending: boolean };

/** Where a page ends: the sort value of its last row, as text, and that row's id. */
export type Place = { value: string | null; id: number };

/** A place as an address carries it. */
export function placeText({ value, id }: Place): string {
	return Buffer.from(JSON.stringify([value, id])).toString('base64url');
}

/** The place that an address names. Throws BadRequest for what no link of ours holds. */
export function readPlace(typed: string, { type, nullable }: SortBy): Place {
	const bad = () => new BadRequest('error.badRequest', { what: 'after' });
	let told: unknown;
	try {
		told = JSON.parse(Buffer.from(typed, 'base64url').toString('utf8'));
	} catch {
		throw bad();
	}
	if (!Array.isArray(told) || told.length !== 2) throw bad();
	const [value, id] = told as [unknown, unknown];
	if (!Number.isSafeInteger(id) || (id as number) < 1) throw bad();
	if (value === null ? !nullable : typeof value !== 'string' || !TYPES[type](value)) throw bad();
	return { value: value as string | null, id: id as number };
}

export type KeysetQuery = {
	/** What each row shows; `id` has to be among it. */
	columns: SQL;
	from: SQL;
	where: SQL;
	sorting: Sorting;
	/** The row's own id, which decides between equals. */
	id: SQL;
	after: Place | null;
	limit: number;
	/** What is joined to the rows of the page alone, as `k` with its `id`; `columns` are read from there. */
	details?: SQL;
};

/**
 * One page of rows in the order of `sorting` and then of their ids, from behind `after`, and the place to
 * go on from, null at the end. Rows with a value and rows without are read one after the other: an index
 * on (value, id) gives each in order, which no single condition on both would. Throws what Postgres throws.
 */
export async function readKeyset<Row extends { id: number }>(
	db: Sql,
	query: KeysetQuery,
): Promise<{ rows: Row[]; next: string | null }> {
	const { sorting, after, limit } = query;
	const rows = after?.value === null ? [] : await readValued<Row>(db, query, limit + 1);
	if (sorting.nullable && rows.length <= limit) {
		const place = after?.value === null ? after : null;
		rows.push(...(await readAbsent<Row>(db, query, place, limit + 1 - rows.length)));
	}
	const shown = rows.slice(0, limit);
	const last = shown.at(-1);
	const next =
		rows.length > limit && last ? placeText({ value: last.sortValue, id: last.id }) : null;
	return { rows: shown, next };
}

type Sorted<Row> = Row & { sortValue: string | null };
/** One stretch of rows: with a value, or without. */
type Stretch = { key: SQL; where: SQL; order: SQL; limit: number };

async function readStretch<Row>(
	db: Sql,
	{ columns, from, sorting, id, details }: KeysetQuery,
	{ key, where, order, limit }: Stretch,
): Promise<Sorted<Row>[]> {
	const way = sorting.descending ? sql`desc` : sql`asc`;
	const page = sql`from ${from} where ${where} order by ${order} limit ${limit}`;
	const { rows } = await db.execute(
		details === undefined
			? sql`select ${columns}, (${key})::text as "sortValue" ${page}`
			: sql`select ${columns}, k.key::text as "sortValue"
				from (select ${id} as id, ${key} as key ${page}) k ${details}
				order by k.key ${way}, k.id ${way}`,
	);
	return rows as Sorted<Row>[];
}

async function readValued<Row>(db: Sql, query: KeysetQuery, limit: number): Promise<Sorted<Row>[]> {
	const { sorting, id, after } = query;
	const { by, type, nullable, descending } = sorting;
	const way = descending ? sql`desc` : sql`asc`;
	const value = after && sql`${after.value}::${SQL_TYPES[type]}`;
	// Said twice: where value and id are of two tables, only the first condition narrows what is read.
	const behind = after
		? sql`and ${by} ${descending ? sql`<=` : sql`>=`} ${value}
			and (${by}, ${id}) ${descending ? sql`<` : sql`>`} (${value}, ${after.id}::bigint)`
		: sql``;
	const where = sql`${query.where} ${nullable ? sql`and ${by} is not null` : sql``} ${behind}`;
	return await readStretch(db, query, {
		...{ key: by, where, limit },
		order: sql`${by} ${way}, ${id} ${way}`,
	});
}

async function readAbsent<Row>(
	db: Sql,
	query: KeysetQuery,
	after: Place | null,
	limit: number,
): Promise<Sorted<Row>[]> {
	const { sorting, id } = query;
	const way = sorting.descending ? sql`desc` : sql`asc`;
	const behind = after ? sql`and ${id} ${sorting.descending ? sql`<` : sql`>`} ${after.id}` : sql``;
	const absent = sorting.absent ?? sql`${sorting.by} is null`;
	return await readStretch(db, query, {
		key: sql`null::text`,
		where: sql`${query.where} and ${absent} ${behind}`,
		...{ order: sql`${id} ${way}`, limit },
	});
}
