import { type Actor, scopeChosen } from '#src/features/access/rights.ts';
import type { Stage } from '#src/features/deals/queries.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import { BadRequest, NotFound } from '#src/platform/errors.ts';
import {
	checked,
	day,
	form,
	id,
	money,
	oneOf,
	optional,
	readQuery,
	text,
	whole,
} from '#src/platform/forms/readers.ts';
import { monthOf, type Viewer } from '#src/platform/i18n/dates.ts';
import type { DealFilter, FactFilter } from './criteria.ts';

/** Periods of the planned interaction that board and list can be narrowed to. */
export const PERIODS = ['overdue', 'today', '3days', 'week', 'month', 'none'] as const;
export type Period = (typeof PERIODS)[number];

/** The facts of a deal in the address of board and list. */
export const FACT_FIELDS = {
	source: optional(text(200)),
	tag: optional(id()),
	amountFrom: optional(money()),
	amountTo: optional(money()),
};

type Asked<T> = { [K in keyof T]?: Exclude<T[K], null> };

/** The facts that an address asks for. */
export function factsAsked(read: Asked<FactFilter>): FactFilter {
	return {
		source: read.source ?? null,
		tag: read.tag ?? null,
		amountFrom: read.amountFrom ?? null,
		amountTo: read.amountTo ?? null,
	};
}

/** An address out of what it asks for; what is empty is left out. */
export function addressOf(
	path: string,
	asked: Record<string, string | number | boolean | null | undefined>,
): string {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(asked))
		if (value !== null && value !== undefined && value !== '' && value !== false)
			query.set(name, value === true ? '1' : String(value));
	return query.size === 0 ? path : `${path}?${query}`;
}

/** Which deals the list shows by default, and instead of a state: `open` is what is being worked on. */
export const KINDS = ['open', 'won', 'lost', 'all'] as const;
export type Kind = (typeof KINDS)[number];

/** What of the archive the list shows where it is asked for. */
export const ARCHIVES = ['with', 'only'] as const;

/** Rows that the list draws at once, and at most after «Показать ещё». */
export const ROWS_A_PAGE = 50;
export const MOST_ROWS = 500;

/** The address of the list of deals. */
export const ListQuery = form({
	...FACT_FIELDS,
	owner: optional(text(20)),
	q: optional(text(200)),
	kind: optional(oneOf(...KINDS)),
	pipeline: optional(id()),
	/** States by id, `2,3`. */
	stage: optional(text(300)),
	month: optional(text(7)),
	period: optional(oneOf(...PERIODS)),
	idle: optional(checked()),
	/** Deals that one helps with, whoever owns them. */
	helping: optional(checked()),
	archived: optional(oneOf(...ARCHIVES)),
	campaign: optional(text(200)),
	expectedFrom: optional(day()),
	expectedTo: optional(day()),
	createdFrom: optional(day()),
	createdTo: optional(day()),
	sort: optional(text(20)),
	after: optional(text(2000)),
	shown: optional(whole(ROWS_A_PAGE, MOST_ROWS)),
});

/** Отбор of the list, as its address tells it. */
export type ListFilter = DealFilter & {
	/** As it stands in the address; empty: all that the actor sees. */
	owner: string;
	scope: Actor['scope'];
	text: string | null;
	kind: Kind;
	/** Null: all of them. */
	pipeline: number | null;
	/** The states asked for by name; empty: those of the kind. */
	stageIds: number[];
	/** The month of closing, `2026-11`, `all`, or null where no month is asked for. */
	month: string | null;
	period: Period | null;
	idle: boolean;
	helping: boolean;
	/** Null: without the archive. */
	archived: (typeof ARCHIVES)[number] | null;
};

/** What the address says beside отбор: order and paging. */
export type ListPlace = { sort: string | null; after: string | null; shown: number | null };

/**
 * Reads отбор, order and paging of the list. Deals that are all finished are shown for the present month
 * unless another, or `all`, is asked for. Throws BadRequest, NotFound for a foreign owner or an unknown state.
 */
export function readListFilter(
	actor: Actor,
	query: unknown,
	stages: Stage[],
	viewer: Viewer,
): { filter: ListFilter; place: ListPlace } {
	const read = readQuery(ListQuery, withStatesJoined(query));
	const pipeline = pipelineAsked(read.pipeline, stages);
	const stageIds = statesAsked(read.stage, stages, pipeline);
	const kind = read.kind ?? 'open';
	const filter: ListFilter = {
		...factsAsked(read),
		owner: read.owner ?? '',
		scope: scopeChosen(actor, read.owner ?? ''),
		text: read.q ?? null,
		kind,
		pipeline,
		stageIds,
		month: monthAsked(read.month),
		period: read.period ?? null,
		idle: read.idle ?? false,
		helping: read.helping ?? false,
		archived: read.archived ?? null,
		campaign: read.campaign ?? null,
		expectedFrom: read.expectedFrom ?? null,
		expectedTo: read.expectedTo ?? null,
		createdFrom: read.createdFrom ?? null,
		createdTo: read.createdTo ?? null,
	};
	if (filter.month === null && onlyFinal(filter, stages)) filter.month = viewer.today.slice(0, 7);
	const { sort = null, after = null, shown = null } = read;
	return { filter, place: { sort, after, shown } };
}

// Check boxes of a plain form come one by one: stage=2&stage=3.
function withStatesJoined(query: unknown): unknown {
	if (typeof query !== 'object' || query === null || !('stage' in query)) return query;
	const { stage } = query;
	return Array.isArray(stage) ? { ...query, stage: stage.join(',') } : query;
}

function pipelineAsked(asked: number | undefined, stages: Stage[]): number | null {
	if (asked !== undefined && !stages.some(({ pipelineId }) => pipelineId === asked))
		throw new NotFound('error.notFound');
	return asked ?? null;
}

function statesAsked(
	typed: string | undefined,
	stages: Stage[],
	pipeline: number | null,
): number[] {
	if (typed === undefined) return [];
	const ids = [...new Set(typed.split(',').map(Number))];
	if (ids.some((one) => !stages.some((stage) => stage.id === one)))
		throw new NotFound('error.notFound');
	// Boxes of another pipeline may still be ticked in the form that changes the pipeline.
	const own = ofPipeline(stages, pipeline);
	return ids.filter((one) => own.some((stage) => stage.id === one));
}

const ofPipeline = (stages: Stage[], pipeline: number | null): Stage[] =>
	pipeline === null ? stages : stages.filter(({ pipelineId }) => pipelineId === pipeline);

function monthAsked(typed: string | undefined): string | null {
	if (typed === undefined || typed === 'all') return typed ?? null;
	if (!/^(19|20|21)\d\d-(0[1-9]|1[0-2])$/.test(typed))
		throw new BadRequest('error.badRequest', { what: 'month' });
	return typed;
}

/** The states whose deals are looked at; null: of any state. */
export function statesOf(filter: ListFilter, stages: Stage[]): Stage[] | null {
	if (filter.stageIds.length > 0) return stages.filter(({ id }) => filter.stageIds.includes(id));
	const own = ofPipeline(stages, filter.pipeline);
	if (filter.kind !== 'all') return own.filter(({ kind }) => kind === filter.kind);
	return filter.pipeline === null ? null : own;
}

/** Whether only finished deals are looked at. */
export function onlyFinal(filter: ListFilter, stages: Stage[]): boolean {
	const wanted = statesOf(filter, stages);
	return wanted?.every(({ kind }) => isFinal(kind)) ?? false;
}

/** First and last day of the month of closing that is looked at, or null. */
export function monthShown({ month }: ListFilter): { first: string; last: string } | null {
	return month === null || month === 'all' ? null : monthOf(`${month}-01`);
}

/** The address of a filter of the list with some of it changed. */
export function listAddress(
	filter: ListFilter,
	stages: Stage[],
	viewer: Viewer,
	change: Record<string, string | number | null> = {},
	path = '/deals',
): string {
	const { scope: _, text: q, stageIds, kind, month, ...rest } = filter;
	const usual = onlyFinal(filter, stages) ? viewer.today.slice(0, 7) : null;
	return addressOf(path, {
		...rest,
		q,
		kind: kind === 'open' ? '' : kind,
		stage: stageIds.join(','),
		month: month === usual ? '' : month,
		...change,
	});
}
