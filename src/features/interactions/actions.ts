import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { findOrCreateClient } from '#src/features/clients/actions.ts';
import { createDeal, type NewDeal } from '#src/features/deals/actions.ts';
import { refreshReminders } from '#src/features/deals/reminders.ts';
import { extendSeries } from '#src/features/interactions/series/series.ts';
import { notifyAssigned } from '#src/features/mail/notices.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { findInteraction, type InteractionView } from './queries.ts';
import {
	about,
	checkPointers,
	columnsOf,
	findPlanned,
	findSubject,
	insertStep,
	type NewStep,
	type Plan,
	refreshDeal,
	type StepFacts,
	type Target,
} from './steps.ts';

export type { NewStep, Plan, StepFacts, Target } from './steps.ts';

/**
 * Plans a step on a deal, or for a client without one. Takes no version: it adds a record and overwrites
 * nothing. Returns the interaction's id. Throws NotFound for a deal or a client that the actor may not
 * see, InvalidForm for an unknown kind, a contact of somebody else, a person who does not work here.
 */
export async function planInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	target: Target,
	step: NewStep,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const subject = await findSubject(tx, acting.actor, target);
		const id = await insertStep(tx, acting, subject, step);
		await refreshDeal(tx, subject);
		if (step.ownerId !== undefined && step.ownerId !== acting.actorId) {
			const { ownerId } = step;
			await notifyAssigned(tx, acting, {
				ownerId,
				step: await findInteraction(tx, acting.actor, id),
			});
		}
		return id;
	});
}

/** Something that has been done already: at `at`, or just now. */
export type DoneStep = StepFacts & { outcome: string | null; at?: Date | undefined };

/**
 * Notes a finished interaction that nobody had planned. Returns its id. Throws NotFound for a deal or a
 * client that the actor may not see, InvalidForm for an unknown kind and for a moment that is yet to come.
 */
export async function logInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	target: Target,
	step: DoneStep,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const subject = await findSubject(tx, acting.actor, target);
		const { dealId, clientId, ownerId } = subject;
		const { kindId, summary, outcome, contactId = null, at } = step;
		if (at && at > acting.now) throw new InvalidForm({ doneDay: { key: 'field.future' } }, {});
		await checkPointers(tx, clientId, { kindId, contactId, ownerId }, { ownerId });
		const { rows } = await tx.execute<{ id: number }>(sql`
			insert into interactions (deal_id, client_id, contact_id, kind_id, summary, description, place,
				length_minutes, owner_id, author_id, created_at, status, outcome, completed_by, completed_at)
			select ${dealId}::bigint, ${clientId}::bigint, ${contactId}::bigint, ${kindId}::bigint, ${summary}, ${step.description ?? null},
				${step.place ?? null}, ${step.lengthMinutes ?? null}, ${ownerId}, ${acting.actorId},
				m.at, 'done', ${outcome}, ${acting.actorId}, coalesce(${at ?? null}::timestamptz, m.at)
			from (select ${momentOf(acting)} as at) m returning id`);
		const interactionId = rows[0]?.id as number;
		const past = at && at < acting.now ? { at: at.toISOString() } : {};
		await record(tx, acting, {
			type: 'interaction.completed',
			...{ interactionId, dealId, clientId },
			data: { kindId, summary, outcome, ...past },
		});
		await refreshDeal(tx, subject);
		return interactionId;
	});
}

/** What came out of a step, and the one after it. */
export type Completion = { version: number; outcome: string | null; next: NewStep | null };

/** An interaction after a change: with its version of now, and the step planned after it, if one was. */
export type Changed = InteractionView & { nextId: number | null };

/**
 * Finishes a planned interaction with its result and, in the same transaction, plans the next step.
 * Throws NotFound, Conflict for a stale version, RuleBroken when it is not planned any more.
 */
export async function completeInteraction(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	completion: Completion,
): Promise<Changed> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findPlanned(tx, acting, id, completion.version);
		await tx.execute(sql`
			update interactions set status = 'done', outcome = ${completion.outcome},
				completed_by = ${acting.actorId}, completed_at = ${momentOf(acting)}, version = version + 1
			where id = ${id} and version = ${completion.version}`);
		await record(tx, acting, {
			type: 'interaction.completed',
			...about(found),
			data: { kindId: found.kindId, summary: found.summary, outcome: completion.outcome },
		});
		const nextId = completion.next ? await insertStep(tx, acting, found, completion.next) : null;
		if (found.seriesId) await extendSeries(tx, acting, found.seriesId);
		await refreshDeal(tx, found);
		return { ...found, status: 'done', version: found.version + 1, nextId };
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
		await refreshReminders(tx, { ids: [id] });
		await refreshDeal(tx, found);
		return { ...found, plannedOn, plannedAt, version: version + 1 };
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
		if (found.seriesId) await extendSeries(tx, acting, found.seriesId);
		await refreshDeal(tx, found);
		return { ...found, status: 'cancelled', version: version + 1 };
	});
}

/** A new deal as the board takes it in: a client by name (known or new) and the first step. */
export type NewInterest = Omit<NewDeal, 'clientId'> & {
	clientName: string;
	/** The client that is meant where several have this name. */
	clientId?: number | undefined;
	step: NewStep | null;
};

/** Makes a deal with its client and its first step, all or nothing. Returns their ids. */
export async function startDeal(
	sqlOrTx: Sql,
	acting: Acting,
	interest: NewInterest,
): Promise<{ dealId: number; stepId: number | null }> {
	return await transact(sqlOrTx, async (tx) => {
		const { clientName, clientId: meant, step, ...deal } = interest;
		const clientId = await findOrCreateClient(tx, acting, clientName, meant);
		const dealId = await createDeal(tx, acting, { ...deal, clientId });
		const stepId = step && (await planInteraction(tx, acting, dealId, step));
		return { dealId, stepId };
	});
}
