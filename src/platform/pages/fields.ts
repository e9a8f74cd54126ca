import type { FastifyReply, FastifyRequest } from 'fastify';
import { NotFound } from '#src/platform/errors.ts';
import { checked, form, optional, readQuery, text } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { drawForm, type FormView, type Problem } from './dialog.ts';
import { type Fields, onlyTouched, type Standing } from './three-way-merge.ts';

/**
 * One thing that is known of a record: how its page shows it, and what a form asks for it. Page, one-field
 * form in place and full form are all drawn from the same fact.
 */
export type Fact = {
	/** The field of the record's edit form. */
	name: string;
	label: string;
	/** What the page says; null where nothing is known. */
	shown: string | null;
	/** What the input holds. */
	value: string;
	/** The kind of input (see views/shared/_field.eta): text by default. */
	kind?: 'area' | 'select' | 'date' | 'url';
	options?: { id: string | number; name: string }[];
	/** Of a choice: the words for none. */
	empty?: string;
	mode?: 'numeric' | 'decimal';
	max?: number;
	/** The id of a datalist on the page, which fills while one types. */
	list?: string;
	/** What is suggested while one types; only a form has it. */
	suggestions?: string[];
	/** Several words with commas between them. */
	many?: boolean;
	required?: boolean;
	hint?: string;
	/** What looks wrong and was kept nevertheless. */
	warning?: string;
	/** Where the shown text leads. */
	href?: string;
	/** The shown text in pieces: one a line, each perhaps with an address of its own; or as tags. */
	lines?: { text: string; href?: string | null }[];
	chips?: string[];
	/** Not this person's to change. */
	fixed?: boolean;
};

/** What GET and POST of a record's `/edit` may name: the one fact, and `shown` to see it and not its form. */
export const FactQuery = form({
	field: optional(text(60)),
	shown: optional(checked()),
	returnTo: optional(text(500)),
});

/** Whether one fact is edited in its place on the page, and not in the whole form. */
export function inPlace(request: FastifyRequest): boolean {
	return readQuery(FactQuery, request.query).field !== undefined && wantsFragments(request);
}

/** What stands under some of the facts while they are edited in their place, and what a script is told of it. */
export type Below = {
	fields: readonly string[];
	fragment: string;
	data: Record<string, unknown>;
	watch: { duplicates: string; except: number };
};

/** A record's edit form: all its facts, and where they are sent. */
export type FactsView = FormView & {
	data: { facts: Fact[]; action: string; version: number } & Record<string, unknown>;
	below?: Below;
};

/**
 * Draws the edit form of a record: for htmx and `?field=name` only that fact, in its place on the page;
 * otherwise the whole form, in the dialog or as a page. Throws NotFound for a fact that is not the actor's
 * to change.
 */
export async function drawFacts(
	request: FastifyRequest,
	reply: FastifyReply,
	view: FactsView,
	problem: Problem | null = null,
): Promise<string> {
	const { field, shown } = readQuery(FactQuery, request.query);
	const { facts, action, version } = view.data;
	const came = problem && onlyTouched(problem);
	const labels = Object.fromEntries(facts.map(({ name, label }) => [name, label]));
	if (!inPlace(request))
		return await drawForm(
			request,
			reply,
			{ ...view, data: { ...view.data, labels, was: factsWere(facts) } },
			came,
		);
	const fact = facts.find(({ name, fixed }) => name === field && (shown || !fixed));
	if (fact === undefined) throw new NotFound('error.notFound');
	if (came) reply.code(came.status);
	const typed = came?.typed ?? {};
	return await reply.fragments('shared/fact-drawn', {
		...{ fact, action, version, problem: came, typed, was: factsWere([fact]) },
		shown: shown && came === null,
		below: view.below?.fields.includes(fact.name) ? view.below : null,
	});
}

/** What the fields of a form say when it is drawn, for its hidden field `was`. */
export function factsWere(facts: readonly Fact[]): string {
	return JSON.stringify(fieldsOf(facts));
}

const fieldsOf = (facts: readonly Fact[]): Fields =>
	Object.fromEntries(facts.map(({ name, value }) => [name, value]));

/** What stands in a record now, for an edit that comes late. */
export function standing({ version }: { version: number }, facts: readonly Fact[]): Standing {
	return { version, fields: fieldsOf(facts) };
}
