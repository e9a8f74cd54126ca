import type { Field } from '#src/features/imports/columns/fields.ts';
import { joined } from '#src/features/imports/columns/lists.ts';
import type { Step } from '#src/features/imports/columns/mapping.ts';
import { differences } from '#src/features/imports/nouns/changes.ts';
import type { Change, Existing, Noun, Outcome, Stored } from '#src/features/imports/nouns/noun.ts';
import type { Way } from '#src/features/imports/tables.ts';
import type { Draft } from './drafts.ts';

export type Tally = {
	created: number;
	updated: number;
	unchanged: number;
	rejected: number;
	/** Of those that were made or changed: what looks wrong in them. */
	doubtful: number;
};

/** What a batch of rows comes to. */
export type Verdicts = {
	created: Outcome[];
	updated: (Change & { draft: Draft })[];
	unchanged: Outcome[];
	skipped: Outcome[];
	rejected: Draft[];
};

/** A tally of nothing. */
export function noTally(): Tally {
	return { created: 0, updated: 0, unchanged: 0, rejected: 0, doubtful: 0 };
}

/** Which row has already spoken for a record: its line, and what it is in the file. */
export type Claims = Map<number, { line: number; identity: string | undefined }>;

type Setting = {
	step: Step;
	noun: Noun;
	fields: Readonly<Record<string, Field>>;
	claims: Claims;
};

/** Puts each draft beside the record that it is about: known by its refs, else in the way of the step. */
export function outcomesOf(drafts: Draft[], existing: Existing[], setting: Setting): Outcome[] {
	const { step, noun, fields, claims } = setting;
	const byRef = new Map(existing.flatMap((was) => (was.ref === null ? [] : [[was.ref, was]])));
	const byKey = keysIn(existing, drafts, { noun, step });
	return drafts.map((draft) => {
		const known = draft.refs.map((ref) => byRef.get(ref)).find((was) => was !== undefined);
		const ref = draft.refs[0] ?? null;
		if (step.known === 'create') return outcome(draft, null, known ? null : ref, { fields, step });
		const was = known ?? namesake(draft, noun, byKey) ?? adopted(draft, byKey, { noun, step });
		if (was && !was.visible) {
			draft.reasons.push({ key: 'row.foreign', args: {} });
			return outcome(draft, null, null, { fields, step });
		}
		if (was?.shut) {
			draft.reasons.push(was.shut);
			return outcome(draft, null, null, { fields, step });
		}
		// Rows that only name a record may name it differently: by its ИНН and by its name.
		if (was && !(step.repeats && step.known === 'skip')) claim(draft, was, claims);
		return outcome(draft, was, ref, { fields, step });
	});
}

function outcome(
	draft: Draft,
	was: Existing | null,
	ref: string | null,
	{ fields, step }: Pick<Setting, 'fields' | 'step'>,
): Outcome {
	const values: Stored = was ? { ...was.values } : { ...draft.fallback };
	for (const [name, value] of Object.entries(draft.given)) {
		const list = was ? fields[name]?.list : undefined;
		values[name] = list ? joined(was?.values[name] ?? null, String(value), list) : value;
	}
	require(draft, was, values, fields, step);
	return { draft, was, values, ref, skipped: was !== null && step.known === 'skip' };
}

type Kind = Pick<Setting, 'noun' | 'step'>;

/** The ways in which the records of these drafts may be known. */
export function waysOf(drafts: readonly Draft[], { adopts }: Step): Set<Way> {
	const ways = new Set(drafts.flatMap(({ way }) => (way === null ? [] : [way])));
	return adopts && ways.size > 0 ? ways.add('name') : ways;
}

function keysIn(existing: Existing[], drafts: Draft[], { noun, step }: Kind) {
	const found = new Map<string, Existing[]>();
	for (const way of waysOf(drafts, step))
		for (const was of existing)
			for (const text of noun.keysOf(way, was.values)) {
				const key = `${way} ${text}`;
				found.set(key, [...(found.get(key) ?? []), was]);
			}
	return found;
}

// A name alone proves nothing: one that the person does not see is nobody they know.
function namesake(draft: Draft, noun: Noun, byKey: Map<string, Existing[]>): Existing | null {
	const { way, given } = draft;
	if (way === null) return null;
	const keys = noun.keysOf(way, given);
	const found = [...new Set(keys.flatMap((key) => byKey.get(`${way} ${key}`) ?? []))];
	const seen = found.filter(({ visible }) => visible);
	// What takes no change is meant only where nothing else is called so.
	const open = seen.filter(({ shut }) => !shut);
	const mine = open.length > 0 ? open : seen;
	if (mine.length > 1) {
		const text = String(given[way] ?? given[`${way}s`] ?? given.name ?? given.title ?? '');
		draft.reasons.push({ key: 'row.ambiguous', args: { text } });
	}
	return mine[0] ?? (way === 'name' ? null : (found[0] ?? null));
}

// One of this name that has no ИНН yet is meant, where a row only names it.
function adopted(draft: Draft, byKey: Map<string, Existing[]>, { noun, step }: Kind) {
	if (!step.adopts || draft.way !== 'inn') return null;
	const keys = noun.keysOf('name', draft.given);
	const found = keys.flatMap((key) => byKey.get(`name ${key}`) ?? []);
	const mine = found.filter(({ visible, values }) => visible && (values.inn ?? null) === null);
	return mine.length === 1 ? (mine[0] ?? null) : null;
}

function claim(draft: Draft, was: Existing, claims: Claims): void {
	const before = claims.get(was.id);
	const { row, identity } = draft;
	if (before === undefined) claims.set(was.id, { line: row.line, identity });
	else if (before.line !== row.line && before.identity !== identity)
		draft.reasons.push({ key: 'row.claimed', args: { line: before.line } });
}

// A cell that could not be read has its reason already.
function require(
	draft: Draft,
	was: Existing | null,
	values: Stored,
	fields: Setting['fields'],
	step: Step,
): void {
	if (was) return;
	for (const [name, field] of Object.entries(fields)) {
		const source = step.fields[name];
		const column = source?.column ?? name;
		if (!field.required || source?.mayBeEmpty || values[name] !== undefined) continue;
		if (!draft.reasons.some((reason) => reason.column === column))
			draft.reasons.push({ column, key: 'row.required', args: {} });
	}
}

/** Sorts the outcomes, once everything that can be said against them has been said. */
export function verdictsOn(outcomes: Outcome[]): Verdicts {
	const verdicts: Verdicts = { created: [], updated: [], unchanged: [], skipped: [], rejected: [] };
	for (const outcome of outcomes) {
		const { draft, was, values } = outcome;
		if (draft.reasons.length > 0) verdicts.rejected.push(draft);
		else if (!was) verdicts.created.push(outcome);
		else if (outcome.skipped) verdicts.skipped.push(outcome);
		else {
			const changes = differences(was.values, values);
			if (Object.keys(changes).length === 0) verdicts.unchanged.push(outcome);
			else verdicts.updated.push({ id: was.id, was, values, changes, draft });
		}
	}
	return verdicts;
}
