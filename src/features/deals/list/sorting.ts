import { type SQL, sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';
import {
	type KeysetQuery,
	type Place,
	placeText,
	readKeyset,
	type Sorting,
} from '#src/platform/db/keyset.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { dueOfDay } from './period.ts';

/*
 * Any column's order without reading what is not shown. The few deals of one person or of a search are
 * found and sorted. Everybody's are walked: a column of the deal along its own index; state and owner group
 * by group; client by client's name; the next step and the probability as a merge of two walks. What such a
 * walk reads is what it shows, and beside that what отбор leaves out on the way.
 */
export type ListQuery = {
	/** The heading sorted by. */
	key: string;
	sorting: Sorting;
	/** SQL on `d`. */
	where: SQL;
	/** Whether everybody's deals are looked at, and not the few that a text has found. */
	walk: boolean;
	viewer: Viewer;
	/** What each row shows, and where from: `d` joined to `found`. */
	columns: SQL;
	joins: SQL;
};

type Bounds = { after: Place | null; limit: number };

/** What a sort reads beside the deal. */
const BESIDE: Record<string, SQL> = {
	client: sql`left join clients c on c.id = d.client_id`,
	stage: sql`join stages s on s.id = d.stage_id`,
	probability: sql`join stages s on s.id = d.stage_id`,
	owner: sql`join people p on p.id = d.owner_id`,
};
const CASTS = {
	text: sql`text`,
	whole: sql`bigint`,
	number: sql`numeric`,
	day: sql`date`,
	moment: sql`timestamptz`,
};

const castOf = ({ type }: Sorting) => CASTS[type as keyof typeof CASTS];
const way = ({ descending }: Sorting) => (descending ? sql`desc` : sql`asc`);
const beyond = ({ descending }: Sorting) => (descending ? sql`<` : sql`>`);
const from = ({ descending }: Sorting) => (descending ? sql`<=` : sql`>=`);
const BEFORE_ALL = { ascending: 0, descending: Number.MAX_SAFE_INTEGER };

/** Deals in the order of one expression on `d` (and `beside`), from behind the place. */
function along(query: ListQuery, bounds: Bounds, key: SQL, also: SQL, beside = sql``): SQL {
	const { sorting, where } = query;
	const { after, limit } = bounds;
	const cast = castOf(sorting);
	// The bound on the key alone lets a walk of another table's index begin where the page does.
	const behind = after
		? sql`and ${key} ${from(sorting)} ${after.value}::${cast}
			and (${key}, d.id) ${beyond(sorting)} (${after.value}::${cast}, ${after.id}::bigint)`
		: sql``;
	return sql`(select d.id, ${key} as key from deals d ${beside}
		where ${where} and ${also} ${behind}
		order by ${key} ${way(sorting)}, d.id ${way(sorting)} limit ${limit})`;
}

/** Deals group by group, each group's first ones: `g` is the group, its `key` what the groups stand by. */
function grouped(query: ListQuery, bounds: Bounds, groups: SQL, key: SQL, member: SQL): SQL {
	const { sorting, where } = query;
	const { after, limit } = bounds;
	const start = sorting.descending ? BEFORE_ALL.descending : BEFORE_ALL.ascending;
	const cast = castOf(sorting);
	const reached = after ? sql`where ${key} ${from(sorting)} ${after.value}::${cast}` : sql``;
	const behind = after
		? sql`and d.id ${beyond(sorting)} case when ${key} = ${after.value}::${cast} then ${after.id}::bigint else ${start}::bigint end`
		: sql``;
	return sql`(select d.id, ${key} as key from ${groups} g cross join lateral (
			select d.id from deals d where ${member} and ${where} ${behind}
			order by d.id ${way(sorting)} limit ${limit}
		) d ${reached} order by ${key} ${way(sorting)}, d.id ${way(sorting)} limit ${limit})`;
}

function streams(query: ListQuery, bounds: Bounds): SQL[] {
	const { key, sorting, walk, viewer } = query;
	const present = sorting.nullable ? sql`${sorting.by} is not null` : sql`true`;
	const own = (by: SQL, also = present) => along(query, bounds, by, also);
	if (!walk) return [along(query, bounds, sorting.by, present, BESIDE[key])];
	if (key === 'stage')
		return [grouped(query, bounds, sql`stages`, sql`g.position`, sql`d.stage_id = g.id`)];
	if (key === 'owner')
		return [grouped(query, bounds, sql`people`, sql`g.name`, sql`d.owner_id = g.id`)];
	if (key === 'probability')
		return [
			grouped(
				query,
				bounds,
				sql`stages`,
				sql`g.probability`,
				sql`d.stage_id = g.id and d.probability is null`,
			),
			own(sql`d.probability`, sql`d.probability is not null`),
		];
	if (key === 'client')
		return [
			along(query, bounds, sql`c.name`, sql`true`, sql`join clients c on c.id = d.client_id`),
		];
	if (key === 'next') return nextSteps(query, bounds, viewer);
	return [own(sorting.by)];
}

// Each in the order of its own index; the place is a moment, which bounds a day roughly (its end lies
// within two days of it in any zone) and exactly by the moment at which it is due.
function nextSteps(query: ListQuery, { after, limit }: Bounds, viewer: Viewer): SQL[] {
	const { sorting, where } = query;
	const due = dueOfDay(sql`d.next_planned_on`, viewer);
	const roughly = sorting.descending ? sql`+ 2` : sql`- 3`;
	const behind = after
		? sql`and d.next_planned_on ${from(sorting)} ((${after.value}::timestamptz at time zone 'UTC')::date ${roughly})
			and (${due}, d.id) ${beyond(sorting)} (${after.value}::timestamptz, ${after.id}::bigint)`
		: sql``;
	return [
		along(query, { after, limit }, sql`d.next_planned_at`, sql`d.next_planned_at is not null`),
		sql`(select d.id, ${due} as key from deals d
			where ${where} and d.next_planned_on is not null ${behind}
			order by d.next_planned_on ${way(sorting)}, d.id ${way(sorting)} limit ${limit})`,
	];
}

/** Deals without a value, by their numbers: they come last, whichever way the others stand. */
function absent(query: ListQuery, { after, limit }: Bounds): SQL {
	const { key, sorting, where, walk } = query;
	const none = key === 'client' ? sql`d.client_id` : sorting.by;
	const behind = after ? sql`and d.id ${beyond(sorting)} ${after.id}::bigint` : sql``;
	// In the order of the index that knows them, though its first column says the same of all of them.
	const order = walk && key !== 'next' ? sql`${none} ${way(sorting)},` : sql``;
	return sql`(select d.id, null::${castOf(sorting)} as key from deals d
		where ${where} and ${none} is null ${behind} order by ${order} d.id ${way(sorting)} limit ${limit})`;
}

/**
 * One page of the list, from behind `after`, and the place to go on from, null at the end. One statement,
 * two where a page reaches the deals without a value.
 */
export async function readSorted<Row extends { id: number }>(
	db: Sql,
	query: ListQuery,
	after: Place | null,
	limit: number,
): Promise<{ rows: Row[]; next: string | null }> {
	const { sorting } = query;
	const start = sorting.descending ? BEFORE_ALL.descending : BEFORE_ALL.ascending;
	const page = (parts: SQL[], place: Place | null, nullable: boolean, count: number) =>
		readKeyset<Row & { sortValue: string | null }>(db, {
			columns: query.columns,
			from: sql`(select * from (${sql.join(parts, sql` union all `)}) found
				order by key ${way(sorting)}, id ${way(sorting)} limit ${count + 1}) found
				join deals d on d.id = found.id ${query.joins}`,
			where: sql`true`,
			sorting: { ...sorting, by: sql`found.key`, nullable },
			id: sql`found.id`,
			after: place,
			limit: count,
		} satisfies KeysetQuery);
	const rows: (Row & { sortValue: string | null })[] = [];
	if (after?.value !== null) {
		const valued = await page(streams(query, { after, limit: limit + 1 }), after, false, limit);
		if (valued.next !== null || !sorting.nullable) return valued;
		rows.push(...valued.rows);
	}
	const place = after?.value === null ? after : { value: null, id: start };
	const left = Math.max(1, limit - rows.length);
	const rest = await page([absent(query, { after: place, limit: left + 1 })], place, true, left);
	const last = rows.at(-1);
	// The page is full, and what has no value is still to come.
	if (rows.length === limit && last)
		return {
			rows,
			next: rest.rows.length ? placeText({ value: last.sortValue, id: last.id }) : null,
		};
	return { rows: [...rows, ...rest.rows], next: rest.next };
}
