import type { FastifyRequest } from 'fastify';

/** The page that the person looks at, as htmx names it; a place that is none of ours where it names none. */
export function pageSeen(request: FastifyRequest): URL {
	const header = request.headers['hx-current-url'];
	const url = typeof header === 'string' && URL.canParse(header) ? header : 'http://here/';
	return new URL(url);
}

const MOST_SHOWN = 500;

/** How many cards the person has unfolded in each column, as public/js/board.js tells: `3=50,4=75`. */
export function shownCards(request: FastifyRequest): Map<string, number> {
	const header = request.headers['x-cards-shown'];
	const pairs = typeof header === 'string' ? header.matchAll(/([a-z\d]{1,15})=(\d{1,4})/g) : [];
	return new Map([...pairs].map(([, id, n]) => [id ?? '', Math.min(Number(n), MOST_SHOWN)]));
}

const MOST_BELOW = 10;

/** The deals whose cards stand at a column's end though they come later, as public/js/board.js tells: `12,35`. */
export function cardsBelow(request: FastifyRequest): number[] {
	const header = request.headers['x-cards-below'];
	if (typeof header !== 'string' || !/^\d{1,15}(?:,\d{1,15})*$/.test(header)) return [];
	return header.split(',').slice(0, MOST_BELOW).map(Number);
}

/** The states that have a column on the person's board, in order, as public/js/board.js tells; null: not told. */
export function shownStates(request: FastifyRequest): string | null {
	const told = request.headers['x-states-shown'];
	return typeof told === 'string' ? told : null;
}

/** How many lines of a history the person has unfolded, as public/js/deal.js and live.js tell. */
export function shownLines(request: FastifyRequest): number {
	const told = request.headers['x-lines-shown'];
	return typeof told === 'string' && /^\d{1,4}$/.test(told)
		? Math.min(Number(told), MOST_SHOWN)
		: 0;
}
