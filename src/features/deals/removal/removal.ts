import { type SQL, sql } from 'drizzle-orm';
import { type Acting, demand, mayEditOf } from '#src/features/access/rights.ts';
import { checkVersion } from '#src/features/deals/conflicts.ts';
import { refreshNextStep } from '#src/features/deals/next-step.ts';
import { findDealToEdit } from '#src/features/deals/queries.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { NotFound, RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';

/** What belongs to a deal and to nothing else, in the order in which it can be written again. */
const PARTS = [
	'stage_changes',
	'interactions',
	'deal_products',
	'deal_tags',
	'deal_collaborators',
] as const;
type Part = (typeof PARTS)[number];
type Row = Record<string, unknown>;

/** A deal that was deleted, row by row: what bringing it back writes again. */
export type RemovedRows = { deals: Row[] } & Partial<Record<Part, Row[]>>;

/**
 * Deletes a deal with what is planned and done on it, its products, tags, helpers and way through the states; the
 * log keeps its history, and all of it for who brings it back. Returns what it was called and where it stood. Throws
 * NotFound, Forbidden, Conflict for a stale version, RuleBroken for one that another was merged into.
 */
export async function removeDeal(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	version: number,
): Promise<{ title: string; stageId: number; clientId: number | null }> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, dealId, 'allowed');
		demand(acting, 'deals.remove');
		await checkVersion(tx, deal, version);
		const { rowCount } = await tx.execute(
			sql`select from deals where merged_into = ${dealId} limit 1`,
		);
		if (rowCount !== 0) throw new RuleBroken('deal.hasMerged');
		const { title, stageId, clientId, ownerId } = deal;
		const whole = await rowsOf(tx, dealId);
		await dropDeals(tx, [dealId]);
		const data = { title, ownerId, whole };
		await record(tx, acting, { type: 'deal.removed', dealId, clientId, data });
		return { title, stageId, clientId };
	});
}

async function rowsOf(tx: Tx, dealId: number): Promise<RemovedRows> {
	const rows = (table: string, by: SQL) =>
		sql`(select coalesce(jsonb_agg(to_jsonb(t)), '[]') from ${sql.identifier(table)} t where ${by} = ${dealId})`;
	const parts = PARTS.map(
		(table) => sql`${rows(table, sql`t.deal_id`)} as ${sql.identifier(table)}`,
	);
	const { rows: read } = await tx.execute<RemovedRows>(
		sql`select ${rows('deals', sql`t.id`)} as deals, ${sql.join(parts, sql`, `)}`,
	);
	return read[0] as RemovedRows;
}

/** Takes deals away with all that belongs to them. The append-only history lets go for this transaction only. */
export async function dropDeals(tx: Tx, ids: number[]): Promise<void> {
	const these = sql`any(${sql.param(ids)}::bigint[])`;
	await tx.execute(sql`select set_config('app.undoing_import', 'yes', true)`);
	for (const table of PARTS)
		await tx.execute(sql`delete from ${sql.identifier(table)} where deal_id = ${these}`);
	await tx.execute(sql`delete from deals where id = ${these}`);
	await tx.execute(sql`select set_config('app.undoing_import', 'no', true)`);
}

/** What became of what a row points at: gone meanwhile, it is left out, or the row is. */
const GONE: Record<'deals' | Part, SQL> = {
	deals: sql`r.row || jsonb_build_object('version', (r.row->>'version')::int + 1,
		'client_id', (select id from clients where id = (r.row->>'client_id')::bigint))`,
	stage_changes: sql`r.row`,
	interactions: sql`r.row || jsonb_build_object(
		'client_id', (select id from clients where id = (r.row->>'client_id')::bigint),
		'contact_id', (select id from contacts where id = (r.row->>'contact_id')::bigint),
		'series_id', (select id from interaction_series where id = (r.row->>'series_id')::bigint))`,
	deal_products: sql`r.row`,
	deal_tags: sql`r.row`,
	deal_collaborators: sql`r.row`,
};
const STAYS: Partial<Record<Part, SQL>> = {
	deal_tags: sql`exists (select from tags where id = (r.row->>'tag_id')::bigint)`,
	deal_products: sql`exists (select from products where id = (r.row->>'product_id')::bigint)`,
};

type Removed = { version: number; title: string; ownerId: number; whole: RemovedRows };

/**
 * Brings a deleted deal back, whoever has deleted it: as it stood in `version`, but for what is gone meanwhile.
 * Throws NotFound where none was deleted or it was never in the actor's reach, Forbidden, RuleBroken for one that is there.
 */
export async function recoverDeal(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	version: number,
): Promise<{ title: string; stageId: number }> {
	return await transact(sqlOrTx, async (tx) => {
		// Two who bring it back at the same time do so one after the other.
		await tx.execute(sql`select pg_advisory_xact_lock(hashtext('deal.removed'), ${dealId}::int)`);
		const removed = await findRemoved(tx, acting, dealId, version);
		const { whole, title } = removed;
		for (const table of ['deals', ...PARTS] as const)
			await writeAgain(tx, table, whole[table] ?? []);
		const [deal] = whole.deals as [{ stage_id: number; client_id: number | null }];
		await refreshNextStep(tx, dealId);
		const { rows: now } = await tx.execute<{ clientId: number | null }>(
			sql`select client_id as "clientId" from deals where id = ${dealId}`,
		);
		const clientId = now[0]?.clientId ?? null;
		await record(tx, acting, { type: 'deal.recovered', dealId, clientId, data: { title } });
		return { title, stageId: deal.stage_id };
	});
}

async function findRemoved(
	tx: Tx,
	acting: Acting,
	dealId: number,
	version: number,
): Promise<Removed> {
	const { rows } = await tx.execute<{ data: Omit<Removed, 'version'>; there: boolean }>(sql`
		select data, exists (select from deals where id = ${dealId}) as there from events
		where deal_id = ${dealId} and type = 'deal.removed' order by id desc limit 1`);
	const removed = rows[0];
	if (removed === undefined || removed.there) {
		const deal = await findDealToEdit(tx, acting.actor, dealId, 'allowed');
		demand(acting, 'deals.remove');
		await checkVersion(tx, deal, version);
		throw new RuleBroken('deal.notRemoved');
	}
	if (!mayEditOf(acting.actor, removed.data.ownerId)) throw new NotFound('error.notFound');
	demand(acting, 'deals.remove');
	const stood = Number(removed.data.whole.deals[0]?.version);
	if (stood !== version) throw new NotFound('error.notFound');
	return { ...removed.data, version: stood };
}

async function writeAgain(tx: Tx, table: 'deals' | Part, rows: Row[]): Promise<void> {
	if (rows.length === 0) return;
	const { rows: columns } = await tx.execute<{ name: string }>(sql`
		select column_name as name from information_schema.columns
		where table_schema = 'public' and table_name = ${table} and is_generated = 'NEVER'`);
	const names = sql.join(
		columns.map(({ name }) => sql.identifier(name)),
		sql`, `,
	);
	await tx.execute(sql`
		insert into ${sql.identifier(table)} (${names}) overriding system value
		select ${names} from jsonb_array_elements(${JSON.stringify(rows)}::jsonb) r(row)
		cross join lateral jsonb_populate_record(null::${sql.identifier(table)}, ${GONE[table]})
		where ${(table !== 'deals' && STAYS[table]) || sql`true`}`);
}
