import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/auth/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { NotFound } from '#src/platform/errors.ts';
import { reassignDeal } from './actions.ts';

type Given = { from: number; to: number; steps?: number[]; helped?: boolean };

/**
 * Takes the last reassignment of a deal back: it goes to whoever had it, with the interactions that went along and no
 * others, and who helped with it before helps again. Nobody is written to. Throws like reassignDeal, and NotFound where the
 * deal was never given away.
 */
export async function giveDealBack(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	version: number,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const { rows } = await tx.execute<{ data: Given }>(sql`
			select data from events where deal_id = ${dealId} and type = 'deal.reassigned'
			order by at desc, id desc limit 1`);
		const given = rows[0]?.data;
		if (given === undefined) throw new NotFound('error.notFound');
		const { from, to, steps = [], helped = false } = given;
		const now = await reassignDeal(tx, acting, dealId, version, from, null, steps);
		if (helped)
			await tx.execute(sql`
				insert into deal_collaborators (deal_id, person_id) values (${dealId}, ${to})
				on conflict do nothing`);
		return now;
	});
}
