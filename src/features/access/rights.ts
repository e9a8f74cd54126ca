import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { Forbidden, NotFound } from '#src/platform/errors.ts';
import type { By } from '#src/platform/history/record.ts';
import type { Language } from '#src/platform/i18n/translate.ts';
import type { BOARD_VIEWS, DENSITIES, Permission, Scope, THEMES } from './tables.ts';

/** Whose records: everybody's, or those of these owners. */
export type Owners = 'all' | readonly number[];

/** What a person has decided of their pages; `filters`: the saved query that they begin with on a screen. */
export type Own = {
	theme: (typeof THEMES)[number];
	density: (typeof DENSITIES)[number];
	shortcuts: boolean;
	boardView: (typeof BOARD_VIEWS)[number];
	filters: Partial<Record<string, string>>;
};

/**
 * The signed-in person. `scope`: whose records they see; `editScope`: whose they change, never more. What
 * they help with comes on top of both (deals/visibility.ts).
 */
export type Actor = {
	id: number;
	name: string;
	/** The code of their role, and its name where it is the company's own. */
	role: string;
	roleName: string | null;
	permissions: readonly Permission[];
	language: Language;
	timeZone: string;
	/** How pages look to them, and what they begin with. */
	own: Own;
	/** How far they see and how far they change, in words of a role. */
	sees: Scope;
	edits: Scope;
	scope: Owners;
	editScope: Owners;
	/** Whether nobody outside their scope has deals: for totals alone, of no right (deals/visibility.ts). */
	everyDeal: boolean;
};

/** Whether the actor's role lets them do this. */
export function can(actor: Actor, permission: Permission): boolean {
	return actor.permissions.includes(permission);
}

/** Holds that the actor's role lets them do this. Throws Forbidden. */
export function demand({ actor }: { actor: Actor }, permission: Permission): void {
	if (!can(actor, permission)) throw new Forbidden('error.forbidden');
}

/** Whether there is anything that the actor sees and may not change. */
export function seesMore({ sees, edits }: Actor): boolean {
	return sees !== edits;
}

/** The actor with the scope that they edit in: for the predicates of seeing, asked for a change. */
export function asEditor(actor: Actor): Actor {
	return { ...actor, scope: actor.editScope };
}

/**
 * Whether an actor may change what a predicate of seeing tells of, as SQL: the same predicate, asked with the
 * scope that they edit in. The one source of what is refused and of what a page offers.
 */
export function editable(actor: Actor, visible: (actor: Actor) => SQL): SQL {
	return seesMore(actor) ? visible(asEditor(actor)) : sql`true`;
}

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

/** Whether the actor sees a person's records. */
export function inScope(actor: Actor, personId: number): boolean {
	return actor.scope === 'all' || actor.scope.includes(personId);
}

/** Whether the actor may erase somebody's data: who sets up people and has everybody's records. */
export function mayErase(actor: Actor): boolean {
	return can(actor, 'people') && actor.sees === 'all' && actor.edits === 'all';
}

/** Whether the actor may change a person's records, and give records to them. */
export function mayEditOf(actor: Actor, personId: number): boolean {
	return actor.editScope === 'all' || actor.editScope.includes(personId);
}

/**
 * Whether the actor may give a person's deals away: theirs, or of those whose records they change. To whom:
 * `deals.reassign` within that circle, `deals.give` to any colleague.
 */
export function mayGiveOf(actor: Actor, ownerId: number): boolean {
	return (can(actor, 'deals.give') || can(actor, 'deals.reassign')) && mayEditOf(actor, ownerId);
}

/** Whether the actor may give deals to this person. */
export function mayGiveTo(actor: Actor, personId: number): boolean {
	return can(actor, 'deals.give') || (can(actor, 'deals.reassign') && mayEditOf(actor, personId));
}

/**
 * Whose records an address asks for: `me`, a person's id, or by default all that the actor sees. Throws
 * NotFound for a person outside of that.
 */
export function scopeChosen(actor: Actor, owner: string): Owners {
	if (owner === '' || owner === 'all') return actor.scope;
	if (owner === 'me') return [actor.id];
	const id = Number(owner);
	if (!/^\d{1,15}$/.test(owner) || !inScope(actor, id)) throw new NotFound('error.notFound');
	return [id];
}
