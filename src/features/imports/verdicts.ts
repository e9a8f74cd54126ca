import type { Draft } from './drafts.ts';
import { FIELDS } from './fields.ts';
import type { Step } from './mapping.ts';
import { differences } from './nouns/changes.ts';
import type { Change, Existing, Outcome, Stored } from './nouns/noun.ts';
import { alike } from './values.ts';

export type Tally = { created: number; updated: number; unchanged: number; rejected: number };

/** What a batch of rows comes to. */
export type Verdicts = {
	created: Outcome[];
	updated: Change[];
	unchanged: Outcome[];
	rejected: Draft[];
};

/** A tally of nothing. */
export function noTally(): Tally {
	return { created: 0, updated: 0, unchanged: 0, rejected: 0 };
}

/**
 * Puts each draft beside the record that it is about: known by its refs, else by its name where the step
 * adopts. `claimed` remembers which line has already spoken for a record.
 */
export function outcomesOf(
	drafts: Draft[],
	existing: Existing[],
	step: Step,
	claimed: Map<number, number>,
): Outcome[] {
	const byRef = new Map(existing.flatMap((was) => (was.ref === null ? [] : [[was.ref, was]])));
	return drafts.map((draft) => {
		const known = draft.refs.map((ref) => byRef.get(ref)).find((was) => was !== undefined);
		const was = known ?? (step.adopts ? namesake(draft, existing) : null);
		if (was) claim(draft, was, claimed);
		const values = was ? { ...was.values, ...draft.given } : { ...draft.fallback, ...draft.given };
		require(draft, was, values, step);
		return { draft, was, values, ref: draft.refs[0] ?? '' };
	});
}

function namesake(draft: Draft, existing: Existing[]): Existing | null {
	const name = draft.given.name;
	if (name === undefined) return null;
	const found = existing.filter((was) => alike(was.name) === alike(String(name)));
	if (found.length > 1) {
		const args = { text: String(name) };
		draft.reasons.push({ key: 'row.ambiguous', args });
	}
	return found[0] ?? null;
}

function claim(draft: Draft, was: Existing, claimed: Map<number, number>): void {
	const line = claimed.get(was.id);
	if (line !== undefined && line !== draft.row.line)
		draft.reasons.push({ key: 'row.claimed', args: { line } });
	else claimed.set(was.id, draft.row.line);
}

// A cell that could not be read has its reason already.
function require(draft: Draft, was: Existing | null, values: Stored, step: Step): void {
	if (was) return;
	for (const [name, field] of Object.entries(FIELDS[step.feeds])) {
		const source = step.fields[name];
		const column = source?.column ?? name;
		if (!field.required || source?.mayBeEmpty || values[name] !== undefined) continue;
		if (!draft.reasons.some((reason) => reason.column === column))
			draft.reasons.push({ column, key: 'row.required', args: {} });
	}
}

/** Sorts the outcomes, once everything that can be said against them has been said. */
export function verdictsOn(outcomes: Outcome[]): Verdicts {
	const verdicts: Verdicts = { created: [], updated: [], unchanged: [], rejected: [] };
	for (const outcome of outcomes) {
		const { draft, was, values } = outcome;
		if (draft.reasons.length > 0) verdicts.rejected.push(draft);
		else if (!was) verdicts.created.push(outcome);
		else {
			const changes = differences(was.values, values);
			if (Object.keys(changes).length === 0) verdicts.unchanged.push(outcome);
			else verdicts.updated.push({ id: was.id, was, values, changes });
		}
	}
	return verdicts;
}
