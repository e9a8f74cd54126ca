import { sql } from 'drizzle-orm';
import { type Acting, mayEditOf } from '#src/features/access/rights.ts';
import { createDeal } from '#src/features/deals/actions.ts';
import { findDeal } from '#src/features/deals/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { RuleBroken } from '#src/platform/errors.ts';

/**
 * Makes another deal like one that the actor sees: client, worth, products, tags, helpers and facts of it, not its
 * history nor what is planned. It begins where its pipeline begins, with the same owner, or with the actor where they
 * may not work for that one. Returns its id. Throws NotFound, and as createDeal does.
 */
export async function copyDeal(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	title: string,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const { actor } = acting;
		const deal = await findDeal(tx, actor, dealId);
		const { rows } = await tx.execute<{ id: number }>(sql`
			select id from stages where pipeline_id = ${deal.pipelineId} and kind = 'open' and removed_at is null
			order by position, id limit 1`);
		const stageId = rows[0]?.id;
		if (stageId === undefined) throw new RuleBroken('deal.stageUnknown');
		const { clientId, amount, currency, source } = deal;
		const ownerId = mayEditOf(actor, deal.ownerId) ? deal.ownerId : actor.id;
		const made = await createDeal(tx, acting, {
			...{ stageId, title, clientId, amount, currency, source, ownerId },
			copyOf: dealId,
		});
		await tx.execute(sql`
			update deals d set campaign = o.campaign, note = o.note, extra = o.extra,
				amount_from_products = o.amount_from_products
			from deals o where d.id = ${made} and o.id = ${dealId}`);
		await tx.execute(sql`
			insert into deal_products (deal_id, product_id, quantity, price, position)
			select ${made}, product_id, quantity, price, position from deal_products where deal_id = ${dealId}`);
		await tx.execute(sql`
			insert into deal_tags (deal_id, tag_id) select ${made}, tag_id from deal_tags where deal_id = ${dealId}`);
		await tx.execute(sql`
			insert into deal_collaborators (deal_id, person_id)
			select ${made}, person_id from deal_collaborators where deal_id = ${dealId} and person_id <> ${ownerId}`);
		return made;
	});
}
