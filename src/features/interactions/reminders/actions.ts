import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { InteractionView } from '#src/features/interactions/queries.ts';
import { findPlanned } from '#src/features/interactions/steps.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';

/**
 * Has the program remind of a planned step again at `until`. The plan stays as it is, and so does the
 * step's version: a reminder is no part of what people agree on. Throws NotFound, Conflict, RuleBroken
 * like completeInteraction.
 */
export async function snoozeReminder(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	until: Date,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const step = await findPlanned(tx, acting, id, version);
		await tx.execute(
			sql`update interactions set remind_at = ${until}, reminded_at = null where id = ${id}`,
		);
		return step;
	});
}

/** Puts a reminder away; the step stays planned. Throws like snoozeReminder. */
export async function dismissReminder(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const step = await findPlanned(tx, acting, id, version);
		await tx.execute(sql`update interactions set reminded_at = ${acting.now} where id = ${id}`);
		return step;
	});
}
