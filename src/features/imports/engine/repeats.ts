import type { Field } from '#src/features/imports/columns/fields.ts';
import { itemsBeside, joined } from '#src/features/imports/columns/lists.ts';
import type { Step } from '#src/features/imports/columns/mapping.ts';
import type { Draft } from './drafts.ts';

/** What the rows of a file have said so far about one record. */
type Said = { line: number; columns: Map<string, string>; draft: Draft | null };

type Sifted = { fresh: Draft[]; rejected: Draft[] };

/**
 * Watches for keys that come again in a file. In a step that says `repeats` (a manager in every line of his
 * team) they are the same record and may only add to it; elsewhere the second one is rejected.
 */
export class Repeats {
	readonly #step: Step;
	readonly #fields: Readonly<Record<string, Field>>;
	readonly #said = new Map<string, Said>();

	constructor(step: Step, fields: Readonly<Record<string, Field>>) {
		this.#step = step;
		this.#fields = fields;
	}

	/** Parts a batch into drafts to go on with and rejected ones; rows that add nothing are in neither. */
	sift(drafts: Draft[]): Sifted {
		const sifted: Sifted = { fresh: [], rejected: [] };
		for (const draft of drafts) this.#put(draft, sifted);
		// The drafts of this batch are written now: what comes later about them is a change.
		for (const said of this.#said.values()) said.draft = null;
		return sifted;
	}

	/** Rejected after all: the next row with this key stands for itself. */
	forget(drafts: Draft[]): void {
		for (const { identity } of drafts) this.#said.delete(identity ?? '');
	}

	#put(draft: Draft, { fresh, rejected }: Sifted): void {
		const key = draft.identity;
		if (key === undefined) {
			if (this.#step.repeats) return;
			const columns = this.#step.key.map((columns) => columns.join(' + ')).join(' / ');
			draft.reasons.push({ key: 'row.noKey', args: { columns } });
			rejected.push(draft);
			return;
		}
		const said = this.#said.get(key);
		if (!said) {
			this.#said.set(key, { line: draft.row.line, columns: columnsOf(draft), draft });
			fresh.push(draft);
			return;
		}
		if (!this.#step.repeats && this.#step.known === 'create') {
			// A namesake is wanted; a ref has one record.
			fresh.push({ ...draft, refs: [] });
			return;
		}
		if (!this.#step.repeats) {
			draft.reasons.push({ key: 'row.sameKey', args: { line: said.line } });
			rejected.push(draft);
			return;
		}
		if (this.#adds(draft, said) && draft.reasons.length === 0) fresh.push(draft);
		if (draft.reasons.length > 0) rejected.push(draft);
	}

	// Whether the draft says something new that cannot be put into the one of this batch any more.
	#adds(draft: Draft, said: Said): boolean {
		let news = false;
		for (const [field, text] of columnsOf(draft)) {
			const before = said.columns.get(field);
			if (before === text) continue;
			const list = this.#fields[field]?.list;
			if (list && itemsBeside(text, before, list).length === 0) continue;
			if (before !== undefined && !list) {
				const column = this.#step.fields[field]?.column ?? field;
				const args = { line: said.line, other: before };
				draft.reasons.push({ column, key: 'row.differs', args });
			} else news = true;
		}
		if (!news || draft.reasons.length > 0) return false;
		for (const [field, text] of columnsOf(draft))
			said.columns.set(field, this.#together(field, said.columns.get(field), text));
		if (!said.draft) return true;
		for (const [field, value] of Object.entries(draft.given))
			said.draft.given[field] =
				typeof value === 'string' ? this.#together(field, said.draft.given[field], value) : value;
		const known = new Set(said.draft.pointers.map(({ field }) => field));
		said.draft.pointers.push(...draft.pointers.filter(({ field }) => !known.has(field)));
		return false;
	}

	#together(field: string, before: string | number | undefined, text: string): string {
		const list = this.#fields[field]?.list;
		return list && before !== undefined ? (joined(before, text, list) ?? text) : text;
	}
}

// By field, as text: what a row says about its record.
function columnsOf({ given, pointers }: Draft): Map<string, string> {
	return new Map([
		...Object.entries(given).map(([field, value]) => [field, String(value)] as const),
		...pointers
			.filter(({ fallback }) => !fallback)
			.map(({ field, text }) => [field, text] as const),
	]);
}
