import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '#src/features/auth/rules.ts';
import { visibleTo } from '#src/features/auth/rules.ts';
import { searchable } from '#src/features/clients/queries.ts';
import type { Stage } from '#src/features/deals/queries.ts';
import { idleBefore } from '#src/features/deals/rules.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import type { Filter } from './forms.ts';

const SHORTEST_SUBSTRING = 3;

/** Отбор as SQL on `d`, a line per criterion; the period is judged where plans are read. */
export function criteria(actor: Actor, filter: Filter, viewer: Viewer): SQL {
	return sql.join(
		[
			visibleTo({ ...actor, scope: filter.scope }, sql`d.owner_id`),
			filter.text === null ? sql`true` : sql`d.id in (select id from hits)`,
			filter.idle ? idleSql(viewer) : sql`true`,
		],
		sql` and `,
	);
}

/**
 * What precedes a query of the board: `stage_list` with the moment before which a deal of each state
 * counts as idle, and `hits`, the deals that the text of the filter finds.
 */
export function preamble(actor: Actor, filter: Filter, stages: Stage[], viewer: Viewer): SQL {
	const ids = stages.map((stage) => stage.id);
	const idle = stages.map((stage) => idleBefore(stage.idleDays, viewer)?.toISOString() ?? null);
	return sql`with stage_list(stage_id, idle_before) as (
			select * from unnest(${sql.param(ids)}::bigint[], ${sql.param(idle)}::timestamptz[])
		)${filter.text === null ? sql`` : sql`, hits as materialized (${hitsSql(actor, filter, filter.text)})`}`;
}

/** Nothing finished since the state's limit, and nothing planned ahead: an overdue plan is not ahead. */
export function idleSql(viewer: Viewer): SQL {
	return sql`(coalesce(d.last_done_at, d.created_at) < l.idle_before and not exists (
		select from interactions ahead where ahead.deal_id = d.id and ahead.status = 'planned'
			and coalesce(ahead.planned_at, (ahead.planned_on + 1)::timestamp at time zone ${viewer.timeZone}) >= ${viewer.now}
	))`;
}

// Title, number, client, ИНН, phone, mail. Owners are judged inside, or a manager's search would
// first find everybody's deals.
function hitsSql(actor: Actor, filter: Filter, typed: string): SQL {
	const visible = visibleTo({ ...actor, scope: filter.scope }, sql`h.owner_id`);
	const digits = typed.replace(/\D/g, '');
	return sql`select h.id from deals h where ${textMatches(sql`h.title_search`, typed)} and ${visible}
		union select h.id from deals h where h.client_id in (
			select c.id from clients c where ${textMatches(sql`c.name_search`, typed)}
			${digits.length >= 4 ? sql`union select c.id from clients c where c.inn = ${digits}` : sql``}
			${pointsSql(typed, digits)}
		) and ${visible}
		${/^№?\s*\d{1,15}$/.test(typed) ? sql`union select h.id from deals h where h.id = ${Number(digits)} and ${visible}` : sql``}`;
}

function pointsSql(typed: string, digits: string): SQL {
	if (typed.includes('@'))
		return sql`union select client_id from contact_points where search_key like ${like(typed)}`;
	if (digits.length < 4 || /\p{L}/u.test(typed)) return sql``;
	return sql`union select client_id from contact_points where search_key like ${like(digits.slice(-10))}`;
}

const like = (typed: string) => `%${searchable(typed).replace(/[\\%_]/g, '\\$&')}%`;

// A trigram index cannot look inside words for one or two letters, but it can at their beginning.
function textMatches(column: SQL, typed: string): SQL {
	const wanted = searchable(typed);
	if ([...wanted].length >= SHORTEST_SUBSTRING) return sql`${column} like ${like(typed)}`;
	const escaped = wanted.replace(/[^\p{L}\p{N} ]/gu, '\\$&');
	return sql`${column} ~ ${`\\m${escaped}`}`;
}
