import { type Colleague, listColleagues } from '#src/features/auth/queries.ts';
import type { Actor } from '#src/features/auth/rules.ts';
import { mayReassign } from '#src/features/auth/rules.ts';
import { type ContactPoint, listContactPoints } from '#src/features/clients/queries.ts';
import { suggestedDay } from '#src/features/interactions/forms.ts';
import {
	type InteractionKind,
	type InteractionView,
	listKinds,
	listPlanned,
} from '#src/features/interactions/queries.ts';
import { latenessWords, plannedWords } from '#src/features/interactions/words.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { type HistoryLine, historyLines } from './history.ts';
import {
	closedFrom,
	type DealView,
	findDeal,
	type LossReason,
	listLossReasons,
	listStages,
	namesIn,
	type Stage,
	timelineOf,
} from './queries.ts';
import { idleBefore, isFinal, type NextStep, type StepGroup, stepGroup } from './rules.ts';

const TIMELINE_LINES = 200;

/** All that a deal's page draws. */
export type DealPage = {
	deal: DealView;
	idle: boolean;
	stages: Stage[];
	kinds: InteractionKind[];
	planned: (InteractionView & { group: StepGroup })[];
	lines: HistoryLine[];
	/** The state that «Вернуть в работу» leads to: the one before the end. */
	reopenTo: number | null;
	/** How many lines of the history are shown, where there are more. */
	cut: number | null;
	suggested: string;
	lateness: (step: NextStep) => string;
	whenWords: (step: NextStep) => string;
	contacts: ContactPoint[];
};

/** Reads a deal's page. Throws NotFound for a deal that the actor may not see. */
export async function readDealPage(
	db: Sql,
	actor: Actor,
	dealId: number,
	viewer: Viewer,
): Promise<DealPage> {
	const deal = await findDeal(db, actor, dealId);
	const [stages, kinds, planned, timeline, contacts] = await Promise.all([
		listStages(db),
		listKinds(db),
		listPlanned(db, dealId, viewer.timeZone),
		timelineOf(db, dealId, TIMELINE_LINES),
		deal.clientId === null ? [] : listContactPoints(db, deal.clientId),
	]);
	const names = {
		...(await namesIn(db, timeline)),
		stages: new Map(stages.map((stage) => [stage.id, stage.name])),
		kinds,
		currency: deal.currency,
	};
	const grouped = planned.map((step) => ({ ...step, group: stepGroup(step, viewer) }));
	const from = isFinal(deal.stageKind) ? await closedFrom(db, dealId) : null;
	return {
		deal,
		idle: isIdle(deal, grouped, viewer),
		stages,
		kinds,
		planned: grouped,
		lines: historyLines(timeline, names, viewer),
		reopenTo: reopenTo(stages, from),
		cut: timeline.length === TIMELINE_LINES ? TIMELINE_LINES : null,
		contacts,
		suggested: suggestedDay(1, viewer),
		lateness: (step) => latenessWords(step, viewer),
		whenWords: (step) => plannedWords(step, viewer),
	};
}

// Twin of board/criteria.ts#idleSql.
function isIdle(deal: DealView, planned: { group: StepGroup }[], viewer: Viewer): boolean {
	const limit = idleBefore(deal.idleDays, viewer);
	if (limit === null || planned.some((step) => step.group !== 'late')) return false;
	return (deal.lastDoneAt ?? deal.createdAt) < limit;
}

function reopenTo(stages: Stage[], from: number | null): number | null {
	const open = stages.filter((stage) => !isFinal(stage.kind));
	return open.find((stage) => stage.id === from)?.id ?? open.at(-1)?.id ?? null;
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
