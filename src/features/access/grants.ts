import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';
import { NotGranted, RuleBroken } from '#src/platform/errors.ts';
import { type Actor, can } from './rights.ts';
import type { Permission, Scope } from './tables.ts';

/*
 * Nobody grants more than they hold: by a role, a person, a group of the directory, a link, a file, to others or to
 * themselves. A team is not the same for everybody, so only who sees everybody gives a role of a team.
 */

/** What a role gives. */
export type Rights = { viewScope: Scope; editScope: Scope; permissions: readonly Permission[] };

const reaches = (given: Scope, held: Scope): boolean => given === 'own' || held === 'all';

/** Whether an actor has all of this themselves. */
export function holds(actor: Actor, { viewScope, editScope, permissions }: Rights): boolean {
	return (
		reaches(viewScope, actor.sees) &&
		reaches(editScope, actor.edits) &&
		permissions.every((one) => can(actor, one))
	);
}

/** Holds that an actor has all of this themselves. Throws NotGranted. */
export function demandHeld(actor: Actor, rights: Rights): void {
	if (!holds(actor, rights)) throw new NotGranted('grant.more');
}

/** Holds that an actor sees and changes everybody's records: whoever moves teams changes whose heads see. Throws NotGranted. */
export function demandEverybodys({ sees, edits }: Actor): void {
	if (sees !== 'all' || edits !== 'all') throw new NotGranted('grant.teams');
}

/** Holds that an actor has all that these roles give. A role that there is not is another rule's. Throws NotGranted. */
export async function demandRoles(
	tx: Sql,
	actor: Actor,
	codes: readonly (string | null)[],
): Promise<void> {
	for (const rights of (await rightsOf(tx, codes)).values()) demandHeld(actor, rights);
}

/** What each of these roles gives. */
export async function rightsOf(
	tx: Sql,
	codes: readonly (string | null)[],
): Promise<Map<string, Rights>> {
	const { rows } = await tx.execute<Rights & { code: string }>(sql`
		select code, view_scope as "viewScope", edit_scope as "editScope", permissions from roles
		where code = any(${sql.param(codes.filter((code) => code !== null))}::text[])`);
	return new Map(rows.map(({ code, ...rights }) => [code, rights]));
}

/** What those who set up people have between them, and so could give. */
export async function givable(tx: Sql): Promise<Set<string>> {
	const { rows } = await tx.execute<{ held: string }>(sql`
		select distinct unnest(r.permissions || array['view:' || r.view_scope, 'edit:' || r.edit_scope]) as held
		from people p join roles r on r.code = p.role where p.active and 'people' = any(r.permissions)`);
	return new Set(rows.map(({ held }) => held));
}

/**
 * Holds that what could be given before still can: with the last administrator, or the last who has a right,
 * it would be gone for good. Throws RuleBroken.
 */
export async function keepGivable(tx: Sql, before: Set<string>): Promise<void> {
	const after = await givable(tx);
	const lost = [...before].filter((one) => !after.has(one));
	if (lost.includes('people')) throw new RuleBroken('person.lastAdministrator');
	const smaller = ['view:own', 'view:team', 'edit:own', 'edit:team'];
	if (lost.some((one) => !smaller.includes(one))) throw new RuleBroken('person.lastHolder');
}
