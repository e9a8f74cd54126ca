import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { findEditableContact } from '#src/features/clients/contacts/contacts.ts';
import { FOLLOWER_NAMES, type Follower } from '#src/features/clients/merge/merge.ts';
import {
	type ClientRecord,
	clientConflict,
	findClientToEdit,
} from '#src/features/clients/record.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';

/** How many records name a client. */
export type Uses = Record<Follower | 'merges', number>;

/** What would be left hanging without a client. */
export async function usesOf(db: Sql, clientId: number): Promise<Uses> {
	const counts = FOLLOWER_NAMES.map(
		(table) =>
			sql`(select count(*) from ${sql.identifier(table)} where client_id = ${clientId}) as ${sql.identifier(table)}`,
	);
	const { rows } = await db.execute<Uses>(sql`
		select ${sql.join(counts, sql`, `)}, (
			select count(*) from client_merges
			where undone_at is null and (survivor_id = ${clientId} or ${clientId} = any(merged_ids))
		) as merges`);
	return rows[0] as Uses;
}

/** Whether anything at all names it. */
export const isUsed = (uses: Uses) => Object.values(uses).some((count) => count > 0);

async function findInVersion(
	tx: Tx,
	acting: Acting,
	clientId: number,
	version: number,
): Promise<ClientRecord> {
	const client = await findClientToEdit(tx, acting.actor, clientId);
	if (client.version !== version) throw await clientConflict(tx, clientId, client.version);
	return client;
}

/**
 * Takes a client out of lists, search and suggestions, or brings it back; whatever names it keeps doing so.
 * Returns its name and version. Throws NotFound, Conflict for a stale version, RuleBroken for a merged client.
 */
export async function archiveClient(
	sqlOrTx: Sql,
	acting: Acting,
	clientId: number,
	version: number,
	archived: boolean,
): Promise<{ name: string; version: number }> {
	return await transact(sqlOrTx, async (tx) => {
		const { name, archivedAt } = await findInVersion(tx, acting, clientId, version);
		if ((archivedAt !== null) === archived) return { name, version };
		await tx.execute(sql`
			update clients set archived_at = ${archived ? momentOf(acting) : null}, version = version + 1
			where id = ${clientId}`);
		const type = archived ? 'client.archived' : 'client.restored';
		await record(tx, acting, { type, clientId, data: {} });
		return { name, version: version + 1 };
	});
}

/**
 * Removes a client for good, with its contacts, phones, addresses and tags. Returns its name. Throws NotFound,
 * Conflict for a stale version, RuleBroken with the counts for one that anything names.
 */
export async function removeClient(
	sqlOrTx: Sql,
	acting: Acting,
	clientId: number,
	version: number,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { name, inn } = await findInVersion(tx, acting, clientId, version);
		const uses = await usesOf(tx, clientId);
		if (isUsed(uses)) throw new RuleBroken(useKey(uses), uses);
		for (const table of ['contact_points', 'contacts', 'addresses', 'client_tags'])
			await tx.execute(sql`delete from ${sql.identifier(table)} where client_id = ${clientId}`);
		await tx.execute(sql`delete from clients where id = ${clientId}`);
		await record(tx, acting, { type: 'client.removed', clientId, data: { name, inn } });
		return name;
	});
}

function useKey({ deals, interactions }: Uses) {
	if (deals && interactions) return 'client.usedByBoth' as const;
	if (deals) return 'client.usedByDeals' as const;
	return interactions ? ('client.usedBySteps' as const) : ('client.usedByMerges' as const);
}

/**
 * Removes a contact for good, with its phones and mails. Returns whose it was and its name. Throws NotFound,
 * Conflict for a stale version, RuleBroken with the count for one that interactions name.
 */
export async function removeContact(
	sqlOrTx: Sql,
	acting: Acting,
	contactId: number,
	version: number,
): Promise<{ clientId: number; name: string }> {
	return await transact(sqlOrTx, async (tx) => {
		await tx.execute(sql`select from contacts where id = ${contactId} for update`);
		const { clientId, name, ...contact } = await findEditableContact(tx, acting.actor, contactId);
		if (contact.version !== version)
			throw await clientConflict(tx, clientId, contact.version, contactId);
		const interactions = await stepsOf(tx, contactId);
		if (interactions > 0) throw new RuleBroken('contact.used', { interactions });
		await tx.execute(sql`delete from contact_points where contact_id = ${contactId}`);
		await tx.execute(sql`delete from contacts where id = ${contactId}`);
		const data = { contactId, name };
		await record(tx, acting, { type: 'contact.removed', clientId, data });
		return { clientId, name };
	});
}

/** How many interactions name a contact. */
export async function stepsOf(db: Sql, contactId: number): Promise<number> {
	const { rows } = await db.execute<{ count: number }>(
		sql`select count(*) from interactions where contact_id = ${contactId}`,
	);
	return rows[0]?.count ?? 0;
}
