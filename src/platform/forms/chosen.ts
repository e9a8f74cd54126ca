import { BadRequest } from '#src/platform/errors.ts';

/** As many as one answer bears; «выбрать все найденные» takes no more. */
export const MOST_CHOSEN = 500;
export const LONGEST_CHOICE = MOST_CHOSEN * 64;

/** Check boxes come one by one: their values as one text, `5.3,7.1.40.2`. */
export function withJoined(body: unknown, field: string): unknown {
	if (typeof body !== 'object' || body === null || !(field in body)) return body;
	const typed = (body as Record<string, unknown>)[field];
	return Array.isArray(typed) ? { ...body, [field]: typed.join(',') } : body;
}

const bad = (what: string) => new BadRequest('error.badRequest', { what });

/** The records that a field names, as they stand in it. Throws BadRequest for none and for more than may be chosen. */
export function tokensIn(typed: string, field: string): string[] {
	const tokens = typed.split(',').filter(Boolean);
	if (tokens.length === 0 || tokens.length > MOST_CHOSEN) throw bad(field);
	return tokens;
}

/** The same, each as so many whole numbers with dots between. Throws BadRequest for anything else. */
export function numbersIn(typed: string, lengths: number[], field: string): number[][] {
	return tokensIn(typed, field).map((token) => {
		const parts = token.split('.');
		const right = parts.every((part) => /^[1-9]\d{0,14}$/.test(part));
		if (!right || !lengths.includes(parts.length)) throw bad(field);
		return parts.map(Number);
	});
}

/** The same, each read by a pattern that knows no more than one token. Throws BadRequest for one that does not fit. */
export function matchesIn(typed: string, pattern: RegExp, field: string): string[][] {
	return tokensIn(typed, field).map((token) => {
		const match = pattern.exec(token);
		if (match === null) throw bad(field);
		return match.slice(1);
	});
}

/** A record as it was chosen, with the version that the person saw. */
export type ChosenOne = { id: number; version: number };

/** The records that a form names as `id.version`, each once. Throws BadRequest. */
export function chosenIn(typed: string, field: string): ChosenOne[] {
	const found = numbersIn(typed, [2], field) as [number, number][];
	return [...new Map(found.map(([id, version]) => [id, { id, version }])).values()];
}

/** All that an address finds, as far as it can be chosen at once: what a check box stands for, and what it says. */
export type Selection = {
	lines: { token: string; title: string; beside: string | null }[];
	/** How many are found. */
	count: number;
	/** The address of the choice itself. */
	all: string;
};

/** The bar of what can be done with those chosen: which records, where it is asked, and each verb with its picture. */
export type BulkBar = {
	/** The name of the field that names them. */
	noun: 'deal' | 'step' | 'client';
	action: string;
	verbs: readonly { verb: string; icon: string }[];
};
