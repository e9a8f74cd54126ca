import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '#src/features/auth/rules.ts';
import { visibleTo } from '#src/features/auth/rules.ts';
import { searchable } from '#src/features/clients/queries.ts';
import type { Stage } from '#src/features/deals/queries.ts';
import { idleBefore } from '#src/features/deals/rules.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import type { Filter } from './forms.ts';

const SHORTEST_SUBSTRING = 3;

/** Where the board's deals are read from, as `d`: the table, or what the text of the filter finds. */
export function source(filter: Filter): SQL {
	return filter.text === null ? sql`deals d` : sql`hits d`;
}

/** Отбор as SQL on `d`, a line per criterion; the period is judged where plans are read. */
export function criteria(actor: Actor, filter: Filter, viewer: Viewer): SQL {
	return sql.join(
		[
			visibleTo({ ...actor, scope: filter.scope }, sql`d.owner_id`),
			filter.idle ? idleSql(viewer) : sql`true`,
		],
		sql` and `,
	);
}

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
		parts.push(sql`hits as materialized (${hitsSql(actor, filter, filter.text, alive)})`);
	return parts.length === 0 ? sql`` : sql`with ${sql.join(parts, sql`, `)}`;
}

/**
 * Nothing finished since the state's limit, and nothing planned ahead: an overdue plan is not ahead.
 * Not an EXISTS, which Postgres may answer by reading everything that is planned in the company.
 */
export function idleSql(viewer: Viewer): SQL {
	return sql`(coalesce(d.last_done_at, d.created_at) < l.idle_before and (
		select true from interactions ahead where ahead.deal_id = d.id and ahead.status = 'planned'
			and coalesce(ahead.planned_at, (ahead.planned_on + 1)::timestamp at time zone ${viewer.timeZone}) >= ${viewer.now}
		limit 1
	) is null)`;
}

const HIT = sql`h.id, h.stage_id, h.owner_id, h.currency, h.amount, h.next_planned_on, h.next_planned_at,
	h.closed_on, h.last_done_at, h.created_at`;

// Title, number, client, ИНН, phone, mail. Owners and `alive` are judged inside, or a manager's
// search for a common word would first find everybody's deals of all times.
function hitsSql(actor: Actor, filter: Filter, typed: string, alive: SQL): SQL {
	const visible = sql`${visibleTo({ ...actor, scope: filter.scope }, sql`h.owner_id`)} and ${alive}`;
	const digits = typed.replace(/\D/g, '');
	// One owner's deals are few: reading them beats the index of everybody's words.
	const one = filter.scope !== 'all' && filter.scope.length === 1;
	const title = one ? sql`(h.title_search || '')` : sql`h.title_search`;
	return sql`select ${HIT} from deals h where ${textMatches(title, typed)} and ${visible}
		union select ${HIT} from deals h where h.client_id in (
			select c.id from clients c where ${textMatches(sql`c.name_search`, typed)}
			${digits.length >= 4 ? sql`union select c.id from clients c where c.inn = ${digits}` : sql``}
			${pointsSql(typed, digits)}
		) and ${visible}
		${/^№?\s*\d{1,15}$/.test(typed) ? sql`union select ${HIT} from deals h where h.id = ${Number(digits)} and ${visible}` : sql``}`;
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
