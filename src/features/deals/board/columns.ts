import type { Actor } from '#src/features/access/rights.ts';
import { dropDay, STRETCHES, type Stretch } from '#src/features/deals/dates/dates.ts';
import type { Stage } from '#src/features/deals/queries.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import { STEP_GROUPS, type StepGroup, stepGroup } from '#src/features/next-step/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import type { Filter } from './forms.ts';
import { cursorOf, RANKS, readCursor, viewerAsOf } from './order.ts';
import { CARDS_A_COLUMN, type Card, listCards, listDateCards } from './queries.ts';
import type { DateTotals, Sum, Total, Totals } from './totals.ts';

/** A card with the group line that it stands under. */
export type ShownCard = Card & { group: StepGroup };

type Cards = {
	/** The state's id, or the name of the stretch of days. */
	id: string;
	groups: { group: StepGroup; cards: ShownCard[] }[];
	/** Cards that come later, shown at the end because they are what was just changed. */
	below: ShownCard[];
	/** The cursor of the rest, if there is one. */
	more: string | null;
	continued: boolean;
};
/** A column of the board by states as it is drawn. */
export type Column = Cards & { stage: Stage; total: Total };
/** A column of the board by dates; `day`: what a drop there plans for, null where nothing can be dropped. */
export type StretchColumn = Cards & {
	stretch: Stretch;
	total: { count: number; sums: Sum[] };
	day: string | null;
};

/** What columns are read with; `shownIn`: how many cards the column of an id shows. */
export type Reading = {
	actor: Actor;
	filter: Filter;
	stages: Stage[];
	viewer: Viewer;
	shownIn: (id: string) => number;
};

/** The columns of these open states. */
export async function readColumns(
	db: Sql,
	{ actor, filter, viewer, shownIn }: Reading,
	wanted: Stage[],
): Promise<(totals: Totals) => Column[]> {
	if (wanted.length === 0) return () => [];
	const limit = Math.max(...wanted.map(({ id }) => shownIn(String(id))));
	const cards = await listCards(db, actor, filter, wanted, viewer, limit + 1);
	return (totals) =>
		wanted.map((stage) => {
			const own = cards.filter((card) => card.stageId === stage.id);
			return columnOf(stage, totals, cut(own, String(stage.id), shownIn, viewer));
		});
}

/** The columns of these stretches of days. */
export async function readStretches(
	db: Sql,
	{ actor, filter, stages, viewer, shownIn }: Reading,
	wanted: readonly Stretch[] = STRETCHES,
): Promise<(totals: DateTotals) => StretchColumn[]> {
	const limit = Math.max(0, ...wanted.map(shownIn));
	const open = stages.filter(({ kind }) => !isFinal(kind));
	const cards = await listDateCards(db, actor, filter, open, viewer, wanted, limit + 1);
	return (totals) =>
		wanted.map((stretch) => {
			const own = cards.filter((card) => card.stretch === stretch);
			return stretchOfCards(stretch, totals, cut(own, stretch, shownIn, viewer), viewer);
		});
}

const usual = () => CARDS_A_COLUMN;

/** The column of a state from a cursor on. */
export async function readColumnFrom(
	db: Sql,
	{ actor, filter, viewer }: Reading,
	stage: Stage,
	cursor: string,
	totals: Totals,
): Promise<Column> {
	const { place, asOf } = readCursor(cursor);
	// Judged as of the first page: at midnight groups shift, and a shifted cursor would lose cards.
	const then = viewerAsOf(viewer, asOf);
	const cards = await listCards(db, actor, filter, [stage], then, CARDS_A_COLUMN + 1, place);
	const column = columnOf(stage, totals, cut(cards, String(stage.id), usual, then));
	return { ...column, continued: true };
}

/** The column of a stretch from a cursor on. */
export async function readStretchFrom(
	db: Sql,
	{ actor, filter, stages, viewer }: Reading,
	stretch: Stretch,
	cursor: string,
	totals: DateTotals,
): Promise<StretchColumn> {
	const { place, asOf } = readCursor(cursor);
	const then = viewerAsOf(viewer, asOf);
	const open = stages.filter(({ kind }) => !isFinal(kind));
	const limit = CARDS_A_COLUMN + 1;
	const cards = await listDateCards(db, actor, filter, open, then, [stretch], limit, place);
	const column = stretchOfCards(stretch, totals, cut(cards, stretch, usual, then), then);
	return { ...column, continued: true };
}

/** The group whose line stands above the rest of a column, as its cursor tells. */
export function groupAt(cursor: string): StepGroup {
	const { place, asOf } = readCursor(cursor);
	if (place.rank === RANKS.none) return 'none';
	if (place.rank === RANKS.far) return 'later';
	return place.due * 1000 <= asOf.getTime() ? 'late' : 'today';
}

function cut(cards: Card[], id: string, shownIn: (id: string) => number, viewer: Viewer): Cards {
	const limit = shownIn(id);
	const shown = cards.slice(0, limit).map((card) => ({ ...card, group: stepGroup(card, viewer) }));
	const last = shown.at(-1);
	return {
		id,
		groups: STEP_GROUPS.map((group) => ({
			group,
			cards: shown.filter((card) => card.group === group),
		})).filter((one) => one.cards.length > 0),
		more: cards.length > limit && last ? `${id}:${cursorOf(last, viewer)}` : null,
		continued: false,
		below: [],
	};
}

/** Puts the cards of `sought` that a column has, but does not show, at its end. */
export async function showBelow(
	db: Sql,
	{ actor, filter, stages, viewer }: Reading,
	columns: (Column | StretchColumn)[],
	sought: number[],
): Promise<void> {
	const shown = new Set(
		columns.flatMap(({ groups }) => groups.flatMap(({ cards }) => cards)).map(({ id }) => id),
	);
	const missing = sought.filter((id) => !shown.has(id));
	if (missing.length === 0 || columns.every(({ more }) => more === null)) return;
	const open = stages.filter(({ kind }) => !isFinal(kind));
	const n = missing.length;
	const cards =
		filter.view === 'dates'
			? await listDateCards(db, actor, filter, open, viewer, STRETCHES, n, null, missing)
			: await listCards(db, actor, filter, open, viewer, n, null, missing);
	for (const card of cards) {
		const id = 'stretch' in card ? card.stretch : String(card.stageId);
		const column = columns.find((one) => one.id === id && one.more !== null);
		column?.below.push({ ...card, group: stepGroup(card, viewer) });
	}
}

const columnOf = (stage: Stage, totals: Totals, cards: Cards): Column => ({
	...cards,
	stage,
	total: totals.stages.get(stage.id) as Total,
});

const stretchOfCards = (
	stretch: Stretch,
	totals: DateTotals,
	cards: Cards,
	viewer: Viewer,
): StretchColumn => ({
	...cards,
	stretch,
	total: totals.dates[stretch],
	day: dropDay(stretch, viewer),
});
