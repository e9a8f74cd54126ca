import { sql } from 'drizzle-orm';
import { holdOwner } from '#src/features/access/queries.ts';
import { type Acting, mayGiveOf, mayGiveTo } from '#src/features/access/rights.ts';
import { checkVersion } from '#src/features/deals/conflicts.ts';
import { refreshNextStep } from '#src/features/deals/next-step.ts';
import { type DealView, findDeal, findDealToEdit } from '#src/features/deals/queries.ts';
import { notifyReassigned } from '#src/features/mail/notices.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Forbidden } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';

/**
 * Gives a deal with its planned interactions to another person, with a word to the new owner if there is
 * one; `only`: of the interactions just these. The giver may not see it any more afterwards. Throws NotFound,
 * Conflict, Forbidden where the actor may not give this deal away (who only helps with it), or not to this person.
 */
export async function reassignDeal(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	version: number,
	ownerId: number,
	note: string | null = null,
	only: number[] | null = null,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, dealId);
		const { actor } = acting;
		if (!mayGiveOf(actor, deal.ownerId) || !mayGiveTo(actor, ownerId))
			throw new Forbidden('error.forbidden');
		await checkVersion(tx, deal, version);
		if (deal.ownerId === ownerId) return deal.version;
		await holdOwner(tx, ownerId);
		await tx.execute(sql`
			update deals set owner_id = ${ownerId}, version = version + 1 where id = ${dealId}`);
		const moved = await tx.execute<{ id: number }>(sql`
			update interactions set owner_id = ${ownerId}, version = version + 1
			where deal_id = ${dealId} and owner_id = ${deal.ownerId} and status = 'planned'
				and (${only === null} or id = any(${sql.param(only ?? [])}::bigint[])) returning id`);
		const { rowCount } = await tx.execute(sql`
			delete from deal_collaborators where deal_id = ${dealId} and person_id = ${ownerId}`);
		const along = {
			...(moved.rows.length > 0 && { steps: moved.rows.map(({ id }) => id) }),
			...(rowCount === 1 && { helped: true }),
		};
		// A day ends in its owner's zone, so another owner may have another nearest step.
		await refreshNextStep(tx, dealId);
		await record(tx, acting, {
			type: 'deal.reassigned',
			dealId,
			clientId: deal.clientId,
			data: { from: deal.ownerId, to: ownerId, ...along, ...(note === null ? {} : { note }) },
		});
		return version + 1;
	});
}

/**
 * The same for one deal, and the new owner is told of it by mail. Many at once are one letter: see bulk.ts.
 * Returns the version, and the deal as it was. Throws like reassignDeal.
 */
export async function handOverDeal(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	version: number,
	ownerId: number,
	note: string | null = null,
): Promise<{ version: number; deal: DealView }> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDeal(tx, acting.actor, dealId);
		const given = await reassignDeal(tx, acting, dealId, version, ownerId, note);
		if (given !== version) await notifyReassigned(tx, acting, { ownerId, note, deals: [deal] });
		return { version: given, deal };
	});
}
