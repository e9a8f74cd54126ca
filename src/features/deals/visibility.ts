import { type SQL, sql } from 'drizzle-orm';
import { type Actor, type Owners, visibleTo } from '#src/features/access/rights.ts';

/**
 * A deal that an actor sees, and so may work on: of an owner in their scope, or one that they help with.
 * `deal`: the alias of deals in the query. For one deal, or for few that are found by another condition:
 * the board and its totals stay by owner (visibleTo), whose indexes give their order.
 */
export function dealVisibleTo(actor: Actor, deal: SQL = sql`d`): SQL {
	if (actor.scope === 'all') return sql`true`;
	return sql`(${visibleTo(actor, sql`${deal}.owner_id`)} or ${helpedBy(actor, deal)})`;
}

/** A deal that an actor helps with, whoever owns it. */
export function helpedBy(actor: Actor, deal: SQL = sql`d`): SQL {
	return sql`exists (select from deal_collaborators helping
		where helping.deal_id = ${deal}.id and helping.person_id = ${actor.id})`;
}

/**
 * Whether the deals of a scope are all deals that there are, so that the company's totals are its totals. Asked when
 * totals are counted and a list is put in order, and of no right: who may see what is visibleTo's alone.
 */
export function holdsEveryDeal(actor: Actor, scope: Owners): boolean {
	if (scope === 'all') return true;
	return actor.everyDeal && actor.scope !== 'all' && scope.length === actor.scope.length;
}
