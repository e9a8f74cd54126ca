import { eq, sql } from 'drizzle-orm';
import { type Acting, demand } from '#src/features/access/rights.ts';
import { type Requisites, requisiteWarnings } from '#src/features/company/requisites.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { holdNameFree } from '#src/platform/db/names.ts';
import { lastPlace, reordered, writeOrder } from '#src/platform/db/order.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import type { Place } from '#src/platform/forms/place.ts';
import { changesBetween } from '#src/platform/history/changes.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';
import {
	findOrganization,
	listOrganizations,
	lockOrganizations,
	type Organization,
	type OrganizationFacts,
} from './queries.ts';
import { organizations } from './tables.ts';

const ORGANIZATIONS = sql`organizations`;
const FACTS = [
	...([
		'name',
		'inn',
		'kpp',
		'ogrn',
		'bankName',
		'bic',
		'account',
		'correspondentAccount',
	] as const),
];

// Of a client the same is a warning; on our own paper a wrong digit is somebody's money.
function checkRequisites(facts: OrganizationFacts): void {
	const legalKind = facts.inn?.length === 12 ? 'sole_proprietor' : 'company';
	const wrong = requisiteWarnings({ ...facts, legalKind } satisfies Requisites);
	if (Object.keys(wrong).length > 0) throw new InvalidForm(wrong, {});
}

/**
 * Adds an organization behind the others. Returns its id. Throws Forbidden, InvalidForm for a name that is
 * taken and for requisites that cannot be right.
 */
export async function addOrganization(
	sqlOrTx: Sql,
	acting: Acting,
	facts: OrganizationFacts,
): Promise<number> {
	demand(acting, 'catalogs');
	checkRequisites(facts);
	return await transact(sqlOrTx, async (tx) => {
		await holdNameFree(tx, ORGANIZATIONS, facts.name);
		const [made] = await tx
			.insert(organizations)
			.values({ ...facts, position: lastPlace(organizations) })
			.returning({ id: organizations.id });
		const organizationId = made?.id as number;
		const { name } = facts;
		await record(tx, acting, { type: 'organization.added', data: { organizationId, name } });
		return organizationId;
	});
}

async function findOrganizationToEdit(
	tx: Tx,
	acting: Acting,
	organizationId: number,
	version: number,
): Promise<Organization> {
	demand(acting, 'catalogs');
	await lockOrganizations(tx);
	const organization = await findOrganization(tx, organizationId);
	if (organization.version !== version) throw await conflictOn(tx, 'organization', organization);
	return organization;
}

async function change(
	tx: Tx,
	organizationId: number,
	edit: OrganizationFacts | Pick<Organization, 'active'>,
): Promise<void> {
	await tx
		.update(organizations)
		.set({ ...edit, version: nextVersion(organizations.version) })
		.where(eq(organizations.id, organizationId));
}

/** Changes an organization. Returns the version. Throws Forbidden, NotFound, Conflict, InvalidForm. */
export async function editOrganization(
	sqlOrTx: Sql,
	acting: Acting,
	organizationId: number,
	version: number,
	edit: OrganizationFacts,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findOrganizationToEdit(tx, acting, organizationId, version);
		checkRequisites(edit);
		await holdNameFree(tx, ORGANIZATIONS, edit.name, organizationId);
		const changes = changesBetween(found, edit, FACTS);
		if (changes === null) return version;
		await change(tx, organizationId, edit);
		await record(tx, acting, { type: 'organization.edited', data: { organizationId, changes } });
		return version + 1;
	});
}

/** Moves an organization within the order. Returns its name. Throws Forbidden, NotFound, Conflict. */
export async function moveOrganization(
	sqlOrTx: Sql,
	acting: Acting,
	organizationId: number,
	version: number,
	where: Place,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { name } = await findOrganizationToEdit(tx, acting, organizationId, version);
		const ids = (await listOrganizations(tx)).map(({ id }) => id);
		const moved = reordered(ids, organizationId, where);
		if (moved === null) return name;
		await writeOrder(tx, ORGANIZATIONS, moved.order, organizationId);
		const changes = { position: moved.places };
		await record(tx, acting, { type: 'organization.edited', data: { organizationId, changes } });
		return name;
	});
}

/** Puts an organization out of use, or back. Returns its name. Throws Forbidden, NotFound, Conflict. */
export async function useOrganization(
	sqlOrTx: Sql,
	acting: Acting,
	organizationId: number,
	version: number,
	active: boolean,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findOrganizationToEdit(tx, acting, organizationId, version);
		const changes = changesBetween(found, { active }, ['active']);
		if (changes === null) return found.name;
		await change(tx, organizationId, { active });
		await record(tx, acting, { type: 'organization.edited', data: { organizationId, changes } });
		return found.name;
	});
}

/** Takes an organization away. Returns what it was called. Throws Forbidden, NotFound, Conflict. */
export async function removeOrganization(
	sqlOrTx: Sql,
	acting: Acting,
	organizationId: number,
	version: number,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { name } = await findOrganizationToEdit(tx, acting, organizationId, version);
		await tx.delete(organizations).where(eq(organizations.id, organizationId));
		await record(tx, acting, { type: 'organization.removed', data: { organizationId, name } });
		return name;
	});
}
