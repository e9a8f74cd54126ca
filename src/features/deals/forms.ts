import { ASKED } from '#src/features/clients/history/history-filter.ts';
import { TIMELINE_PARTS } from '#src/features/deals/history/timeline.ts';
import { SETTLEMENTS } from '#src/features/deals/moves/settlement.ts';
import type { TypedLine } from '#src/features/deals/products/products.ts';
import {
	checked,
	day,
	form,
	id,
	money,
	oneOf,
	optional,
	quantity,
	readForm,
	text,
	time,
	version,
	whole,
	words,
} from '#src/platform/forms/readers.ts';

/** A record's id in an address. */
export const DealParams = form({ id: id() });

/**
 * A move to any state, with what a final one asks for (reason, comment, amount, day) and with what an open
 * one may demand. Extra fields come beside it.
 */
export const MoveForm = form({
	stageId: id(),
	version: version(),
	lossReasonId: optional(id()),
	comment: optional(text(2000)),
	amount: optional(money()),
	closedOn: optional(day()),
	asBefore: optional(checked()),
	/** What becomes of what is planned; left out: cancelled of a lost deal, kept of a won one. */
	steps: optional(oneOf(...SETTLEMENTS)),
	expectedCloseOn: optional(day()),
	clientName: optional(text(300)),
	source: optional(text(200)),
	probability: optional(whole(0, 100)),
	product: optional(text(300)),
	quantity: optional(quantity()),
	price: optional(money()),
	contactName: optional(text(300)),
	contactPhone: optional(text(100)),
	returnTo: optional(text(500)),
});

/** A deal made again; without a title it says whose copy it is. */
export const CopyForm = form({ title: optional(text(300)), returnTo: optional(text(500)) });

/** Deleting a deal and bringing it back ask for nothing but the version. */
export const RemovalForm = form({ version: version(), returnTo: optional(text(500)) });

/** The question before a final state. */
export const ClosureQuery = form({ stageId: id(), returnTo: optional(text(500)) });

/**
 * The facts of a deal. The client is told by name: known, or new. `was`: what the fields said when the
 * form was drawn, as JSON, so that a conflict can tell what the person has touched.
 */
export const EditForm = form({
	version: version(),
	title: text(300),
	clientName: optional(text(300)),
	amount: optional(money()),
	expectedCloseOn: optional(day()),
	probability: optional(whole(0, 100)),
	source: optional(text(200)),
	campaign: optional(text(200)),
	note: optional(text(4000)),
	tags: optional(words(20, 60)),
	was: optional(text(20_000)),
	returnTo: optional(text(500)),
});

/** Another owner for a deal. */
export const OwnerForm = form({
	version: version(),
	ownerId: id(),
	note: optional(text(2000)),
	returnTo: optional(text(500)),
});

/** Somebody who helps with a deal. */
export const CollaboratorForm = form({
	version: version(),
	personId: id(),
	returnTo: optional(text(500)),
});

/** What was said of a deal: a note, or in words an interaction of a kind, done now or planned. */
export const EntryForm = form({
	kindId: text(15),
	text: optional(text(4000)),
	plannedDay: optional(day()),
	plannedTime: optional(time()),
	plan: optional(checked()),
	returnTo: optional(text(500)),
});

/** What of a deal's history is looked at, and where the page before ended. */
export const HistoryQuery = form({
	part: optional(oneOf(...TIMELINE_PARTS)),
	...ASKED,
	after: optional(text(200)),
});

const MOST_SUMMARY = 200;

/**
 * What was said in one field, as an interaction keeps it: the first line is what it is about, the rest its
 * result; one long line is its own result. Without words, `usual` is what it is about.
 */
export function wordsOf(
	text: string | undefined,
	usual: string,
): { summary: string; rest: string | null } {
	if (text === undefined) return { summary: usual, rest: null };
	const [first = '', ...more] = text.split('\n');
	if (first.length <= MOST_SUMMARY) return { summary: first, rest: more.join('\n').trim() || null };
	return { summary: `${[...first].slice(0, MOST_SUMMARY - 1).join('')}…`, rest: text };
}

const MOST_LINES = 100;

/** The table of products as a form holds it. */
export type LinesForm = {
	version: number;
	lines: TypedLine[];
	amountFromProducts: boolean;
	/** More empty rows are wanted, nothing is to be saved yet. */
	more: boolean;
	/** What the form said when it was drawn, and the products whose lines are to be as the colleague has them. */
	was: string | undefined;
	taken: string[];
	returnTo: string | undefined;
};

/**
 * Reads `product1`, `quantity1`, `price1`, `remove1` and so on; empty rows and rows to be removed do not
 * count. Throws as readForm does, and InvalidForm for a row that has no product.
 */
export function readLines(body: unknown): LinesForm {
	const typed = (body ?? {}) as Record<string, unknown>;
	const rows = rowsIn(typed);
	const read = readForm(
		form({
			version: version(),
			amountFromProducts: optional(checked()),
			more: optional(checked()),
			was: optional(text(60_000)),
			returnTo: optional(text(500)),
			...Object.fromEntries(
				rows.flatMap((row) => [
					[`product${row}`, isSaid(typed, row) ? text(300) : optional(text(300))],
					[`quantity${row}`, optional(quantity())],
					[`price${row}`, optional(money())],
					[`remove${row}`, optional(checked())],
					[`take${row}`, optional(checked())],
				]),
			),
		}),
		body,
	) as Record<string, unknown>;
	return {
		version: Number(read.version),
		amountFromProducts: read.amountFromProducts === true,
		more: read.more === true,
		returnTo: read.returnTo as string | undefined,
		was: read.was as string | undefined,
		taken: rows
			.filter((row) => read[`take${row}`] === true)
			.map((row) => String(read[`product${row}`] ?? '')),
		lines: rows
			.filter((row) => typeof read[`product${row}`] === 'string' && read[`remove${row}`] !== true)
			.map((row) => ({
				row,
				name: String(read[`product${row}`]),
				quantity: String(read[`quantity${row}`] ?? '1'),
				price: (read[`price${row}`] as string | undefined) ?? null,
			})),
	};
}

/** The numbers of the rows that a form holds, in order. */
export function rowsIn(typed: Record<string, unknown>): number[] {
	const numbers = Object.keys(typed).map((name) =>
		Number(/^(?:product|quantity|price|remove|take)([1-9]\d{0,2})$/.exec(name)?.[1] ?? 0),
	);
	return [...new Set(numbers)].filter((row) => row >= 1 && row <= MOST_LINES).sort((a, b) => a - b);
}

// A row to be removed may hold anything; one with a price and no product would be lost without a word.
function isSaid(typed: Record<string, unknown>, row: number): boolean {
	if (typed[`remove${row}`]) return false;
	return ['quantity', 'price'].some((name) => String(typed[`${name}${row}`] ?? '').trim() !== '');
}
