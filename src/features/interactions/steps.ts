import { sql } from 'drizzle-orm';
import { findActor, holdColleague } from '#src/features/access/queries.ts';
import { type Acting, type Actor, mayEditOf } from '#src/features/access/rights.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { refreshNextStep } from '#src/features/deals/next-step.ts';
import { findDealToEdit } from '#src/features/deals/queries.ts';
import { type Reminded, remindAtOf } from '#src/features/deals/reminders.ts';
import type { Tx } from '#src/platform/db/client.ts';
import {
	Conflict,
	type FieldErrors,
	InvalidForm,
	NotFound,
	RuleBroken,
} from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { findInteractionToEdit, type InteractionView, lastStepChange } from './queries.ts';

/** For a day, whenever in it, or for a moment: two different plans. */
export type Plan = { plannedOn: string } | { plannedAt: Date };

/** A plan as it stands in a row. */
export const columnsOf = (plan: Plan): { plannedOn: string | null; plannedAt: Date | null } => ({
	plannedOn: 'plannedOn' in plan ? plan.plannedOn : null,
	plannedAt: 'plannedAt' in plan ? plan.plannedAt : null,
});

/** What a step says beside its time and owner. */
export type StepFacts = {
	kindId: number;
	summary: string;
	description?: string | null | undefined;
	place?: string | null | undefined;
	contactId?: number | null | undefined;
	lengthMinutes?: number | null | undefined;
};

/**
 * A step to be taken; without `ownerId` by whoever has the deal or the client. One for a moment takes as
 * long as its kind usually does, and is reminded of as its owner likes it, where nobody says otherwise.
 */
export type NewStep = StepFacts & {
	plan: Plan;
	/** So long before its moment, or before the working day of its day begins; null: not at all. */
	remindMinutes?: number | null | undefined;
	ownerId?: number | undefined;
};

/** What a step belongs to: a deal by its id, or a client without one. */
export type Target = number | { clientId: number };

/** The same as found: with whom a step of it lies by default, and whose the deal is. */
export type Subject = {
	dealId: number | null;
	clientId: number | null;
	ownerId: number;
	dealOwnerId: number | null;
	clientOwnerId?: number | null;
};

/** Who has the deal or the client that a step belongs to, as far as that is locked. */
export const whoseIs = ({ dealOwnerId, clientOwnerId = null }: Subject): number | null =>
	dealOwnerId ?? clientOwnerId;

/** Locks a deal or a client that the actor may see. Throws NotFound for any other. */
export async function findSubject(tx: Tx, actor: Actor, target: Target): Promise<Subject> {
	if (typeof target === 'number') {
		const deal = await findDealToEdit(tx, actor, target);
		const { id: dealId, clientId, ownerId } = deal;
		return { dealId, clientId, ownerId, dealOwnerId: ownerId };
	}
	const { clientId } = target;
	// Who merges clients holds them for update: a step must not land on one that has just gone.
	const { rows } = await tx.execute<{ ownerId: number | null }>(sql`
		select c.owner_id as "ownerId" from clients c
		where c.id = ${clientId} and c.merged_into is null and ${clientVisibleTo(actor)} for share of c`);
	const client = rows[0];
	if (client === undefined) throw new NotFound('error.notFound');
	const mine = client.ownerId !== null && mayEditOf(actor, client.ownerId);
	const ownerId = mine ? (client.ownerId as number) : actor.id;
	return { dealId: null, clientId, ownerId, dealOwnerId: null, clientOwnerId: client.ownerId };
}

/** What a step points at, to be looked up; `held`: what it points at already and may keep. */
type Pointers = { kindId: number; contactId: number | null; ownerId: number };

/** Whom a step lies with, and how long before a moment they usually want to be reminded. */
export type Owner = Reminded & {
	id: number;
	login: string;
	name: string;
	usualReminder: number | null;
	/** How long a step of the kind wanted usually takes. */
	usualLength: number | null;
};

/**
 * Looks up what a step points at. Returns its owner. Throws InvalidForm for a kind that is not offered, a
 * contact of another client, a person who does not work here; what stood there before may stay. Whoever has the
 * locked record `whose` needs no holding: they do not leave before it is let go, and it goes over to another.
 */
export async function checkPointers(
	tx: Tx,
	clientId: number | null,
	wanted: Pointers,
	held?: Partial<Pointers>,
	whose: number | null = held?.ownerId ?? null,
): Promise<Owner> {
	const { kindId, contactId, ownerId } = wanted;
	if (ownerId !== whose) await holdColleague(tx, ownerId);
	const { rows } = await tx.execute<
		Owner & { kind: boolean; contact: boolean; active: boolean }
	>(sql`
		select p.id, p.login, p.name, p.time_zone as "timeZone", p.work_from as "workFrom", p.active,
			p.remind_minutes as "usualReminder",
			(select length_minutes from interaction_kinds where id = ${kindId}) as "usualLength",
			exists (select from interaction_kinds where id = ${kindId}
				and (active or id = ${held?.kindId ?? null})) as kind,
			(${contactId}::bigint is null or exists (select from contacts
				where id = ${contactId} and client_id = ${clientId})) as contact
		from (select 1) one left join people p on p.id = ${ownerId}`);
	const { kind, contact, active, ...owner } = rows[0] as NonNullable<(typeof rows)[0]>;
	const errors: FieldErrors = {};
	if (!kind) errors.kindId = { key: 'field.choice' };
	if (!contact && contactId !== held?.contactId) errors.contactId = { key: 'field.choice' };
	if (owner.id === null || (!active && ownerId !== held?.ownerId))
		errors.ownerId = { key: 'field.choice' };
	if (Object.keys(errors).length > 0) throw new InvalidForm(errors, {});
	return owner;
}

/** Lets a person who gets a step of a deal see the deal: as its collaborator, unless they see it anyway. */
export async function letIn(
	tx: Tx,
	deal: { dealId: number | null; dealOwnerId: number | null },
	owner: Owner,
): Promise<void> {
	if (deal.dealId === null || deal.dealOwnerId === null || owner.id === deal.dealOwnerId) return;
	const person = await findActor(tx, owner.login);
	if (person !== null && mayEditOf(person, deal.dealOwnerId)) return;
	await tx.execute(sql`
		insert into deal_collaborators (deal_id, person_id) values (${deal.dealId}, ${owner.id})
		on conflict do nothing`);
}

/** Where a step of a series comes from. */
export type OfSeries = { seriesId: number; occurrence: string; rule?: string };

/** Writes a planned step and tells of it. Returns its id. Throws as checkPointers does. */
export async function insertStep(
	tx: Tx,
	acting: Acting,
	subject: Subject,
	step: NewStep,
	series?: OfSeries,
): Promise<number> {
	const { kindId, summary, contactId = null, ownerId = subject.ownerId } = step;
	const pointers = { kindId, contactId, ownerId };
	const held = { ownerId: subject.ownerId };
	const owner = await checkPointers(tx, subject.clientId, pointers, held, whoseIs(subject));
	await letIn(tx, subject, owner);
	const { plannedOn, plannedAt } = columnsOf(step.plan);
	const { remindMinutes = plannedAt && owner.usualReminder } = step;
	const { lengthMinutes = plannedAt && owner.usualLength } = step;
	const remindAt = remindAtOf({ plannedOn, plannedAt, remindMinutes }, owner);
	const { rows } = await tx.execute<{ id: number }>(sql`
		insert into interactions (deal_id, client_id, contact_id, kind_id, summary, description, place,
			planned_on, planned_at, length_minutes, remind_minutes, remind_at, series_id, occurrence,
			owner_id, author_id, created_at)
		values (${subject.dealId}, ${subject.clientId}, ${contactId}, ${kindId}, ${summary},
			${step.description ?? null}, ${step.place ?? null}, ${plannedOn}, ${plannedAt},
			${lengthMinutes}, ${remindMinutes}, ${remindAt}, ${series?.seriesId ?? null},
			${series?.occurrence ?? null}, ${ownerId}, ${acting.actorId}, ${momentOf(acting)})
		returning id`);
	const interactionId = rows[0]?.id as number;
	await record(tx, acting, {
		type: 'interaction.planned',
		interactionId,
		dealId: subject.dealId,
		clientId: subject.clientId,
		data: {
			...{ kindId, summary, plannedOn, plannedAt: plannedAt?.toISOString() ?? null },
			...(ownerId === subject.ownerId ? {} : { ownerId }),
			...(series?.rule ? { rule: series.rule } : {}),
		},
	});
	return interactionId;
}

/** Keeps the next step of the deal, where there is one. */
export async function refreshDeal(tx: Tx, { dealId }: { dealId: number | null }): Promise<void> {
	if (dealId !== null) await refreshNextStep(tx, dealId);
}

/** An interaction for a change, as it stood at this version. Throws NotFound, Conflict for a stale version. */
export async function findAtVersion(
	tx: Tx,
	acting: Acting,
	id: number,
	version: number,
): Promise<InteractionView> {
	const found = await findInteractionToEdit(tx, acting.actor, id);
	if (found.version === version) return found;
	const last = await lastStepChange(tx, found);
	throw new Conflict(
		{ version: found.version, at: last?.at ?? null, by: last?.by ?? null },
		last?.byId,
	);
}

/** The same, of one that is planned still. Throws RuleBroken for any other, too. */
export async function findPlanned(
	tx: Tx,
	acting: Acting,
	id: number,
	version: number,
): Promise<InteractionView> {
	const found = await findAtVersion(tx, acting, id, version);
	if (found.status !== 'planned') throw new RuleBroken('interaction.notPlanned');
	return found;
}

/** What an event about an interaction points at. */
export const about = (found: InteractionView) => ({
	interactionId: found.id,
	dealId: found.dealId,
	clientId: found.clientId,
});
