import { type Colleague, listColleagues } from '#src/features/access/queries.ts';
import { type Actor, asEditor, can, mayGiveOf } from '#src/features/access/rights.ts';
import { type PointLine, pointLine } from '#src/features/clients/client/facts.ts';
import { type ContactPoint, listContactPoints } from '#src/features/clients/queries.ts';
import { readLines } from '#src/features/deals/forms.ts';
import { lastMerged } from '#src/features/deals/merge/queries.ts';
import { missingFor } from '#src/features/deals/moves/entry.ts';
import { type Settlement, usualSettlement } from '#src/features/deals/moves/settlement.ts';
import { linesAfterConflict, tableFields } from '#src/features/deals/products/line-merging.ts';
import {
	type DealFrame,
	type DealView,
	findDeal,
	findEditableDeal,
	findStage,
	type LossReason,
	listAllStages,
	listLossReasons,
	listPipelines,
	type Pipeline,
	readDealFrame,
	type Stage,
	stagesIn,
} from '#src/features/deals/queries.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import { type InteractionView, listPlanned } from '#src/features/interactions/queries.ts';
import { plannedWords } from '#src/features/next-step/words.ts';
import { type Line, lineSum, linesSum, quantityWords } from '#src/features/products/lines.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { Forbidden, NotFound } from '#src/platform/errors.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { moneyForInput } from '#src/platform/i18n/money.ts';
import type { Problem } from '#src/platform/pages/dialog.ts';
import type { Fact } from '#src/platform/pages/fields.ts';
import { countSteps, type DealAround, findDealAround, listFreeColleagues } from './around.ts';
import { dealFacts } from './facts.ts';

/** A deal with its facts, for its forms. Throws NotFound. */
export async function readEditForm(
	db: Sql,
	actor: Actor,
	dealId: number,
	viewer: Viewer,
): Promise<{ deal: DealView; frame: DealFrame; facts: Fact[] }> {
	const [deal, frame] = await Promise.all([findEditableDeal(db, actor, dealId), readDealFrame(db)]);
	return { deal, frame, facts: dealFacts(deal, frame, viewer) };
}

/** The states of another pipeline, to which a deal can change. */
export type Elsewhere = { pipeline: Pipeline; stages: Stage[] };

/** A deal and the states that it can be moved to, of its own pipeline and of the others. Throws NotFound. */
export async function readMoveMenu(
	db: Sql,
	actor: Actor,
	dealId: number,
): Promise<{ deal: DealView; stages: Stage[]; elsewhere: Elsewhere[] }> {
	const [deal, stages, pipelines] = await Promise.all([
		findEditableDeal(db, actor, dealId),
		listAllStages(db),
		listPipelines(db),
	]);
	const others = pipelines.filter(({ id }) => id !== deal.pipelineId);
	return {
		...{ deal, stages: stagesIn(stages, deal.pipelineId) },
		elsewhere: others.map((pipeline) => ({ pipeline, stages: stagesIn(stages, pipeline.id) })),
	};
}

/** The end of a deal: what it asks for, and what is still planned, of which something has to become. */
export type Closure = {
	deal: DealView;
	stage: Stage;
	reasons: LossReason[];
	planned: InteractionView[];
	usual: Settlement;
	when: (step: InteractionView) => string;
};

/** What a final state asks for. Throws NotFound for a foreign deal and for a state that is not final. */
export async function readClosure(
	db: Sql,
	actor: Actor,
	dealId: number,
	stageId: number,
	viewer: Viewer,
): Promise<Closure> {
	const [deal, stages, planned] = await Promise.all([
		findEditableDeal(db, actor, dealId),
		listAllStages(db),
		listPlanned(db, dealId, viewer.timeZone),
	]);
	const stage = stages.find((one) => one.id === stageId && isFinal(one.kind));
	if (stage === undefined) throw new NotFound('error.notFound');
	return {
		...{ deal, stage, planned, usual: usualSettlement(stage.kind) },
		reasons: await listLossReasons(db),
		when: (step) => plannedWords(step, viewer),
	};
}

/** What a state demands of a deal that would enter it, as a form asks for it. */
export type Entry = {
	deal: DealView;
	stage: Stage;
	facts: Fact[];
	/** Whether a first product, somebody to talk to is wanted. */
	product: boolean;
	contact: boolean;
	/** Asked for the first time, after a bare drag or click: nobody has made a mistake yet. */
	first: boolean;
};

const FIELDS: Record<string, string> = { clientId: 'clientName' };
const BARE = new Set(['stageId', 'version', 'returnTo']);

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
	const stage = shown && (await findStage(db, stageId));
	if (!shown || !stage) throw new NotFound('error.notFound');
	const missing = await missingFor(db, deal, stage, {});
	const names = new Set(missing.map(({ name }) => FIELDS[name] ?? name));
	const contact = names.has('contact') || typed.contactName !== undefined;
	if (contact && deal.clientId === null) names.add('clientName');
	const asked = facts.filter(({ name }) => names.has(name) || typed[name] !== undefined);
	const following = deal.amountFromProducts && names.has('amount');
	return {
		...{ deal, stage: shown, contact, first: !Object.keys(typed).some((name) => !BARE.has(name)) },
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
	/** After a conflict: taken out by me, and what a colleague has made of it; null: taken out. */
	removed?: boolean;
	theirs?: (Line & { name: string }) | null;
};

const EMPTY_ROWS = 3;

/** `was`: what the form says, for telling what the person has touched. */
export type ProductsView = {
	deal: DealAround;
	rows: ShownRow[];
	sum: string | null;
	following: boolean;
	was: string;
};

/** The table of a deal's products for its form, with empty rows behind it. Throws NotFound. */
export async function readProducts(
	db: Sql,
	actor: Actor,
	dealId: number,
	viewer: Viewer,
	said: { rows: number[]; typed: Record<string, string>; problem: Problem | null },
): Promise<ProductsView> {
	const deal = await findDealAround(db, actor, dealId);
	if (!deal.editable) throw new Forbidden('error.readOnly');
	const { typed, problem } = said;
	const drawn = <T extends Line & { name: string }>(line: T, at: number) => ({
		row: at + 1,
		product: line.name,
		quantity: quantityWords(line.quantity, viewer.language),
		price: moneyForInput(viewer.language, line.price),
		sum: lineSum(line),
		faults: [],
	});
	const late = problem?.conflict && typed.was ? readLines(typed) : null;
	const known = late
		? linesAfterConflict(late, deal).map((line, at) => ({
				...{ ...drawn(line, at), removed: line.removed },
				...(line.clash ? { theirs: line.theirs } : {}),
			}))
		: deal.products.map(drawn);
	const rows: ShownRow[] =
		problem && !late
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
		following: problem
			? typed.amountFromProducts !== undefined
			: deal.amountFromProducts || deal.amount === null,
		was: JSON.stringify(tableFields(deal)),
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
		findEditableDeal(db, actor, dealId),
		listFreeColleagues(db, dealId),
	]);
	return { deal, colleagues };
}

/** A deal that is to be deleted, and how much of what was planned and done goes with it. Throws NotFound. */
export async function readRemoval(
	db: Sql,
	actor: Actor,
	dealId: number,
): Promise<{ deal: DealView; steps: number }> {
	const deal = await findEditableDeal(db, actor, dealId, 'allowed');
	const steps = await countSteps(db, [dealId]);
	return { deal, steps: steps.get(dealId) ?? 0 };
}

/** The menu of a deal: whom to call, to whom it can be given, whether it may be deleted. */
export type DealMenu = {
	deal: DealView;
	contacts: ContactPoint[];
	colleagues: Colleague[];
	me: number;
	removable: boolean;
	/** What was merged into it last, where the actor may take that back. */
	merged: { id: number; title: string; version: number } | null;
	/** A phone or a mail as it is shown. */
	point: (point: ContactPoint) => PointLine;
};

/** What can be done with a deal from its card: call, write, plan, move, take over. Throws NotFound. */
export async function readDealMenu(
	db: Sql,
	actor: Actor,
	dealId: number,
	viewer: Viewer,
): Promise<DealMenu> {
	const deal = await findDeal(db, actor, dealId);
	const contacts = deal.clientId === null ? [] : await listContactPoints(db, deal.clientId);
	const givable = deal.archivedAt === null && mayGiveOf(actor, deal.ownerId);
	const colleagues = givable ? await listReceivers(db, actor) : [];
	const removable = (deal.editable || deal.restorable) && can(actor, 'deals.remove');
	const point = (one: ContactPoint) => pointLine(one, viewer);
	const merged = deal.editable ? await lastMerged(db, dealId) : null;
	return { deal, contacts, colleagues, me: actor.id, removable, merged, point };
}

/** Whom the actor may give deals to, by name: only them, for to anybody else it would be refused. */
export async function listReceivers(db: Sql, actor: Actor): Promise<Colleague[]> {
	if (!mayGiveOf(actor, actor.id)) return [];
	return await listColleagues(
		db,
		can(actor, 'deals.give') ? { ...actor, scope: 'all' } : asEditor(actor),
	);
}
