import type { Colleague } from '#src/features/auth/queries.ts';
import type { Actor } from '#src/features/auth/rules.ts';
import { listStages, type Stage } from '#src/features/deals/queries.ts';
import { isFinal, STEP_GROUPS, type StepGroup, stepGroup } from '#src/features/deals/rules.ts';
import { shortName, stepWords } from '#src/features/interactions/words.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { monthOf, type Viewer } from '#src/platform/i18n/dates.ts';
import { boardUrl, type Filter, listUrl, PERIODS, readFilter } from './forms.ts';
import { cursorOf, RANKS, readCursor, viewerAsOf } from './order.ts';
import { CARDS_A_COLUMN, type Card, listCards, readFrame } from './queries.ts';
import { addSum, countDeals, type Sum, type Total, type Totals } from './totals.ts';

/** A card with the group line that it stands under. */
export type ShownCard = Card & { group: StepGroup };
/** A column as it is drawn. `more` is the cursor of the rest, if there is one. */
export type Column = {
	stage: Stage;
	total: Total;
	groups: { group: StepGroup; cards: ShownCard[] }[];
	more: string | null;
	continued: boolean;
};
/** One of the two drop fields of the right-hand column. */
export type Finish = { stage: Stage; total: Total };

/** All that the board draws. */
export type BoardScreen = {
	filter: Filter;
	columns: Column[];
	finishes: Finish[];
	chips: Totals['chips'];
	sums: Sum[];
	count: number;
	colleagues: Colleague[];
	month: number;
} & Words;

/** What templates say and link with. */
type Words = {
	boardUrl: typeof boardUrl;
	periods: typeof PERIODS;
	/** The list of the deals that a finish field counts. */
	listUrl: (stageId: number) => string;
	words: (card: ShownCard) => string;
	short: typeof shortName;
};

const wordsFor = (filter: Filter, viewer: Viewer): Words => ({
	boardUrl,
	periods: PERIODS,
	listUrl: (stageId) => listUrl(filter, stageId),
	words: (card) => stepWords(card, viewer),
	short: shortName,
});

/** Some columns only; how many cards each shows, where it is not the usual number. */
type Part = { only?: number[]; shown?: Map<number, number>; limit?: number };

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
	const { stages, colleagues } = await readFrame(db, actor);
	const open = stages.filter((stage) => !isFinal(stage.kind));
	const wanted = open.filter((stage) => part.only?.includes(stage.id) ?? true);
	const shownIn = (stage: Stage) =>
		Math.max(part.limit ?? CARDS_A_COLUMN, part.shown?.get(stage.id) ?? 0);
	const limit = Math.max(0, ...wanted.map(shownIn));
	const [totals, cards] = await Promise.all([
		countDeals(db, actor, filter, stages, viewer),
		wanted.length === 0 ? [] : listCards(db, actor, filter, wanted, viewer, limit + 1),
	]);
	const columns = wanted.map((stage) => {
		const own = cards.filter((card) => card.stageId === stage.id);
		return columnOf(stage, totals, own, shownIn(stage), viewer);
	});
	if (start !== null) {
		const at = columns.findIndex((column) => column.stage.id === start.stageId);
		const stage = columns[at]?.stage;
		if (stage)
			columns[at] = await readColumn(db, actor, filter, stage, totals, start.cursor, viewer);
	}
	return {
		filter,
		columns,
		finishes: finishesOf(stages, totals, part.only),
		chips: totals.chips,
		...grandTotal(open, totals),
		colleagues,
		month: monthOf(viewer.today).month,
		...wordsFor(filter, viewer),
	};
}

/** More cards of a column; `after`: the group that they go on with, whose line is there already. */
export type More = { column: Column; filter: Filter; after: StepGroup } & Words;

/** One column from a cursor on: what «Показать ещё» brings. */
export async function readMore(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<More | null> {
	const { filter, start } = readFilter(actor, query);
	const stages = await listStages(db);
	const stage = stages.find((one) => one.id === start?.stageId && !isFinal(one.kind));
	if (start === null || stage === undefined) return null;
	const totals = await countDeals(db, actor, filter, stages, viewer);
	const column = await readColumn(db, actor, filter, stage, totals, start.cursor, viewer);
	return { filter, column, after: groupAt(start.cursor), ...wordsFor(filter, viewer) };
}

function groupAt(cursor: string): StepGroup {
	const { place, asOf } = readCursor(cursor);
	if (place.rank === RANKS.none) return 'none';
	if (place.rank === RANKS.far) return 'later';
	return place.due * 1000 <= asOf.getTime() ? 'late' : 'today';
}

async function readColumn(
	db: Sql,
	actor: Actor,
	filter: Filter,
	stage: Stage,
	totals: Totals,
	cursor: string,
	viewer: Viewer,
): Promise<Column> {
	const { place, asOf } = readCursor(cursor);
	// Judged as of the first page: at midnight groups shift, and a shifted cursor would lose cards.
	const then = viewerAsOf(viewer, asOf);
	const cards = await listCards(db, actor, filter, [stage], then, CARDS_A_COLUMN + 1, place);
	return { ...columnOf(stage, totals, cards, CARDS_A_COLUMN, then), continued: true };
}

function columnOf(
	stage: Stage,
	totals: Totals,
	cards: Card[],
	limit: number,
	viewer: Viewer,
): Column {
	const shown = cards.slice(0, limit).map((card) => ({ ...card, group: stepGroup(card, viewer) }));
	const last = shown.at(-1);
	return {
		stage,
		total: totals.stages.get(stage.id) as Total,
		groups: STEP_GROUPS.map((group) => ({
			group,
			cards: shown.filter((card) => card.group === group),
		})).filter(({ cards }) => cards.length > 0),
		more: cards.length > limit && last ? `${stage.id}:${cursorOf(last, viewer)}` : null,
		continued: false,
	};
}

function finishesOf(stages: Stage[], totals: Totals, only?: number[]): Finish[] {
	return stages
		.filter((stage) => isFinal(stage.kind) && (only?.includes(stage.id) ?? true))
		.map((stage) => ({ stage, total: totals.stages.get(stage.id) as Total }));
}

function grandTotal(open: Stage[], totals: Totals): { count: number; sums: Sum[] } {
	const sums: Sum[] = [];
	let count = 0;
	for (const stage of open) {
		const total = totals.stages.get(stage.id);
		count += total?.count ?? 0;
		for (const sum of total?.sums ?? []) addSum(sums, { ...sum });
	}
	return { count, sums };
}
