import { sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import type { Acting } from '#src/features/auth/rules.ts';
import { findOrCreateClient } from '#src/features/clients/actions.ts';
import { searchable } from '#src/features/clients/queries.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { record } from '#src/platform/events/record.ts';
import { checkVersion } from './conflicts.ts';
import { type DealToEdit, findDealToEdit } from './queries.ts';

/** The fields of a deal that its form changes; the client by name. */
export type DealEdit = {
	title: string;
	clientName: string | null;
	amount: string | null;
	expectedCloseOn: string | null;
	probability: number | null;
	source: string | null;
};

/**
 * Saves the form of a deal; nothing is written where nothing changed. A client's name that is not the
 * deal's own finds another client, or makes a new one. Returns the version. Throws NotFound, Conflict
 * for a stale version.
 */
export async function editDeal(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	version: number,
	edit: DealEdit,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, dealId);
		await checkVersion(tx, deal, version);
		const { clientName, ...facts } = edit;
		const row = { ...facts, clientId: await clientNamed(tx, acting, deal, clientName) };
		const changes = changesOf(deal, row);
		if (Object.keys(changes).length === 0) return deal.version;
		await tx.execute(sql`
			update deals set title = ${row.title}, client_id = ${row.clientId}, amount = ${row.amount},
				expected_close_on = ${row.expectedCloseOn}, probability = ${row.probability},
				source = ${row.source}, version = version + 1
			where id = ${dealId} and version = ${version}`);
		const { clientId } = row;
		await record(tx, acting, { type: 'deal.edited', dealId, clientId, data: { changes } });
		return version + 1;
	});
}

// Two clients may share a name: a form that was not touched must not change one for the other.
async function clientNamed(
	tx: Tx,
	acting: Acting,
	deal: DealToEdit,
	name: string | null,
): Promise<number | null> {
	if (name === null) return null;
	const same = deal.clientName !== null && searchable(deal.clientName) === searchable(name);
	return same ? deal.clientId : await findOrCreateClient(tx, acting, name);
}

function changesOf<T extends Partial<DealToEdit>>(
	deal: DealToEdit,
	row: T,
): Record<string, FieldChange> {
	const changes: Record<string, FieldChange> = {};
	for (const [name, value] of Object.entries(row) as [keyof DealToEdit, string | number | null][])
		if (deal[name] !== value) changes[name] = [deal[name] as string | number | null, value];
	return changes;
}
