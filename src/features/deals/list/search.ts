import { type SQL, sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/access/rights.ts';
import { clientsFound } from '#src/features/clients/search/search.ts';
import { textMatches } from '#src/platform/db/text-search.ts';

const HIT = sql`h.id, h.pipeline_id, h.stage_id, h.owner_id, h.source, h.currency, h.amount, h.next_planned_on,
	h.next_planned_at, h.closed_on, h.archived_at, h.merged_into, h.last_done_at, h.created_at`;

const MINE_CLIENTS = sql`select distinct client_id as id from mine where client_id is not null`;

/**
 * A query of the deals that a text finds: by title, by number, by client as clients/search.ts finds it, among
 * those of `scope` of which `alive` (SQL on `h`) is true. Both are judged inside, or a manager's search for a
 * common word would first find everybody's deals of all times. Clients with letters wrong count only where
 * neither a client nor a title, alive or not, says what was typed.
 */
export function dealsFound(actor: Actor, scope: Actor['scope'], typed: string, alive: SQL): SQL {
	const seeing = { ...actor, scope };
	const own = visibleTo(seeing, sql`h.owner_id`);
	const visible = sql`${own} and ${alive}`;
	// One owner's deals are few: reading them, and their clients, beats the index of everybody's words.
	const one = scope !== 'all' && scope.length === 1;
	// Said once more in the words of the index that holds both owners and titles.
	const among =
		scope === 'all' || one ? sql`` : sql`and array[h.owner_id] && ${sql.param(scope)}::bigint[]`;
	const titled = sql`${textMatches(one ? sql`(h.title_search || '')` : sql`h.title_search`, typed)} ${among}`;
	const number = /^№?\s*(\d{1,15})$/.exec(typed)?.[1];
	const clients = one ? MINE_CLIENTS : undefined;
	const from = one ? sql`mine h where true` : sql`deals h where ${visible}`;
	return sql`with ${one ? sql`mine as materialized (select h.* from deals h where ${visible}),` : sql``}
		clients_exact as materialized (${clientsFound(seeing, typed, 'exact', false, clients)}),
		clients_alike as materialized (
			select client_id from (${clientsFound(seeing, typed, 'alike', false, clients)}) alike
			where not exists (select from clients_exact)
				${one ? sql`and not exists (select from mine h where ${titled})` : sql``}
				and not exists (select from deals h where ${titled} and ${own})
				${one ? sql`and not exists (${clientsFound(seeing, typed, 'exact')})` : sql``}
		)
		select ${HIT} from ${from} and ${titled}
		union select ${HIT} from ${from} and h.client_id in (
			select client_id from clients_exact union all select client_id from clients_alike
		)
		${number ? sql`union select ${HIT} from ${from} and h.id = ${Number(number)}` : sql``}`;
}
