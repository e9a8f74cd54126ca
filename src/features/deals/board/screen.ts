import { shortName } from '#src/features/access/names.ts';
import type { Colleague } from '#src/features/access/queries.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { dealBar } from '#src/features/deals/bulk/forms.ts';
import { STRETCHES } from '#src/features/deals/dates/dates.ts';
import { addressOf, PERIODS } from '#src/features/deals/list/filter.ts';
import { listAllStages, type Pipeline, type Stage, stagesIn } from '#src/features/deals/queries.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import type { StepGroup } from '#src/features/next-step/rules.ts';
import { stepWords } from '#src/features/next-step/words.ts';
import { type SavedMenu, savedMenu } from '#src/features/saved-filters/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import type { BulkBar } from '#src/platform/forms/chosen.ts';
import { monthOf, type Viewer } from '#src/platform/i18n/dates.ts';
import {
	type Column,
	groupAt,
	type Reading,
	readColumnFrom,
	readColumns,
	readStretches,
	readStretchFrom,
	type ShownCard,
	type StretchColumn,
	showBelow,
} from './columns.ts';
import { type Face, faceOf } from './face.ts';
import { boardUrl, type ColumnStart, type Filter, listUrl, readFilter } from './forms.ts';
import { CARDS_A_COLUMN, type Frame, readFrame } from './queries.ts';
import { addSum, countDates, countDeals, type Sum, type Total, type Totals } from './totals.ts';

/** One of the two drop fields of the right-hand column. */
export type Finish = { stage: Stage; total: Total };

/** All that the board draws: columns of states with the finish fields, or stretches of days. */
export type BoardScreen = {
	filter: Filter;
	pipelines: Pipeline[];
	/** The one that is looked at. */
	pipeline: Pipeline;
	columns: Column[];
	finishes: Finish[];
	stretches: StretchColumn[];
	chips: Totals['chips'];
	sums: Sum[];
	count: number;
	colleagues: Colleague[];
	bulk: BulkBar;
	tags: Frame['tags'];
	sources: string[];
	saved: SavedMenu;
	month: number;
} & Words;

/** What templates say and link with. */
type Words = {
	boardUrl: typeof boardUrl;
	/** The same view of the same pipeline without any отбор. */
	resetUrl: string;
	periods: typeof PERIODS;
	/** The list of the deals that a finish field counts. */
	listUrl: (stageId: number) => string;
	words: (card: ShownCard) => string;
	short: typeof shortName;
	face: Face;
};

const wordsFor = ({ actor, filter, stages, viewer }: Reading): Words => ({
	boardUrl,
	resetUrl: addressOf('/board', {
		...{ view: filter.view === 'dates' && filter.view, pipeline: filter.pipeline },
	}),
	periods: PERIODS,
	listUrl: (stageId) => listUrl(filter, stageId),
	words: (card) => stepWords(card, viewer),
	short: shortName,
	face: faceOf(actor, filter, stages, viewer),
});

/** Some columns only; how many cards each shows, by its id, where it is not the usual number. */
type Part = {
	only?: number[];
	shown?: Map<string, number>;
	limit?: number;
	/** Deals whose cards have to be seen, however far down they stand. */
	sought?: number[];
};

/**
 * Reads the board, or only some of its columns, in four statements with the session's. Throws
 * BadRequest and NotFound for an address that makes no sense.
 */
export async function readBoard(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
	part: Part = {},
): Promise<BoardScreen> {
	const { filter, start } = readFilter(actor, query);
	const frame = await readFrame(db, actor, 'board');
	const { saved, colleagues, tags, sources, pipelines } = frame;
	const stages = statesShown(frame.stages, filter);
	const shownIn = (id: string) => Math.max(part.limit ?? CARDS_A_COLUMN, part.shown?.get(id) ?? 0);
	const reading = { actor, filter, stages, viewer, shownIn };
	const body =
		filter.view === 'dates'
			? await readByDates(db, reading, start)
			: await readByStates(db, reading, start, part.only);
	await showBelow(db, reading, [...body.columns, ...body.stretches], part.sought ?? []);
	return {
		filter,
		...body,
		...{ colleagues, tags, sources, pipelines },
		bulk: dealBar(actor, colleagues.length > 1),
		pipeline: pipelines.find(({ id }) => id === stages[0]?.pipelineId) as Pipeline,
		saved: savedMenu(actor, 'board', saved, boardUrl(filter).split('?')[1] ?? ''),
		month: monthOf(viewer.today).month,
		...wordsFor(reading),
	};
}

// A pipeline that is gone is an address without sense: its deals are in another one.
function statesShown(stages: Stage[], { pipeline }: Filter): Stage[] {
	const shown = stagesIn(stages, pipeline);
	if (shown.length === 0) throw new NotFound('error.notFound');
	return shown;
}

type Body = Pick<BoardScreen, 'columns' | 'finishes' | 'stretches' | 'chips' | 'sums' | 'count'>;

async function readByStates(
	db: Sql,
	reading: Reading,
	start: ColumnStart | null,
	only?: number[],
): Promise<Body> {
	const { actor, filter, stages, viewer } = reading;
	const open = stages.filter((stage) => !isFinal(stage.kind));
	const wanted = open.filter((stage) => only?.includes(stage.id) ?? true);
	const [totals, drawn] = await Promise.all([
		countDeals(db, actor, filter, stages, viewer),
		readColumns(db, reading, wanted),
	]);
	const columns = drawn(totals);
	const at = columns.findIndex((column) => column.id === start?.column);
	const stage = columns[at]?.stage;
	if (start && stage) columns[at] = await readColumnFrom(db, reading, stage, start.cursor, totals);
	const finishes = stages
		.filter((one) => isFinal(one.kind) && (only?.includes(one.id) ?? true))
		.map((one) => ({ stage: one, total: totals.stages.get(one.id) as Total }));
	const all = open.map((one) => totals.stages.get(one.id));
	return { columns, finishes, stretches: [], chips: totals.chips, ...grandTotal(all) };
}

async function readByDates(db: Sql, reading: Reading, start: ColumnStart | null): Promise<Body> {
	const { actor, filter, stages, viewer } = reading;
	const [totals, drawn] = await Promise.all([
		countDates(db, actor, filter, stages, viewer),
		readStretches(db, reading),
	]);
	const stretches = drawn(totals);
	const at = stretches.findIndex((column) => column.id === start?.column);
	const stretch = stretches[at]?.stretch;
	if (start && stretch)
		stretches[at] = await readStretchFrom(db, reading, stretch, start.cursor, totals);
	const all = Object.values(totals.dates);
	return { columns: [], finishes: [], stretches, chips: totals.chips, ...grandTotal(all) };
}

function grandTotal(totals: ({ count: number; sums: Sum[] } | undefined)[]): {
	count: number;
	sums: Sum[];
} {
	const sums: Sum[] = [];
	let count = 0;
	for (const total of totals) {
		count += total?.count ?? 0;
		for (const sum of total?.sums ?? []) addSum(sums, { ...sum });
	}
	return { count, sums };
}

/** More cards of a column; `after`: the group that they go on with, whose line is there already. */
export type More = { column: Column | StretchColumn; filter: Filter; after: StepGroup } & Words;

/** One column from a cursor on: what «Показать ещё» brings. */
export async function readMore(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<More | null> {
	const { filter, start } = readFilter(actor, query);
	if (start === null) return null;
	const stages = statesShown(await listAllStages(db), filter);
	const reading = { actor, filter, stages, viewer, shownIn: () => CARDS_A_COLUMN };
	const column =
		filter.view === 'dates'
			? await moreOfStretch(db, reading, start)
			: await moreOfState(db, reading, start);
	if (column === null) return null;
	return { filter, column, after: groupAt(start.cursor), ...wordsFor(reading) };
}

async function moreOfState(
	db: Sql,
	reading: Reading,
	{ column, cursor }: ColumnStart,
): Promise<Column | null> {
	const { actor, filter, stages, viewer } = reading;
	const stage = stages.find((one) => String(one.id) === column && !isFinal(one.kind));
	if (stage === undefined) return null;
	const totals = await countDeals(db, actor, filter, stages, viewer);
	return await readColumnFrom(db, reading, stage, cursor, totals);
}

async function moreOfStretch(
	db: Sql,
	reading: Reading,
	{ column, cursor }: ColumnStart,
): Promise<StretchColumn | null> {
	const { actor, filter, stages, viewer } = reading;
	const stretch = STRETCHES.find((one) => one === column);
	if (stretch === undefined) return null;
	const totals = await countDates(db, actor, filter, stages, viewer);
	return await readStretchFrom(db, reading, stretch, cursor, totals);
}
