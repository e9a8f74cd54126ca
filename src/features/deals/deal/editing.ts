import { type SQL, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { findOrCreateClient } from '#src/features/clients/actions.ts';
import { type ExtraEdit, extraAfter } from '#src/features/company/extra-fields/extra-fields.ts';
import { setTags } from '#src/features/company/tags/tags.ts';
import { checkVersion } from '#src/features/deals/conflicts.ts';
import { type DealToEdit, findDealToEdit } from '#src/features/deals/queries.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { searchable } from '#src/platform/db/text-search.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';

/** What an edit says of a deal; what it does not say stays as it is. The client is told by name. */
export type DealEdit = {
	title?: string;
	clientName?: string | null;
	amount?: string | null;
	expectedCloseOn?: string | null;
	probability?: number | null;
	source?: string | null;
	campaign?: string | null;
	note?: string | null;
	tags?: readonly string[] | null;
	extra?: ExtraEdit;
};

const COLUMNS = {
	title: sql`title`,
	clientId: sql`client_id`,
	amount: sql`amount`,
	expectedCloseOn: sql`expected_close_on`,
	probability: sql`probability`,
	source: sql`source`,
	campaign: sql`campaign`,
	note: sql`note`,
} as const;
type Column = keyof typeof COLUMNS;

/**
 * Changes what an edit says of a deal, one field or all; nothing is written where nothing changed. A
 * client's name that is not the deal's own finds another client, or makes a new one. Returns the version.
 * Throws NotFound, Conflict for a stale version, InvalidForm for an amount that follows the products.
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
		const { clientName, tags, extra, ...row } = edit;
		const client =
			clientName === undefined ? {} : { clientId: await clientNamed(tx, acting, deal, clientName) };
		const changes = changesOf(deal, { ...row, ...client });
		if (changes.amount && deal.amountFromProducts)
			throw new InvalidForm({ amount: { key: 'deal.amountFollows' } }, {});
		const sets = Object.entries(changes).map(
			([name, [, value]]) => sql`${COLUMNS[name as Column]} = ${value}`,
		);
		const more = extraAfter(deal.extra, extra ?? {});
		if (Object.keys(more.changes).length > 0)
			sets.push(sql`extra = ${JSON.stringify(more.values)}::jsonb`);
		const tagged = tags === undefined ? null : await setTags(tx, 'deal', dealId, tags ?? []);
		const all = { ...changes, ...(tagged ? { tags: tagged } : {}), ...more.changes };
		if (Object.keys(all).length === 0) return deal.version;
		await writeFacts(tx, dealId, sets);
		const clientId = client.clientId === undefined ? deal.clientId : client.clientId;
		await record(tx, acting, { type: 'deal.edited', dealId, clientId, data: { changes: all } });
		return version + 1;
	});
}

async function writeFacts(tx: Tx, dealId: number, sets: SQL[]): Promise<void> {
	const all = sql.join([...sets, sql`version = version + 1`], sql`, `);
	await tx.execute(sql`update deals set ${all} where id = ${dealId}`);
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

type Row = Partial<Pick<DealToEdit, Column>>;

function changesOf(deal: DealToEdit, row: Row): Record<string, FieldChange> {
	const changes: Record<string, FieldChange> = {};
	for (const name of Object.keys(COLUMNS) as Column[]) {
		const value = row[name];
		if (value !== undefined && deal[name] !== value) changes[name] = [deal[name], value];
	}
	return changes;
}
