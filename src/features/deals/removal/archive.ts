import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { checkVersion } from '#src/features/deals/conflicts.ts';
import { settleSteps } from '#src/features/deals/moves/settlement.ts';
import { findDealToEdit } from '#src/features/deals/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';

/** A deal that went into the archive or came back; `same`: it stood there already. */
export type Archived = { title: string; stageId: number; version: number; same: boolean };

/**
 * Takes a deal out of boards, lists and sums, or brings it back as it was. What is planned on it is cancelled, and what
 * nobody has touched since comes back with it. Throws NotFound, Forbidden, Conflict for a stale version.
 */
export async function archiveDeal(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	version: number,
	archived: boolean,
): Promise<Archived> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, dealId, 'allowed');
		await checkVersion(tx, deal, version);
		const { title, stageId, clientId, archivedAt } = deal;
		if ((archivedAt !== null) === archived) return { title, stageId, version, same: true };
		await tx.execute(sql`
			update deals set archived_at = ${archived ? momentOf(acting) : null}, version = version + 1
			where id = ${dealId}`);
		const [from, to] = archived ? (['open', 'archive'] as const) : (['archive', 'open'] as const);
		const settled = await settleSteps(tx, [{ dealId, from, to, steps: 'cancel' }]);
		const type = archived ? 'deal.archived' : 'deal.restored';
		await record(tx, acting, { type, dealId, clientId, data: settled.get(dealId) ?? {} });
		return { title, stageId, version: version + 1, same: false };
	});
}
