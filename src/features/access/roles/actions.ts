import { eq, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { demandHeld, givable, keepGivable } from '#src/features/access/grants.ts';
import { peopleOnly } from '#src/features/access/people/actions.ts';
import { findRole, listRoles, type RoleRecord } from '#src/features/access/people/queries.ts';
import { isBuiltIn } from '#src/features/access/people/words.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { PERMISSIONS, roles, SCOPES, type Scope } from '#src/features/access/tables.ts';
import { notifyRights } from '#src/features/mail/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { lastPlace } from '#src/platform/db/order.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';

/** A role as an administrator sets it up. */
export type RoleEdit = Pick<RoleRecord, 'name' | 'viewScope' | 'editScope' | 'permissions'>;

/** Locks all roles: whether somebody is left who sets up people is everybody's. */
export async function lockRoles(tx: Tx): Promise<void> {
	await tx.execute(sql`select from roles order by id for update`);
}

async function findRoleToEdit(tx: Tx, roleId: number, version: number): Promise<RoleRecord> {
	await lockRoles(tx);
	const role = await findRole(tx, roleId);
	if (role.version !== version) throw await conflictOn(tx, 'role', role);
	return role;
}

async function checkRole(tx: Tx, self: RoleRecord | null, role: RoleEdit): Promise<void> {
	if (role.name === null && !(self && isBuiltIn(self.code)))
		throw new InvalidForm({ name: { key: 'field.required' } }, {});
	if (SCOPES.indexOf(role.editScope) > SCOPES.indexOf(role.viewScope))
		throw new InvalidForm({ editScope: { key: 'role.editsMore' } }, {});
	const same = (name: string | null) => name?.toLocaleLowerCase('ru');
	const others = (await listRoles(tx)).filter(({ id }) => id !== self?.id);
	if (role.name !== null && others.some(({ name }) => same(name) === same(role.name)))
		throw new InvalidForm({ name: { key: 'field.taken' } }, {});
}

/** Adds a role at the end of the order. Returns its id. Throws Forbidden, NotGranted, InvalidForm. */
export async function addRole(sqlOrTx: Sql, acting: Acting, role: RoleEdit): Promise<number> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		await lockRoles(tx);
		await checkRole(tx, null, role);
		demandHeld(acting.actor, role);
		const { name, viewScope, editScope, permissions } = role;
		const [made] = await tx
			.insert(roles)
			.values({ name, viewScope, editScope, permissions, position: lastPlace(roles) })
			.returning({ id: roles.id });
		const roleId = made?.id as number;
		await record(tx, acting, { type: 'role.added', data: { roleId, name: role.name ?? '' } });
		await notifyRights(tx, acting, { what: 'roleAdded', role: role.name ?? '' });
		return roleId;
	});
}

/**
 * Changes a role: who has it may do otherwise from the next request on. Returns the version. Throws Forbidden,
 * NotFound, Conflict, InvalidForm, NotGranted, RuleBroken where nobody would be left to give what can be given now.
 */
export async function editRole(
	sqlOrTx: Sql,
	acting: Acting,
	roleId: number,
	version: number,
	edit: RoleEdit,
): Promise<number> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		const found = await findRoleToEdit(tx, roleId, version);
		await checkRole(tx, found, edit);
		const changes = changesOf(found, edit);
		if (Object.keys(changes).length === 0) return version;
		demandHeld(acting.actor, addedTo(found, edit));
		const before = await givable(tx);
		const { name, viewScope, editScope, permissions } = edit;
		await tx
			.update(roles)
			.set({ name, viewScope, editScope, permissions, version: nextVersion(roles.version) })
			.where(eq(roles.id, roleId));
		await keepGivable(tx, before);
		await record(tx, acting, { type: 'role.edited', data: { roleId, changes } });
		const role = edit.name ?? found.code;
		await notifyRights(tx, acting, { what: 'roleEdited', role });
		return version + 1;
	});
}

// What a role has already, somebody else has given.
function addedTo(found: RoleRecord, edit: RoleEdit): RoleEdit {
	const wider = (was: Scope, is: Scope) => (SCOPES.indexOf(is) > SCOPES.indexOf(was) ? is : 'own');
	return {
		name: edit.name,
		viewScope: wider(found.viewScope, edit.viewScope),
		editScope: wider(found.editScope, edit.editScope),
		permissions: edit.permissions.filter((one) => !found.permissions.includes(one)),
	};
}

function changesOf(found: RoleRecord, edit: RoleEdit): Record<string, FieldChange> {
	const changes: Record<string, FieldChange> = {};
	for (const field of ['name', 'viewScope', 'editScope'] as const)
		if (found[field] !== edit[field]) changes[field] = [found[field], edit[field]];
	const told = ({ permissions }: Pick<RoleEdit, 'permissions'>) =>
		PERMISSIONS.filter((one) => permissions.includes(one)).join(', ') || null;
	if (told(found) !== told(edit)) changes.permissions = [told(found), told(edit)];
	return changes;
}

/**
 * Removes a role of the company's own that nobody has. Returns its name. Throws Forbidden, NotFound, Conflict,
 * RuleBroken for a built-in one and for one in use, with the count.
 */
export async function removeRole(
	sqlOrTx: Sql,
	acting: Acting,
	roleId: number,
	version: number,
): Promise<string> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		const { code, name, people } = await findRoleToEdit(tx, roleId, version);
		if (isBuiltIn(code)) throw new RuleBroken('role.builtIn');
		const { rows } = await tx.execute(sql`select from group_mappings where role = ${code} limit 1`);
		if (people > 0) throw new RuleBroken('role.inUse', { name: name ?? '', n: people });
		if (rows.length > 0) throw new RuleBroken('role.mapped', { name: name ?? '' });
		await tx.delete(roles).where(eq(roles.id, roleId));
		await record(tx, acting, { type: 'role.removed', data: { roleId, name: name ?? '' } });
		await notifyRights(tx, acting, { what: 'roleRemoved', role: name ?? code });
		return name ?? '';
	});
}
