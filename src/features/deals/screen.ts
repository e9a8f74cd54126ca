import { type Colleague, listColleagues } from '#src/features/auth/queries.ts';
import { type Actor, inScope, mayReassign } from '#src/features/auth/rules.ts';
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
import { dayOf, type Viewer } from '#src/platform/i18n/dates.ts';
import { moneyForInput } from '#src/platform/i18n/money.ts';
import type { Problem } from '#src/platform/web/dialog.ts';
import type { Fact } from '#src/platform/web/facts.ts';
import { readQuery } from '#src/platform/web/forms.ts';
import { type DealAround, findDealAround, listFreeColleagues } from './around.ts';
import { missingFor } from './entering.ts';
import { dealFacts } from './facts.ts';
import { HistoryQuery } from './forms.ts';
import { byDays, type HistoryDay, historyLines } from './history.ts';
import { lineSum, linesSum, quantityWords } from './lines.ts';
import {
	type DealFrame,
	type DealView,
	findDeal,
	findStage,
	type LossReason,
	listLossReasons,
	listStages,
	readDealFrame,
	type Stage,
} from './queries.ts';
import {
	idleBefore,
	isFinal,
	type NextStep,
	type StepGroup,
	secondsBetween,
	stepGroup,
} from './rules.ts';
import { momentOfPlace, readTimeline, TIMELINE_PARTS, type TimelinePart } from './timeline.ts';

const LINES_A_PAGE = 30;
const MOST_LINES = 500;

/** The part of the history that is looked at. */
export type History = {
	parts: typeof TIMELINE_PARTS;
	part: TimelinePart | null;
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
	stages: Stage[];
	kinds: InteractionKind[];
	planned: (InteractionView & { group: StepGroup })[];
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
	const { part = null, after = null } = readHistoryQuery(query);
	const limit = Math.min(MOST_LINES, Math.max(LINES_A_PAGE, shown));
	const deal = await findDealAround(db, actor, dealId);
	const [frame, kinds, planned, timeline] = await Promise.all([
		readDealFrame(db),
		listKinds(db),
		listPlanned(db, dealId, viewer.timeZone),
		readTimeline(db, dealId, { part, after, limit }),
	]);
	const { stages, extraFields } = frame;
	const names = {
		stages: new Map(stages.map((stage) => [stage.id, stage.name])),
		...{ kinds, extraFields, currency: deal.currency },
	};
	const grouped = planned.map((step) => ({ ...step, group: stepGroup(step, viewer) }));
	const url = historyUrl(dealId);
	return {
		...{ deal, stages, kinds, planned: grouped, me: actor.id },
		facts: dealFacts(deal, frame, viewer),
		idle: isIdle(deal, grouped, viewer),
		history: {
			...{ parts: TIMELINE_PARTS, part, url, continued: after !== null },
			lastDay: after && dayOf(momentOfPlace(after), viewer.timeZone),
			days: byDays(historyLines(timeline.entries, names, viewer), viewer),
			more: timeline.next && url(part, timeline.next),
		},
		stood: stoodIn(deal, stages, viewer),
		reopenTo: isFinal(deal.stageKind) ? reopenTo(stages, deal.closedFrom) : null,
		suggested: suggestedDay(1, viewer),
		sum: linesSum(deal.products),
		lineSum,
		quantity: (quantity) => quantityWords(quantity, viewer.language),
		lateness: (step) => latenessWords(step, viewer),
		whenWords: (step) => plannedWords(step, viewer),
	};
}

// The address of a page may carry more than that: it is not only ours who link to a deal.
function readHistoryQuery(query: unknown) {
	const { part, after } = query as Record<string, unknown>;
	return readQuery(HistoryQuery, { part, after });
}

const historyUrl =
	(dealId: number) =>
	(part: TimelinePart | null, after?: string): string => {
		const query = new URLSearchParams({ ...(part && { part }), ...(after && { after }) });
		return query.size === 0 ? `/deals/${dealId}` : `/deals/${dealId}?${query}`;
	};

function stoodIn(deal: DealAround, stages: Stage[], viewer: Viewer): Stood[] {
	const now = isFinal(deal.stageKind) ? 0 : secondsBetween(deal.stageEnteredAt, viewer.now);
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

/** A deal with its facts, for its forms. Throws NotFound. */
export async function readEditForm(
	db: Sql,
	actor: Actor,
	dealId: number,
	viewer: Viewer,
): Promise<{ deal: DealView; frame: DealFrame; facts: Fact[] }> {
	const [deal, frame] = await Promise.all([findDeal(db, actor, dealId), readDealFrame(db)]);
	return { deal, frame, facts: dealFacts(deal, frame, viewer) };
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

/** What a state demands of a deal that would enter it, as a form asks for it. */
export type Entry = {
	deal: DealView;
	stage: Stage;
	facts: Fact[];
	/** Whether a first product, somebody to talk to is wanted. */
	product: boolean;
	contact: boolean;
};

const FIELDS: Record<string, string> = { clientId: 'clientName' };

/**
 * What a deal lacks of what an open state demands, with whatever was typed already. Throws NotFound for a
 * foreign deal and for a state that is not there.
 */
export async function readEntry(
	db: Sql,
	actor: Actor,
	dealId: number,
	stageId: number,
	viewer: Viewer,
	typed: Record<string, string>,
): Promise<Entry> {
	const { deal, frame, facts } = await readEditForm(db, actor, dealId, viewer);
	const shown = frame.stages.find(({ id }) => id === stageId);
	const stage = shown && (await findStage(db, shown.pipelineId, stageId));
	if (!shown || !stage) throw new NotFound('error.notFound');
	const missing = await missingFor(db, deal, stage, {});
	const names = new Set(missing.map(({ name }) => FIELDS[name] ?? name));
	const contact = names.has('contact') || typed.contactName !== undefined;
	if (contact && deal.clientId === null) names.add('clientName');
	const asked = facts.filter(({ name }) => names.has(name) || typed[name] !== undefined);
	const following = deal.amountFromProducts && names.has('amount');
	return {
		...{ deal, stage: shown, contact },
		facts: asked.filter(({ fixed }) => !fixed),
		product: names.has('products') || following || typed.product !== undefined,
	};
}

/** The row of a deal's products as its form holds it: what was typed, or what stands there. */
export type ShownRow = {
	row: number;
	product: string;
	quantity: string;
	price: string;
	sum: string | null;
	faults: string[];
};

const EMPTY_ROWS = 3;

/** The table of a deal's products for its form, with empty rows behind it. Throws NotFound. */
export async function readProducts(
	db: Sql,
	actor: Actor,
	dealId: number,
	viewer: Viewer,
	said: { rows: number[]; typed: Record<string, string>; problem: Problem | null },
): Promise<{ deal: DealAround; rows: ShownRow[]; sum: string | null; following: boolean }> {
	const deal = await findDealAround(db, actor, dealId);
	const { typed, problem } = said;
	const known = deal.products.map((line, at) => ({
		row: at + 1,
		product: line.name,
		quantity: quantityWords(line.quantity, viewer.language),
		price: moneyForInput(viewer.language, line.price),
		sum: lineSum(line),
		faults: [],
	}));
	const rows = problem
		? said.rows.map((row) => ({
				row,
				product: typed[`product${row}`] ?? '',
				quantity: typed[`quantity${row}`] ?? '',
				price: typed[`price${row}`] ?? '',
				sum: null,
				faults: ['product', 'quantity', 'price'].flatMap((name) => {
					const fault = problem.fields[`${name}${row}`];
					return fault ? [fault] : [];
				}),
			}))
		: known;
	const last = rows.at(-1)?.row ?? 0;
	const empty = Array.from({ length: EMPTY_ROWS }, (_, n) => emptyRow(last + n + 1));
	return {
		deal,
		rows: [...rows, ...empty],
		sum: linesSum(deal.products),
		following: problem ? typed.amountFromProducts !== undefined : deal.amountFromProducts,
	};
}

const emptyRow = (row: number): ShownRow => ({
	...{ row, product: '', quantity: '', price: '', sum: null, faults: [] },
});

/** Whom a deal can take in: colleagues who neither own it nor help already. Throws NotFound. */
export async function readHelpers(
	db: Sql,
	actor: Actor,
	dealId: number,
): Promise<{ deal: DealView; colleagues: Colleague[] }> {
	const [deal, colleagues] = await Promise.all([
		findDeal(db, actor, dealId),
		listFreeColleagues(db, dealId),
	]);
	return { deal, colleagues };
}

/** What can be done with a deal from its card: call, write, plan, move, take over. Throws NotFound. */
export async function readDealMenu(
	db: Sql,
	actor: Actor,
	dealId: number,
): Promise<{ deal: DealView; contacts: ContactPoint[]; colleagues: Colleague[]; me: number }> {
	const deal = await findDeal(db, actor, dealId);
	const contacts = deal.clientId === null ? [] : await listContactPoints(db, deal.clientId);
	const mine = mayReassign(actor) && inScope(actor, deal.ownerId);
	const colleagues = mine ? await listColleagues(db, actor) : [];
	return { deal, contacts, colleagues, me: actor.id };
}
