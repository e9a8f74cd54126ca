import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '#src/features/access/rights.ts';
import { visibleTo } from '#src/features/access/rights.ts';
import { factCriteria, idleSql } from '#src/features/deals/list/criteria.ts';
import { dealsFound } from '#src/features/deals/list/search.ts';
import type { Stage } from '#src/features/deals/queries.ts';
import { idleBefore } from '#src/features/deals/rules.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import type { Filter } from './forms.ts';

/** Where the board's deals are read from, as `d`: the table, or what the text of the filter finds. */
export function source(filter: Filter): SQL {
	return filter.text === null ? sql`deals d` : sql`hits d`;
}

/** Отбор as SQL on `d`, a line per criterion; the period is judged where plans are read. */
export function criteria(actor: Actor, filter: Filter, viewer: Viewer): SQL {
	return sql.join(
		[
			sql`d.archived_at is null`,
			visibleTo({ ...actor, scope: filter.scope }, sql`d.owner_id`),
			...(filter.idle ? [idleSql(IDLE_BEFORE, viewer)] : []),
			...factCriteria(filter),
		],
		sql` and `,
	);
}

/** The limit of a deal's state in `stageList`, joined as `l`. */
export const IDLE_BEFORE = sql`l.idle_before`;

/** For a WITH: the states, with the moment before which a deal of each counts as idle. */
export function stageList(stages: Stage[], viewer: Viewer): SQL {
	const ids = stages.map((stage) => stage.id);
	const idle = stages.map((stage) => idleBefore(stage.idleDays, viewer)?.toISOString() ?? null);
	return sql`stage_list(stage_id, idle_before) as (
		select * from unnest(${sql.param(ids)}::bigint[], ${sql.param(idle)}::timestamptz[])
	)`;
}

/**
 * What precedes a query of the board: the lists given, and `hits` where the filter has a text: the
 * deals that it finds among those of which `alive` (SQL on `h`) is true. Everything else is asked of
 * the hits alone, for they are few where a state's deals are many.
 */
export function preamble(actor: Actor, filter: Filter, alive: SQL, ...lists: SQL[]): SQL {
	const parts = [...lists];
	if (filter.text !== null)
		parts.push(sql`hits as materialized (${dealsFound(actor, filter.scope, filter.text, alive)})`);
	return parts.length === 0 ? sql`` : sql`with ${sql.join(parts, sql`, `)}`;
}
