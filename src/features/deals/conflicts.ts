import type { Tx } from '#src/platform/db/client.ts';
import { Conflict } from '#src/platform/errors.ts';
import { type DealToEdit, lastChangeOf } from './queries.ts';

/** Throws Conflict where a change started from another version than the deal has. */
export async function checkVersion(tx: Tx, deal: DealToEdit, version: number): Promise<void> {
	if (deal.version !== version) throw await conflictOn(tx, deal);
}

/** The Conflict that tells who changed a deal last, and when. */
export async function conflictOn(tx: Tx, deal: { id: number; version: number }): Promise<Conflict> {
	const last = await lastChangeOf(tx, deal.id);
	return new Conflict(
		{ version: deal.version, at: last?.at ?? null, by: last?.by ?? null },
		last?.byId,
	);
}
