import { type Actor, mayEditOf } from '#src/features/access/rights.ts';
import { pointLine } from '#src/features/clients/client/facts.ts';
import { type Asked, askedQuery } from '#src/features/clients/history/history-filter.ts';
import type { Point } from '#src/features/clients/record.ts';
import { HistoryQuery } from '#src/features/deals/forms.ts';
import { byDays, type HistoryDay, historyLines } from '#src/features/deals/history/history.ts';
import {
	momentOfPlace,
	readTimeline,
	TIMELINE_PARTS,
	type TimelinePart,
} from '#src/features/deals/history/timeline.ts';
import {
	type DealView,
	type Pipeline,
	readDealFrame,
	type Stage,
	stagesIn,
} from '#src/features/deals/queries.ts';
import { idleBefore, isFinal, secondsBetween } from '#src/features/deals/rules.ts';
import { suggestedDay } from '#src/features/interactions/forms.ts';
import {
	type InteractionKind,
	type InteractionView,
	listKinds,
	listPlanned,
} from '#src/features/interactions/queries.ts';
import { type NextStep, type StepGroup, stepGroup } from '#src/features/next-step/rules.ts';
import { latenessWords, plannedWords } from '#src/features/next-step/words.ts';
import { lineSum, linesSum, quantityWords } from '#src/features/products/lines.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { readQuery } from '#src/platform/forms/readers.ts';
import { dayOf, type Viewer } from '#src/platform/i18n/dates.ts';
import type { Fact } from '#src/platform/pages/fields.ts';
import { type DealAround, findDealAround } from './around.ts';
import { dealFacts } from './facts.ts';

const LINES_A_PAGE = 30;
const MOST_LINES = 500;

/** The part of the history that is looked at. */
export type History = {
	parts: typeof TIMELINE_PARTS;
	part: TimelinePart | null;
	asked: Asked;
	days: HistoryDay[];
	/** Whether it begins behind the first page, and on which day the page before ended. */
	continued: boolean;
	lastDay: string | null;
	/** The address of the next page, null at the end; `url`: of another part. */
	more: string | null;
	url: (part: TimelinePart | null) => string;
};

/** How long a deal stood in a state; `here`: it still does. */
export type Stood = { stage: Stage; seconds: number; here: boolean };

/** All that a deal's page draws. */
export type DealPage = {
	deal: DealAround;
	facts: Fact[];
	idle: boolean;
	/** The states of its pipeline. */
	stages: Stage[];
	/** Its pipeline, where there are several. */
	pipeline: Pipeline | null;
	kinds: InteractionKind[];
	planned: (InteractionView & { group: StepGroup; editable: boolean })[];
	history: History;
	stood: Stood[];
	/** The state that «Вернуть в работу» leads to: the one before the end. */
	reopenTo: number | null;
	me: number;
	suggested: string;
	/** What the products cost together. */
	sum: string | null;
	lineSum: typeof lineSum;
	quantity: (quantity: string) => string;
	lateness: (step: NextStep) => string;
	whenWords: (step: NextStep) => string;
	/** A phone or a mail as it is shown, with the address that dials or writes. */
	point: (point: Point) => ReturnType<typeof pointLine>;
};

/**
 * Reads a deal's page, in six statements with the session's. `query`: the part of its history and the page
 * of that; `shown`: how many lines the person has unfolded. Throws NotFound for a deal that the actor may
 * not see, BadRequest for an address that makes no sense.
 */
export async function readDealPage(
	db: Sql,
	actor: Actor,
	dealId: number,
	viewer: Viewer,
	query: unknown = {},
	shown = 0,
): Promise<DealPage> {
	const { part = null, after = null, ...asked } = readHistoryQuery(query);
	const limit = Math.min(MOST_LINES, Math.max(LINES_A_PAGE, shown));
	const deal = await findDealAround(db, actor, dealId);
	const [frame, kinds, planned, timeline] = await Promise.all([
		readDealFrame(db),
		listKinds(db),
		listPlanned(db, dealId, viewer.timeZone),
		readTimeline(db, deal.family, { part, asked, after, limit }, viewer),
	]);
	const { extraFields } = frame;
	const stages = stagesIn(frame.stages, deal.pipelineId);
	const names = {
		stages: new Map([...frame.past, ...frame.stages].map(({ id, name }) => [id, name])),
		...{ kinds, extraFields, currency: deal.currency },
	};
	const grouped = planned.map((step) => ({
		...step,
		group: stepGroup(step, viewer),
		editable: deal.editable || mayEditOf(actor, step.ownerId),
	}));
	const url = historyUrl(dealId, asked);
	return {
		...{ deal, stages, kinds, planned: grouped, me: actor.id },
		pipeline: pipelineOf(deal, frame.pipelines),
		facts: dealFacts(deal, frame, viewer),
		idle: isIdle(deal, grouped, viewer),
		history: {
			...{ parts: TIMELINE_PARTS, part, asked, url, continued: after !== null },
			lastDay: after && dayOf(momentOfPlace(after), viewer.timeZone),
			days: byDays(historyLines(timeline.entries, names, viewer), viewer),
			more: timeline.next && url(part, timeline.next),
		},
		stood: stoodIn(deal, frame.stages, viewer),
		reopenTo: isFinal(deal.stageKind) ? reopenTo(stages, deal.closedFrom) : null,
		suggested: suggestedDay(1, viewer),
		sum: linesSum(deal.products),
		lineSum,
		quantity: (quantity) => quantityWords(quantity, viewer.language),
		lateness: (step) => latenessWords(step, viewer),
		whenWords: (step) => plannedWords(step, viewer),
		point: (point) => pointLine(point, viewer),
	};
}

// The address of a page may carry more than that: it is not only ours who link to a deal.
function readHistoryQuery(query: unknown) {
	const own = Object.keys(HistoryQuery.properties);
	const said = Object.entries(query as Record<string, unknown>);
	return readQuery(HistoryQuery, Object.fromEntries(said.filter(([name]) => own.includes(name))));
}

const historyUrl =
	(dealId: number, asked: Asked) =>
	(part: TimelinePart | null, after?: string): string => {
		const query = new URLSearchParams({
			...(part && { part }),
			...askedQuery(asked),
			...(after && { after }),
		});
		return query.size === 0 ? `/deals/${dealId}` : `/deals/${dealId}?${query}`;
	};

function pipelineOf({ pipelineId }: DealView, pipelines: Pipeline[]): Pipeline | null {
	if (pipelines.length < 2) return null;
	return pipelines.find(({ id }) => id === pipelineId) ?? null;
}

function stoodIn(deal: DealAround, stages: Stage[], viewer: Viewer): Stood[] {
	// The viewer's clock may be behind the one by which it came here.
	const now = isFinal(deal.stageKind)
		? 0
		: Math.max(0, secondsBetween(deal.stageEnteredAt, viewer.now));
	return stages.flatMap((stage) => {
		const here = stage.id === deal.stageId && !isFinal(stage.kind);
		const before = deal.stood.find(({ stageId }) => stageId === stage.id)?.seconds ?? 0;
		const seconds = before + (here ? now : 0);
		return !isFinal(stage.kind) && (seconds > 0 || here) ? [{ stage, seconds, here }] : [];
	});
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
