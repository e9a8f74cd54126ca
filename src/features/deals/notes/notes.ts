import type { Acting } from '#src/features/access/rights.ts';
import { findDealToEdit } from '#src/features/deals/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { record } from '#src/platform/history/record.ts';

/**
 * Adds a note to a deal's history. History is never rewritten: what was wrong is said in another note.
 * Takes no version, for it overwrites nothing. Throws NotFound.
 */
export async function noteDeal(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	text: string,
): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		const { clientId } = await findDealToEdit(tx, acting.actor, dealId);
		await record(tx, acting, { type: 'deal.noted', dealId, clientId, data: { text } });
	});
}
