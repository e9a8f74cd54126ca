import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { refreshReminders } from '#src/features/deals/reminders.ts';
import { findInteraction, type InteractionView } from '#src/features/interactions/queries.ts';
import { findAtVersion, findSubject, refreshDeal } from '#src/features/interactions/steps.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { NotFound, RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';

/** What a deleted step belonged to: its history is found by that. */
export type Belonging = { dealId: number | null; clientId: number | null };

/**
 * Brings back what the actor has deleted, as it stood in `version`; only they can, and only where nobody has brought it back
 * yet. Throws NotFound, Forbidden, and for what is there Conflict or RuleBroken.
 */
export async function restoreInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	{ dealId, clientId }: Belonging,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		if (await isThere(tx, acting, id, version)) throw new RuleBroken('interaction.notDeleted');
		const target = dealId ?? (clientId === null ? null : { clientId });
		if (target === null) throw new NotFound('error.notFound');
		await findSubject(tx, acting.actor, target);
		// By the deal or the client, which have an index of their history.
		const about = dealId === null ? sql`client_id = ${clientId}` : sql`deal_id = ${dealId}`;
		const { rowCount } = await tx.execute(sql`
			insert into interactions overriding system value
			select r.* from (
				select data->'row' as row from events
				where ${about} and interaction_id = ${id} and type = 'interaction.deleted'
					and actor_id = ${acting.actorId} and data->'row'->>'version' = ${String(version)}
				order by id desc limit 1
			) e, jsonb_populate_record(null::interactions, e.row || jsonb_build_object(
				'version', ${version}::int + 1,
				'contact_id', (select id from contacts where id = (e.row->>'contact_id')::bigint),
				'series_id', (select id from interaction_series where id = (e.row->>'series_id')::bigint))) r
			on conflict do nothing`);
		if (rowCount === 0) throw new NotFound('error.notFound');
		const step = await findInteraction(tx, acting.actor, id);
		await record(tx, acting, {
			type: 'interaction.restored',
			...{ interactionId: id, dealId: step.dealId, clientId: step.clientId },
			data: { kindId: step.kindId, summary: step.summary },
		});
		await refreshReminders(tx, { ids: [id] });
		await refreshDeal(tx, step);
		return step;
	});
}

async function isThere(tx: Tx, acting: Acting, id: number, version: number): Promise<boolean> {
	try {
		await findAtVersion(tx, acting, id, version);
		return true;
	} catch (error) {
		if (error instanceof NotFound) return false;
		throw error;
	}
}
