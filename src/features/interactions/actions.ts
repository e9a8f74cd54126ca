import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/auth/rules.ts';
import { findOrCreateClient } from '#src/features/clients/actions.ts';
import { createDeal, type NewDeal } from '#src/features/deals/actions.ts';
import { refreshNextStep } from '#src/features/deals/next-step.ts';
import { findDealToEdit } from '#src/features/deals/queries.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Conflict, InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/events/record.ts';
import { findInteractionToEdit, type InteractionView, lastStepChange } from './queries.ts';

/** For a day, whenever in it, or for a moment: two different plans. */
export type Plan = { plannedOn: string } | { plannedAt: Date };

/** A step to be taken on a deal. */
export type NewStep = {
	kindId: number;
	summary: string;
	plan: Plan;
	lengthMinutes?: number | undefined;
};

/**
 * Plans a step on a deal. Takes no version: it adds a record and overwrites nothing. Returns the
 * interaction's id. Throws NotFound for a deal that the actor may not see, InvalidForm for an unknown kind.
 */
export async function planInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	step: NewStep,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, dealId);
		const id = await insertStep(tx, acting, deal, step);
		await refreshNextStep(tx, dealId);
		return id;
	});
}

async function insertStep(
	tx: Tx,
	acting: Acting,
	deal: { id: number; clientId: number | null; ownerId: number },
	step: NewStep,
): Promise<number> {
	const { plannedOn, plannedAt } = columnsOf(step.plan);
	const { rows } = await tx.execute<{ id: number }>(sql`
		insert into interactions (deal_id, client_id, kind_id, summary, planned_on, planned_at,
			length_minutes, owner_id, author_id, created_at)
		select ${deal.id}, ${deal.clientId}, k.id, ${step.summary}, ${plannedOn}, ${plannedAt},
			${step.lengthMinutes ?? null}, ${deal.ownerId}, ${acting.actorId}, ${acting.now}
		from interaction_kinds k where k.id = ${step.kindId} returning id`);
	const interactionId = rows[0]?.id;
	if (interactionId === undefined) throw new InvalidForm({ kindId: { key: 'field.choice' } }, {});
	await record(tx, acting, {
		type: 'interaction.planned',
		interactionId,
		dealId: deal.id,
		clientId: deal.clientId,
		data: {
			kindId: step.kindId,
			summary: step.summary,
			plannedOn,
			plannedAt: plannedAt?.toISOString() ?? null,
		},
	});
	return interactionId;
}

/** Something that has been done already, at `acting.now`. */
export type DoneStep = { kindId: number; summary: string; outcome: string | null };

/**
 * Notes a finished interaction that nobody had planned. Returns its id. Throws NotFound for a deal that
 * the actor may not see, InvalidForm for an unknown kind.
 */
export async function logInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	step: DoneStep,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, dealId);
		const { rows } = await tx.execute<{ id: number }>(sql`
			insert into interactions (deal_id, client_id, kind_id, summary, owner_id, author_id, created_at,
				status, outcome, completed_by, completed_at)
			select ${dealId}, ${deal.clientId}, k.id, ${step.summary}, ${deal.ownerId}, ${acting.actorId},
				${acting.now}, 'done', ${step.outcome}, ${acting.actorId}, ${acting.now}
			from interaction_kinds k where k.id = ${step.kindId} returning id`);
		const interactionId = rows[0]?.id;
		if (interactionId === undefined) throw new InvalidForm({ kindId: { key: 'field.choice' } }, {});
		await record(tx, acting, {
			type: 'interaction.completed',
			interactionId,
			dealId,
			clientId: deal.clientId,
			data: step,
		});
		await refreshNextStep(tx, dealId);
		return interactionId;
	});
}

/** What came out of a step, and the one after it. */
export type Completion = { version: number; outcome: string | null; next: NewStep | null };

/**
 * Finishes a planned interaction with its result and, in the same transaction, plans the next step.
 * Throws NotFound, Conflict for a stale version, RuleBroken when it is not planned any more.
 */
export async function completeInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	completion: Completion,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findPlanned(tx, acting, id, completion.version);
		await tx.execute(sql`
			update interactions set status = 'done', outcome = ${completion.outcome},
				completed_by = ${acting.actorId}, completed_at = ${acting.now}, version = version + 1
			where id = ${id} and version = ${completion.version}`);
		await record(tx, acting, {
			type: 'interaction.completed',
			...about(found),
			data: { kindId: found.kindId, summary: found.summary, outcome: completion.outcome },
		});
		if (completion.next)
			await insertStep(tx, acting, { ...found, id: found.dealId }, completion.next);
		await refreshNextStep(tx, found.dealId);
		return found;
	});
}

/** Moves a planned interaction to another day or moment. Throws like completeInteraction. */
export async function postponeInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	plan: Plan,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findPlanned(tx, acting, id, version);
		const { plannedOn, plannedAt } = columnsOf(plan);
		await tx.execute(sql`
			update interactions set planned_on = ${plannedOn}, planned_at = ${plannedAt}, version = version + 1
			where id = ${id} and version = ${version}`);
		await record(tx, acting, {
			type: 'interaction.postponed',
			...about(found),
			data: {
				kindId: found.kindId,
				summary: found.summary,
				from: found.plannedOn ?? found.plannedAt?.toISOString() ?? '',
				to: plannedOn ?? plannedAt?.toISOString() ?? '',
			},
		});
		await refreshNextStep(tx, found.dealId);
		return found;
	});
}

/** Gives up a planned interaction, with a reason if there is one. Throws like completeInteraction. */
export async function cancelInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	reason: string | null,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findPlanned(tx, acting, id, version);
		await tx.execute(sql`
			update interactions set status = 'cancelled', outcome = ${reason}, version = version + 1
			where id = ${id} and version = ${version}`);
		await record(tx, acting, {
			type: 'interaction.cancelled',
			...about(found),
			data: { kindId: found.kindId, summary: found.summary, reason },
		});
		await refreshNextStep(tx, found.dealId);
		return found;
	});
}

/** A new deal as the board takes it in: a client by name (known or new) and the first step. */
export type NewInterest = Omit<NewDeal, 'clientId'> & { clientName: string; step: NewStep | null };

/** Makes a deal with its client and its first step, all or nothing. Returns the deal's id. */
export async function startDeal(
	sqlOrTx: Sql,
	acting: Acting,
	interest: NewInterest,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const { clientName, step, ...deal } = interest;
		const clientId = await findOrCreateClient(tx, acting, clientName);
		const dealId = await createDeal(tx, acting, { ...deal, clientId });
		if (step) await planInteraction(tx, acting, dealId, step);
		return dealId;
	});
}

async function findPlanned(
	tx: Tx,
	acting: Acting,
	id: number,
	version: number,
): Promise<InteractionView> {
	const found = await findInteractionToEdit(tx, acting.actor, id);
	if (found.version !== version) {
		const last = await lastStepChange(tx, found);
		throw new Conflict({ version: found.version, at: last?.at ?? null, by: last?.by ?? null });
	}
	if (found.status !== 'planned') throw new RuleBroken('interaction.notPlanned');
	return found;
}

const about = (found: InteractionView) => ({
	interactionId: found.id,
	dealId: found.dealId,
	clientId: found.clientId,
});

const columnsOf = (plan: Plan): { plannedOn: string | null; plannedAt: Date | null } => ({
	plannedOn: 'plannedOn' in plan ? plan.plannedOn : null,
	plannedAt: 'plannedAt' in plan ? plan.plannedAt : null,
});
