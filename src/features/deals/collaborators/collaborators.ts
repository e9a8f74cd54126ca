import { sql } from 'drizzle-orm';
import { holdColleague } from '#src/features/access/queries.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { checkVersion } from '#src/features/deals/conflicts.ts';
import { findDealToEdit } from '#src/features/deals/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';

/** Whom a deal takes in or lets go, and the version that the change starts from. */
export type Helper = { version: number; personId: number };

/**
 * Takes a colleague of any team to help with a deal: from now on they see it and work on it. Who helps
 * already stays, and nothing is written. Returns the deal's version. Throws NotFound, Conflict, InvalidForm
 * for somebody who is not there or owns the deal.
 */
export async function addCollaborator(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	{ version, personId }: Helper,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, dealId);
		await checkVersion(tx, deal, version);
		if (personId === deal.ownerId || !(await holdColleague(tx, personId)))
			throw new InvalidForm({ personId: { key: 'field.choice' } }, {});
		const { rows } = await tx.execute(sql`
			insert into deal_collaborators (deal_id, person_id) values (${dealId}, ${personId})
			on conflict do nothing returning person_id`);
		if (rows.length === 0) return version;
		await tx.execute(sql`update deals set version = version + 1 where id = ${dealId}`);
		const { clientId } = deal;
		await record(tx, acting, { type: 'deal.joined', dealId, clientId, data: { personId } });
		return version + 1;
	});
}

/**
 * Lets somebody go who helped with a deal. Who does not help is no mistake, and nothing is written.
 * Returns the deal's version. Throws NotFound, Conflict.
 */
export async function removeCollaborator(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	{ version, personId }: Helper,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, dealId);
		await checkVersion(tx, deal, version);
		const { rows } = await tx.execute(sql`
			delete from deal_collaborators where deal_id = ${dealId} and person_id = ${personId}
			returning person_id`);
		if (rows.length === 0) return version;
		await tx.execute(sql`update deals set version = version + 1 where id = ${dealId}`);
		const { clientId } = deal;
		await record(tx, acting, { type: 'deal.left', dealId, clientId, data: { personId } });
		return version + 1;
	});
}
