import { type Actor, scopeChosen } from '#src/features/access/rights.ts';
import type { FactFilter } from '#src/features/deals/list/criteria.ts';
import {
	addressOf,
	FACT_FIELDS,
	factsAsked,
	PERIODS,
	type Period,
} from '#src/features/deals/list/filter.ts';
import { BadRequest } from '#src/platform/errors.ts';
import {
	checked,
	form,
	id,
	oneOf,
	optional,
	readQuery,
	text,
} from '#src/platform/forms/readers.ts';

/** The board's two views: columns by state, or by when the next step is due. */
export const VIEWS = ['stages', 'dates'] as const;

/** Отбор: what of the board is looked at. Lives in the address, so that a link brings it back. */
export type Filter = FactFilter & {
	view: (typeof VIEWS)[number];
	/** Null: the first one. */
	pipeline: number | null;
	/** As it stands in the address; empty: what the role sees by default. */
	owner: string;
	scope: Actor['scope'];
	text: string | null;
	period: Period | null;
	idle: boolean;
};

/** The address of the board. */
export const BoardQuery = form({
	...FACT_FIELDS,
	view: optional(oneOf(...VIEWS)),
	pipeline: optional(id()),
	owner: optional(text(20)),
	q: optional(text(200)),
	period: optional(oneOf(...PERIODS)),
	idle: optional(checked()),
	after: optional(text(80)),
});

/** Where a column (a state's id, or the name of a stretch of days) goes on: a cursor of board/order.ts. */
export type ColumnStart = { column: string; cursor: string };

/** Reads отбор and paging out of an address. Throws BadRequest, NotFound for a foreign owner. */
export function readFilter(
	actor: Actor,
	query: unknown,
): { filter: Filter; start: ColumnStart | null } {
	const read = readQuery(BoardQuery, query);
	const owner = read.owner ?? '';
	return {
		filter: {
			...factsAsked(read),
			view: read.view ?? 'stages',
			pipeline: read.pipeline ?? null,
			owner,
			scope: scopeChosen(actor, owner),
			text: read.q ?? null,
			period: read.period ?? null,
			idle: read.idle ?? false,
		},
		start: read.after === undefined ? null : columnStart(read.after),
	};
}

function columnStart(after: string): ColumnStart {
	const match = /^(\d{1,15}|[a-z]{1,10}):([\d.-]+)$/.exec(after);
	if (!match?.[1] || !match[2]) throw new BadRequest('error.badRequest', { what: 'after' });
	return { column: match[1], cursor: match[2] };
}

/** The address of a filter with some of it changed; for chips and links. */
export function boardUrl(
	filter: Filter,
	change: Partial<Record<keyof Filter | 'q' | 'after', string>> = {},
	path = '/board',
): string {
	const { scope: _, text: q, view, ...rest } = filter;
	return addressOf(path, { ...rest, q, view: view === 'stages' ? '' : view, ...change });
}

/** The list of a final state's deals this month, narrowed as the board's finish fields are. */
export function listUrl(filter: Filter, stageId: number): string {
	const { owner, text: q, source, tag, amountFrom, amountTo } = filter;
	return addressOf('/deals', { stage: stageId, owner, q, source, tag, amountFrom, amountTo });
}
