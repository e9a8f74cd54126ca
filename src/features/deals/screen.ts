import { type Colleague, listColleagues } from '#src/features/auth/queries.ts';
import type { Actor } from '#src/features/auth/rules.ts';
import { mayReassign } from '#src/features/auth/rules.ts';
import { type ContactPoint, listContactPoints } from '#src/features/clients/queries.ts';
import {
	type InteractionKind,
	type InteractionView,
	listKinds,
	listPlanned,
} from '#src/features/interactions/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import {
	type DealView,
	findDeal,
	type LossReason,
	listLossReasons,
	listStages,
	type Stage,
	type TimelineEntry,
	timelineOf,
} from './queries.ts';
import { idleBefore, isFinal, type StepGroup, stepGroup } from './rules.ts';

const TIMELINE_LINES = 200;

/** All that a deal's page draws. */
export type DealPage = {
	deal: DealView;
	idle: boolean;
	stages: Stage[];
	/** The states by id: names for the lines of the history. */
	stageNames: Map<number, string>;
	kinds: InteractionKind[];
	reasons: Map<number, string>;
	planned: (InteractionView & { group: StepGroup })[];
	timeline: TimelineEntry[];
	contacts: ContactPoint[];
	people: Map<number, string>;
	mayReassign: boolean;
};

/** Reads a deal's page. Throws NotFound for a deal that the actor may not see. */
export async function readDealPage(
	db: Sql,
	actor: Actor,
	dealId: number,
	viewer: Viewer,
): Promise<DealPage> {
	const deal = await findDeal(db, actor, dealId);
	const [stages, kinds, reasons, planned, timeline, contacts, people] = await Promise.all([
		listStages(db),
		listKinds(db),
		listLossReasons(db),
		listPlanned(db, dealId, viewer.timeZone),
		timelineOf(db, dealId, TIMELINE_LINES),
		deal.clientId === null ? [] : listContactPoints(db, deal.clientId),
		listColleagues(db, actor),
	]);
	const grouped = planned.map((step) => ({ ...step, group: stepGroup(step, viewer) }));
	const limit = idleBefore(deal.idleDays, viewer);
	const ahead = grouped.some((step) => step.group !== 'late');
	return {
		deal,
		idle: limit !== null && !ahead && (deal.lastDoneAt ?? deal.createdAt) < limit,
		stages,
		stageNames: new Map(stages.map((stage) => [stage.id, stage.name])),
		kinds,
		reasons: new Map(reasons.map((reason) => [reason.id, reason.name])),
		planned: grouped,
		timeline,
		contacts,
		people: new Map(people.map((person) => [person.id, person.name])),
		mayReassign: mayReassign(actor),
	};
}

/** The facts of a deal for its form. Throws NotFound. */
export async function readEditForm(
	db: Sql,
	actor: Actor,
	dealId: number,
): Promise<{ deal: DealView; stageId: number }> {
	const deal = await findDeal(db, actor, dealId);
	return { deal, stageId: deal.stageId };
}

/** A deal and the states that it can be moved to. Throws NotFound. */
export async function readMoveMenu(
	db: Sql,
	actor: Actor,
	dealId: number,
): Promise<{ deal: DealView; stages: Stage[] }> {
	const deal = await findDeal(db, actor, dealId);
	return { deal, stages: await listStages(db) };
}

/** What a final state asks for. Throws NotFound for a foreign deal and for a state that is not final. */
export async function readClosure(
	db: Sql,
	actor: Actor,
	dealId: number,
	stageId: number,
): Promise<{ deal: DealView; stage: Stage; reasons: LossReason[] }> {
	const { deal, stages } = await readMoveMenu(db, actor, dealId);
	const stage = stages.find((one) => one.id === stageId && isFinal(one.kind));
	if (stage === undefined) throw new NotFound('error.notFound');
	return { deal, stage, reasons: await listLossReasons(db) };
}

/** What can be done with a deal from its card: call, write, plan, move, take over. Throws NotFound. */
export async function readDealMenu(
	db: Sql,
	actor: Actor,
	dealId: number,
): Promise<{ deal: DealView; contacts: ContactPoint[]; colleagues: Colleague[]; me: number }> {
	const deal = await findDeal(db, actor, dealId);
	const contacts = deal.clientId === null ? [] : await listContactPoints(db, deal.clientId);
	const colleagues = mayReassign(actor) ? await listColleagues(db, actor) : [];
	return { deal, contacts, colleagues, me: actor.id };
}
