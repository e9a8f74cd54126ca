import { shortName } from '#src/features/access/names.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { type Frame, readFrame } from '#src/features/deals/board/queries.ts';
import type { Sum } from '#src/features/deals/board/totals.ts';
import { dealBar } from '#src/features/deals/bulk/forms.ts';
import { groupedStages, type StageChoice } from '#src/features/deals/moves/stage-choice.ts';
import { listAllStages, type Stage, stagesIn } from '#src/features/deals/queries.ts';
import { type StepGroup, stepGroup } from '#src/features/next-step/rules.ts';
import { dueWords, stepWords } from '#src/features/next-step/words.ts';
import { type SavedMenu, savedMenu } from '#src/features/saved-filters/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { type BulkBar, MOST_CHOSEN, type Selection } from '#src/platform/forms/chosen.ts';
import { dayOf, formatDate, type Viewer } from '#src/platform/i18n/dates.ts';
import { type Heading, headingsOf } from '#src/platform/listing/headings.ts';
import { type DealLine, dealColumns, NOT_OF_FINISHED, NOT_OF_OPEN } from './columns.ts';
import {
	ARCHIVES,
	addressOf,
	type ListFilter,
	listAddress,
	MOST_ROWS,
	onlyFinal,
	PERIODS,
	ROWS_A_PAGE,
	readListFilter,
	statesOf,
} from './filter.ts';
import { listWords } from './filter-words.ts';
import { countList, type ListReading, readLines } from './queries.ts';

/** A line as it is drawn: with the group of its next step, and its pipeline where there are several. */
export type ShownLine = DealLine & { group: StepGroup; pipeline: string | null };

type Address = (change?: Record<string, string | number | null>, path?: string) => string;

/** All that the list draws. */
export type DealList = Omit<Frame, 'saved' | 'stages'> & {
	filter: ListFilter;
	/** To choose from: of the pipeline that is looked at, or of all. */
	stages: StageChoice<Stage>[];
	headings: Heading[];
	lines: ShownLine[];
	count: number;
	sums: Sum[];
	/** The address that goes on behind the last line; null at the end. */
	more: string | null;
	/** The address that shows at once all that is unfolded; null where there is nothing to keep. */
	unfolded: string | null;
	/** Where the list goes on from another page: the way to its beginning. */
	continued: boolean;
	onlyFinal: boolean;
	sort: string;
	/** The order that the address asks for; empty: the usual one. */
	asked: string;
	/** Months of closing to choose from, `2026-11`, the latest first. */
	months: string[];
	narrowed: boolean;
	/** Отбор in words, for paper. */
	told: string[];
	/** The same kind of deals without any other отбор. */
	reset: string;
	saved: SavedMenu;
	url: Address;
	periods: typeof PERIODS;
	archives: typeof ARCHIVES;
	words: (line: ShownLine) => string;
	due: (line: ShownLine) => string;
	short: typeof shortName;
	/** A moment's day. */
	on: (at: Date) => string;
	date: (day: string) => string;
	token: typeof tokenOf;
	bulk: BulkBar;
};

/**
 * What the list is sorted by where nobody asks: of finished deals the last finished first; to a seller, who reads it
 * for what is to be done, the nearest step; to others, who look over many people's, the newest.
 */
function usualSort({ edits }: Actor, filter: ListFilter, stages: Stage[]): string {
	if (onlyFinal(filter, stages)) return '-closed';
	return edits === 'own' ? 'next' : '-number';
}

/**
 * Reads the list of deals in five statements with the session's: the frame, the totals, the lines (two
 * where they reach deals without a value); `most`: how many lines, where it is not the address that says so.
 * Throws BadRequest and NotFound for an address without sense.
 */
export async function readDealList(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
	most?: number,
): Promise<DealList> {
	const { saved, ...frame } = await readFrame(db, actor, 'deals');
	const { stages } = frame;
	const { filter, place } = readListFilter(actor, query, stages, viewer);
	const usual = usualSort(actor, filter, stages);
	const sort = place.sort ?? usual;
	const asked = sort === usual ? '' : sort;
	const reading = { actor, filter, stages, viewer, sort };
	const continued = place.after !== null;
	const shown = place.shown ?? (continued ? null : ROWS_A_PAGE);
	const [totals, { rows, next }] = await Promise.all([
		countList(db, reading),
		readLines(db, reading, place.after, most ?? (continued ? null : shown) ?? ROWS_A_PAGE),
	]);
	const offered = statesOffered(frame, filter);
	const pipelineOf = new Map(offered.map(({ id, group }) => [id, group ?? null]));
	const url: Address = (change = {}, path) =>
		listAddress(filter, stages, viewer, { sort: asked, ...change }, path);
	const then = shown === null || shown + ROWS_A_PAGE > MOST_ROWS ? null : shown + ROWS_A_PAGE;
	return {
		...frame,
		stages: offered,
		filter,
		headings: headingsShown(filter, frame, viewer, sort),
		lines: rows.map((line) => ({
			...line,
			group: stepGroup(line, viewer),
			pipeline: pipelineOf.get(line.stageId) ?? null,
		})),
		...totals,
		more: next === null ? null : url({ after: next, shown: then }),
		unfolded: continued && shown !== null ? url({ shown }) : null,
		continued,
		onlyFinal: onlyFinal(filter, stages),
		...{ sort, asked, url },
		months: monthsOffered(filter, viewer),
		narrowed: url({ sort: '', kind: '' }) !== '/deals',
		told: listWords(filter, frame, viewer),
		reset: addressOf('/deals', { kind: filter.kind === 'open' ? '' : filter.kind }),
		saved: savedMenu(actor, 'deals', saved, url().split('?')[1] ?? ''),
		periods: PERIODS,
		archives: ARCHIVES,
		words: (line) => stepWords(line, viewer),
		due: (line) => dueWords(line, viewer),
		short: shortName,
		on: (at) => formatDate(dayOf(at, viewer.timeZone), viewer),
		date: (on) => formatDate(on, viewer),
		token: tokenOf,
		bulk: dealBar(actor, frame.colleagues.length > 1),
	};
}

/** Lines on paper at most; how many lie behind is told at the end. */
export const MOST_PRINTED = 2_000;

/** The list for paper: from its beginning, and as far as paper bears it. Throws as readDealList does. */
export async function readDealPrint(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<DealList> {
	const { after: _, shown: __, ...whole } = query as Record<string, unknown>;
	return await readDealList(db, actor, whole, viewer, MOST_PRINTED);
}

function statesOffered(
	{ stages, pipelines }: Omit<Frame, 'saved'>,
	{ pipeline }: ListFilter,
): StageChoice<Stage>[] {
	return pipeline === null ? groupedStages(stages, pipelines) : stagesIn(stages, pipeline);
}

function headingsShown(
	filter: ListFilter,
	{ stages, campaigns }: Pick<Frame, 'stages' | 'campaigns'>,
	viewer: Viewer,
	sort: string,
): Heading[] {
	const open = statesOf(filter, stages)?.every(({ kind }) => kind === 'open') ?? false;
	const hidden = onlyFinal(filter, stages) ? NOT_OF_FINISHED : open ? NOT_OF_OPEN : [];
	// A company without campaigns has no column of dashes; whoever asks for one by its address does.
	const campaign = campaigns.length > 0 || filter.campaign !== null;
	return headingsOf(dealColumns(viewer), sort).filter(
		({ key, ariaSort }) =>
			!hidden.includes(key) && (key !== 'campaign' || campaign || ariaSort !== null),
	);
}

const MONTHS_OFFERED = 12;

function monthsOffered({ month }: ListFilter, { today }: Viewer): string[] {
	const [year, last] = today.split('-').map(Number) as [number, number];
	const months = Array.from({ length: MONTHS_OFFERED }, (_, back) =>
		new Date(Date.UTC(year, last - 1 - back, 1)).toISOString().slice(0, 7),
	);
	return month === null || month === 'all' || months.includes(month) ? months : [...months, month];
}

/** The list as a file or a choice reads it: page by page, in the order of the address. */
export async function readListing(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<ListReading> {
	const stages = await listAllStages(db);
	const { filter, place } = readListFilter(actor, query, stages, viewer);
	return { actor, filter, stages, viewer, sort: place.sort ?? usualSort(actor, filter, stages) };
}

/** A deal with its version, and its next step with its own: what a check box stands for. */
export function tokenOf(line: DealLine): string {
	const step = line.interactionId === null ? [] : [line.interactionId, line.stepVersion];
	return [line.id, line.version, ...step].join('.');
}

/** All that is found, as far as it can be chosen at once; what one only reads would be refused one by one. */
export async function readSelection(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<Selection> {
	const reading = await readListing(db, actor, query, viewer);
	const [{ count }, { rows }] = await Promise.all([
		countList(db, reading),
		readLines(db, reading, null, MOST_CHOSEN),
	]);
	const { filter, stages } = reading;
	const lines = rows.filter(({ editable }) => editable);
	return {
		lines: lines.map((line) => ({
			...{ token: tokenOf(line), title: line.title, beside: line.clientName },
		})),
		...{ count, all: listAddress(filter, stages, viewer, {}, '/deals/selection') },
	};
}
