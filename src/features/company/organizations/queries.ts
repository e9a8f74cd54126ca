import { type SQL, sql } from 'drizzle-orm';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';

/** What stands on paper of an organization. */
export type OrganizationFacts = { name: string } & Record<
	'inn' | 'kpp' | 'ogrn' | 'bankName' | 'bic' | 'account' | 'correspondentAccount',
	string | null
>;

/** One of the company's own organizations, as an administrator sees it. */
export type Organization = OrganizationFacts & { id: number; active: boolean; version: number };

async function read(db: Sql, which: SQL): Promise<Organization[]> {
	const { rows } = await db.execute<Organization>(sql`
		select id, name, inn, kpp, ogrn, bank_name as "bankName", bic, account,
			correspondent_account as "correspondentAccount", active, version
		from organizations where ${which} order by position, id`);
	return rows;
}

/** All of them in their order, those out of use too. */
export async function listOrganizations(db: Sql): Promise<Organization[]> {
	return await read(db, sql`true`);
}

/** One of them. Throws NotFound. */
export async function findOrganization(db: Sql, organizationId: number): Promise<Organization> {
	const [organization] = await read(db, sql`id = ${organizationId}`);
	if (organization === undefined) throw new NotFound('error.notFound');
	return organization;
}

/** Locks all of them: their order is everybody's. */
export async function lockOrganizations(tx: Tx): Promise<void> {
	await tx.execute(sql`select from organizations order by id for update`);
}

/** The one that documents take by themselves: the first in use. */
export function usualOf(organizations: readonly Organization[]): Organization | null {
	return organizations.find(({ active }) => active) ?? null;
}
