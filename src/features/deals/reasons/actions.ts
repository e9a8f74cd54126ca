import { eq, type SQL, sql } from 'drizzle-orm';
import { type Acting, demand } from '#src/features/access/rights.ts';
import { lossReasons } from '#src/features/deals/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { holdNameFree } from '#src/platform/db/names.ts';
import { lastPlace, reordered, writeOrder } from '#src/platform/db/order.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { NotFound, RuleBroken } from '#src/platform/errors.ts';
import type { Place } from '#src/platform/forms/place.ts';
import { changesBetween } from '#src/platform/history/changes.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';

/** A reason for losing a deal, as an administrator sees it. */
export type ReasonRecord = {
	id: number;
	name: string;
	active: boolean;
	/** How many lost deals name it. */
	deals: number;
	version: number;
};

const REASONS = sql`loss_reasons`;

/** All reasons, those out of use too, in their order. How often each is named comes from the company's tallies. */
export async function listReasons(db: Sql): Promise<ReasonRecord[]> {
	return await read(db, sql`true`);
}

async function read(db: Sql, which: SQL): Promise<ReasonRecord[]> {
	const { rows } = await db.execute<ReasonRecord>(sql`
		select r.id, r.name, r.active, r.version, coalesce((
			select sum(t.deals)::int from deal_tallies t
			where t.closed_on is not null and t.loss_reason_id = r.id
		), 0) + (
			select count(*)::int from deals d where d.loss_reason_id = r.id and d.archived_at is not null
		) as deals
		from loss_reasons r where ${which} order by r.position, r.id`);
	return rows;
}

/** One reason. Throws NotFound. */
export async function findReason(db: Sql, reasonId: number): Promise<ReasonRecord> {
	const [reason] = await read(db, sql`r.id = ${reasonId}`);
	if (reason === undefined) throw new NotFound('error.notFound');
	return reason;
}

/** Locks all reasons: their order and their last one in use are everybody's. */
export async function lockReasons(tx: Tx): Promise<void> {
	await tx.execute(sql`select from loss_reasons order by id for update`);
}

async function findReasonToEdit(
	tx: Tx,
	acting: Acting,
	reasonId: number,
	version: number,
): Promise<ReasonRecord> {
	demand(acting, 'catalogs');
	await lockReasons(tx);
	const reason = await findReason(tx, reasonId);
	if (reason.version !== version) throw await conflictOn(tx, 'reason', reason);
	return reason;
}

/** Adds a reason behind the others. Returns its id. Throws Forbidden, InvalidForm for a name that is taken. */
export async function addReason(
	sqlOrTx: Sql,
	acting: Acting,
	{ name }: { name: string },
): Promise<number> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		await holdNameFree(tx, REASONS, name);
		const [made] = await tx
			.insert(lossReasons)
			.values({ name, position: lastPlace(lossReasons) })
			.returning({ id: lossReasons.id });
		const reasonId = made?.id as number;
		await record(tx, acting, { type: 'reason.added', data: { reasonId, name } });
		return reasonId;
	});
}

async function change(
	tx: Tx,
	reasonId: number,
	edit: { name: string } | { active: boolean },
): Promise<void> {
	await tx
		.update(lossReasons)
		.set({ ...edit, version: nextVersion(lossReasons.version) })
		.where(eq(lossReasons.id, reasonId));
}

/** Renames a reason, for the deals that name it too. Returns the version. Throws Forbidden, NotFound, Conflict, InvalidForm. */
export async function editReason(
	sqlOrTx: Sql,
	acting: Acting,
	reasonId: number,
	version: number,
	edit: { name: string },
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findReasonToEdit(tx, acting, reasonId, version);
		await holdNameFree(tx, REASONS, edit.name, reasonId);
		const changes = changesBetween(found, edit, ['name']);
		if (changes === null) return version;
		await change(tx, reasonId, edit);
		await record(tx, acting, { type: 'reason.edited', data: { reasonId, changes } });
		return version + 1;
	});
}

/** Moves a reason within the order; where it stands already nothing happens. Throws Forbidden, NotFound, Conflict. */
export async function moveReason(
	sqlOrTx: Sql,
	acting: Acting,
	reasonId: number,
	version: number,
	where: Place,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { name } = await findReasonToEdit(tx, acting, reasonId, version);
		const ids = (await listReasons(tx)).map(({ id }) => id);
		const moved = reordered(ids, reasonId, where);
		if (moved === null) return name;
		await writeOrder(tx, REASONS, moved.order, reasonId);
		const changes = { position: moved.places };
		await record(tx, acting, { type: 'reason.edited', data: { reasonId, changes } });
		return name;
	});
}

/**
 * Offers a reason, or offers it no more; deals that name it keep it. Throws Forbidden, NotFound, Conflict,
 * RuleBroken for the last one that is offered.
 */
export async function useReason(
	sqlOrTx: Sql,
	acting: Acting,
	reasonId: number,
	version: number,
	active: boolean,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findReasonToEdit(tx, acting, reasonId, version);
		const changes = changesBetween(found, { active }, ['active']);
		if (changes === null) return found.name;
		if (!active) await holdAnother(tx, reasonId);
		await change(tx, reasonId, { active });
		await record(tx, acting, { type: 'reason.edited', data: { reasonId, changes } });
		return found.name;
	});
}

// Losing a deal asks for a reason: one must be there.
async function holdAnother(tx: Tx, reasonId: number): Promise<void> {
	const others = (await listReasons(tx)).filter(({ id, active }) => active && id !== reasonId);
	if (others.length === 0) throw new RuleBroken('reason.last');
}

/**
 * Takes a reason away that no deal names. Returns what it was called. Throws Forbidden, NotFound, Conflict,
 * RuleBroken with the count for one in use, and for the last one.
 */
export async function removeReason(
	sqlOrTx: Sql,
	acting: Acting,
	reasonId: number,
	version: number,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { name, active, deals } = await findReasonToEdit(tx, acting, reasonId, version);
		if (deals > 0) throw new RuleBroken('reason.inUse', { name, n: deals });
		if (active) await holdAnother(tx, reasonId);
		await tx.delete(lossReasons).where(eq(lossReasons.id, reasonId));
		await record(tx, acting, { type: 'reason.removed', data: { reasonId, name } });
		return name;
	});
}
