import { type SQL, sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/auth/rules.ts';
import { anywhere, textMatches } from '#src/features/clients/queries.ts';

const HIT = sql`h.id, h.stage_id, h.owner_id, h.source, h.currency, h.amount, h.next_planned_on, h.next_planned_at,
	h.closed_on, h.last_done_at, h.created_at`;

/**
 * A query of the deals that a text finds: by title, number, client, ИНН, phone or mail, among those of
 * `scope` of which `alive` (SQL on `h`) is true. Both are judged inside, or a manager's search for a
 * common word would first find everybody's deals of all times.
 */
export function dealsFound(actor: Actor, scope: Actor['scope'], typed: string, alive: SQL): SQL {
	const visible = sql`${visibleTo({ ...actor, scope }, sql`h.owner_id`)} and ${alive}`;
	const digits = typed.replace(/\D/g, '');
	// One owner's deals are few: reading them beats the index of everybody's words.
	const one = scope !== 'all' && scope.length === 1;
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
	if (/[\p{L}\p{N}]{3}/u.test(typed) && typed.includes('@'))
		return sql`union select client_id from contact_points where search_key like ${anywhere(typed)}`;
	if (digits.length < 4 || /\p{L}/u.test(typed)) return sql``;
	return sql`union select client_id from contact_points where search_key like ${anywhere(digits.slice(-10))}`;
}
