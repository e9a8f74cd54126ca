import { type Actor, scopeChosen } from '#src/features/auth/rules.ts';
import { BadRequest } from '#src/platform/errors.ts';
import { checked, form, oneOf, optional, readQuery, text } from '#src/platform/web/forms.ts';

/** Periods of the planned interaction that the board can be narrowed to. */
export const PERIODS = ['overdue', 'today', '3days', 'week', 'month', 'none'] as const;
export type Period = (typeof PERIODS)[number];

/** Отбор: what of the board is looked at. Lives in the address, so that a link brings it back. */
export type Filter = {
	/** As it stands in the address; empty: what the role sees by default. */
	owner: string;
	scope: Actor['scope'];
	text: string | null;
	period: Period | null;
	idle: boolean;
};

const BoardQuery = form({
	owner: optional(text(20)),
	q: optional(text(200)),
	period: optional(oneOf(...PERIODS)),
	idle: optional(checked()),
	after: optional(text(80)),
});

/** Where a column goes on: the last card's place, as the cursor of board/order.ts. */
export type ColumnStart = { stageId: number; cursor: string };

/** Reads отбор and paging out of an address. Throws BadRequest, NotFound for a foreign owner. */
export function readFilter(
	actor: Actor,
	query: unknown,
): { filter: Filter; start: ColumnStart | null } {
	const read = readQuery(BoardQuery, query);
	const owner = read.owner ?? '';
	return {
		filter: {
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
	const match = /^(\d{1,15}):([\d.-]+)$/.exec(after);
	if (!match?.[1] || !match[2]) throw new BadRequest('error.badRequest', { what: 'after' });
	return { stageId: Number(match[1]), cursor: match[2] };
}

/** The address of a filter with some of it changed; for chips and links. */
export function boardUrl(
	filter: Filter,
	change: Partial<Record<'owner' | 'q' | 'period' | 'idle' | 'after', string>> = {},
	path = '/board',
): string {
	const now = {
		owner: filter.owner,
		q: filter.text ?? '',
		period: filter.period ?? '',
		idle: filter.idle ? '1' : '',
		...change,
	};
	const query = new URLSearchParams(Object.entries(now).filter(([, value]) => value !== ''));
	return query.size === 0 ? path : `${path}?${query}`;
}

/** The list of a final state's deals this month, of the owner and the text that the board is narrowed to. */
export function listUrl(filter: Filter, stageId: number): string {
	const query = new URLSearchParams({ stage: String(stageId) });
	if (filter.owner !== '') query.set('owner', filter.owner);
	if (filter.text !== null) query.set('q', filter.text);
	return `/deals?${query}`;
}
