import { sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { refreshReminders } from '#src/features/deals/reminders.ts';
import type { InteractionView } from '#src/features/interactions/queries.ts';
import {
	about,
	checkPointers,
	columnsOf,
	findAtVersion,
	findPlanned,
	letIn,
	type NewStep,
	refreshDeal,
} from '#src/features/interactions/steps.ts';
import { notifyAssigned } from '#src/features/mail/notices.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';

/** What is to change of an interaction; what is left out stays. The result only of one that is done. */
export type Edit = Partial<NewStep> & { outcome?: string | null };

const FIELDS = [
	'kindId',
	'summary',
	'description',
	'place',
	'contactId',
	'lengthMinutes',
	'remindMinutes',
	'ownerId',
	'plannedOn',
	'plannedAt',
	'outcome',
] as const;
/** A field that can be edited, as the history tells it. */
export type Field = (typeof FIELDS)[number];
type Row = Pick<InteractionView, Field>;
/** Of a step that is over, its time, its owner and its reminder are history. */
const WHILE_PLANNED: readonly Field[] = ['remindMinutes', 'ownerId', 'plannedOn', 'plannedAt'];

/** The row that an edit makes of an interaction. */
export function edited(found: Row, { plan, ...edit }: Edit): Row {
	const row = { ...found, ...(plan ? columnsOf(plan) : {}) };
	const given = Object.entries(edit).filter(([, value]) => value !== undefined);
	return { ...row, ...Object.fromEntries(given) };
}

const told = (value: Row[Field]): string | number | null =>
	value instanceof Date ? value.toISOString() : value;

/** What differs between two rows, field by field: old and new value. */
export function changesBetween(found: Row, row: Row): Partial<Record<Field, FieldChange>> {
	const changes: Partial<Record<Field, FieldChange>> = {};
	for (const field of FIELDS) {
		const change: FieldChange = [told(found[field]), told(row[field])];
		if (change[0] !== change[1]) changes[field] = change;
	}
	return changes;
}

/**
 * Changes an interaction; nothing is written where nothing changes. A colleague who gets a step of a deal
 * that they do not see becomes its collaborator. Throws NotFound, Conflict for a stale version,
 * InvalidForm as planning does, RuleBroken for the time of one that is over and the result of one that is not.
 */
export async function editInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	edit: Edit,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findAtVersion(tx, acting, id, version);
		const row = edited(found, edit);
		const changes = changesBetween(found, row);
		const fields = Object.keys(changes) as Field[];
		if (fields.length === 0) return found;
		const planned = found.status === 'planned';
		if (fields.some((field) => (planned ? field === 'outcome' : WHILE_PLANNED.includes(field))))
			throw new RuleBroken(planned ? 'interaction.notDone' : 'interaction.notPlanned');
		const owner = await checkPointers(tx, found.clientId, row, found);
		if (changes.ownerId) await letIn(tx, found, owner);
		await tx.execute(sql`
			update interactions set kind_id = ${row.kindId}, summary = ${row.summary},
				description = ${row.description}, place = ${row.place}, contact_id = ${row.contactId},
				length_minutes = ${row.lengthMinutes}, remind_minutes = ${row.remindMinutes},
				owner_id = ${row.ownerId}, planned_on = ${row.plannedOn}, planned_at = ${row.plannedAt},
				outcome = ${row.outcome}, version = version + 1
			where id = ${id} and version = ${version}`);
		await record(tx, acting, {
			type: 'interaction.edited',
			...about(found),
			data: { kindId: row.kindId, summary: row.summary, changes },
		});
		await refreshReminders(tx, { ids: [id] });
		await refreshDeal(tx, found);
		const step = { ...found, ...row, ownerName: owner.name, version: version + 1 };
		if (changes.ownerId) await notifyAssigned(tx, acting, { ownerId: row.ownerId, step });
		return step;
	});
}

/** Gives a planned step to another person who works here. Throws as editInteraction does. */
export async function reassignInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	ownerId: number,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findPlanned(tx, acting, id, version);
		if (found.ownerId === ownerId) return found;
		const owner = await checkPointers(tx, found.clientId, { ...found, ownerId }, found);
		await letIn(tx, found, owner);
		await tx.execute(sql`
			update interactions set owner_id = ${ownerId}, version = version + 1
			where id = ${id} and version = ${version}`);
		const { kindId, summary } = found;
		await record(tx, acting, {
			type: 'interaction.reassigned',
			...about(found),
			data: { kindId, summary, from: found.ownerId, to: ownerId },
		});
		await refreshReminders(tx, { ids: [id] });
		await refreshDeal(tx, found);
		await notifyAssigned(tx, acting, { ownerId, step: found });
		return { ...found, ownerId, ownerName: owner.name, version: version + 1 };
	});
}

/**
 * Takes away what was planned or noted by mistake, as if it had never been; the history tells that it was.
 * What was planned and then done or given up stays. Throws NotFound, Conflict, RuleBroken.
 */
export async function deleteInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findAtVersion(tx, acting, id, version);
		const { kindId, summary, status, plannedOn, plannedAt } = found;
		if (status !== 'planned' && hadPlan(found)) throw new RuleBroken('interaction.notPlanned');
		const { rows } = await tx.execute<{ row: Record<string, unknown> }>(sql`
			delete from interactions i where id = ${id} and version = ${version} returning to_jsonb(i) as row`);
		await record(tx, acting, {
			type: 'interaction.deleted',
			...about(found),
			data: {
				...{ kindId, summary, plannedOn, plannedAt: plannedAt?.toISOString() ?? null },
				...{ ownerId: found.ownerId, row: rows[0]?.row ?? {} },
			},
		});
		await refreshDeal(tx, found);
		return found;
	});
}

const hadPlan = ({ plannedOn, plannedAt }: InteractionView) =>
	plannedOn !== null || plannedAt !== null;

/** To be taken back together with a completion: the step that was planned by it, as it stood then. */
export type NextPlanned = { id: number; version: number };

/**
 * Makes a finished or cancelled step planned again, as it was before, and takes back the step that was
 * planned in the same go, unless somebody has changed that one. Throws NotFound, Conflict, RuleBroken for
 * one that is planned, or never was.
 */
export async function reopenInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	next: NextPlanned | null = null,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findAtVersion(tx, acting, id, version);
		const { kindId, summary, status } = found;
		if (status === 'planned') throw new RuleBroken('interaction.plannedAlready');
		if (!hadPlan(found)) throw new RuleBroken('interaction.neverPlanned');
		await tx.execute(sql`
			update interactions set status = 'planned', outcome = null, completed_by = null,
				completed_at = null, version = version + 1
			where id = ${id} and version = ${version}`);
		await record(tx, acting, {
			type: 'interaction.reopened',
			...about(found),
			data: { kindId, summary, from: status },
		});
		if (next !== null) await takeBack(tx, acting, found, next);
		await refreshReminders(tx, { ids: [id] });
		await refreshDeal(tx, found);
		return { ...found, status: 'planned', outcome: null, version: version + 1 };
	});
}

async function takeBack(
	tx: Sql,
	acting: Acting,
	done: InteractionView,
	next: NextPlanned,
): Promise<void> {
	const { rows } = await tx.execute<{ version: number }>(sql`
		select version from interactions where id = ${next.id} and status = 'planned'
			and deal_id is not distinct from ${done.dealId}`);
	if (rows[0]?.version === next.version) await deleteInteraction(tx, acting, next.id, next.version);
}
