import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { NotFound } from '#src/platform/errors.ts';
import type { By } from '#src/platform/events/record.ts';
import type { Language } from '#src/platform/i18n/translate.ts';
import type { Role } from './tables.ts';

/** The signed-in person. `scope`: whose records they see and edit: everybody's, or these owners'. */
export type Actor = {
	id: number;
	name: string;
	role: Role;
	language: Language;
	timeZone: string;
	scope: 'all' | readonly number[];
};

/** An actor doing something: by which way, and when. */
export type Acting = By & { actor: Actor };

/**
 * The one predicate of rights: own, team with sub-teams, all. Used by every list, board, total,
 * search, page and action; what it leaves out does not exist for the actor.
 */
export function visibleTo(actor: Actor, owner: SQLWrapper): SQL {
	if (actor.scope === 'all') return sql`true`;
	// One owner as an equality: only so does an index on (owner, stage, time) give the board's order.
	if (actor.scope.length === 1) return sql`${owner} = ${actor.scope[0]}`;
	return sql`${owner} = any(${sql.param(actor.scope)}::bigint[])`;
}

/** Whether the actor may give deals to other people. */
export function mayReassign(actor: Actor): boolean {
	return actor.role !== 'manager';
}

/** Whether a person is inside the actor's scope. */
export function inScope(actor: Actor, personId: number): boolean {
	return actor.scope === 'all' || actor.scope.includes(personId);
}

/**
 * Whose records an address asks for: `me`, a person's id, or by default all that the actor sees. Throws
 * NotFound for a person outside of that.
 */
export function scopeChosen(actor: Actor, owner: string): Actor['scope'] {
	if (owner === '' || owner === 'all') return actor.scope;
	if (owner === 'me') return [actor.id];
	const id = Number(owner);
	if (!/^\d{1,15}$/.test(owner) || !inScope(actor, id)) throw new NotFound('error.notFound');
	return [id];
}
