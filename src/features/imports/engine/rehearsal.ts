import type { NounName, Target } from '#src/features/imports/columns/fields.ts';
import type { Change, Existing, Noun, Outcome, Wanted } from '#src/features/imports/nouns/noun.ts';
import { WAYS } from '#src/features/imports/tables.ts';

type Kept = {
	byId: Map<number, Existing>;
	byRef: Map<string, number>;
	byKey: Map<string, Set<number>>;
};

/**
 * What an import that only looks would have written so far: the engine sees it beside what is in the
 * database, and so comes to the same verdicts without writing or locking anything.
 */
export class Rehearsal {
	#lastId = 0;
	readonly #nouns = new Map<NounName | Target, Kept>();

	/** An id for a record that is not there: below zero. */
	nextId(): number {
		this.#lastId -= 1;
		return this.#lastId;
	}

	/** Remembers a record that would be made. */
	create(name: NounName, noun: Noun, made: Outcome & { id: number }): void {
		const { id, ref, values } = made;
		const deal = { enteredAt: new Date(0), products: [] };
		const title = String(values.name ?? values.title ?? values.summary ?? '');
		this.#keep(name, noun, { id, ref, name: title, values, visible: true, deal });
	}

	/** Remembers a record as it would be after a change. */
	change(name: NounName, noun: Noun, { was, values }: Change): void {
		this.#keep(name, noun, { ...was, values });
	}

	#keep(name: NounName, noun: Noun, record: Existing): void {
		const kept = this.#of(name);
		kept.byId.set(record.id, record);
		if (record.ref !== null) kept.byRef.set(record.ref, record.id);
		for (const way of WAYS)
			for (const key of noun.keysOf(way, record.values)) {
				const ids = kept.byKey.get(`${way} ${key}`) ?? new Set();
				kept.byKey.set(`${way} ${key}`, ids.add(record.id));
			}
	}

	#of(name: NounName | Target): Kept {
		const known = this.#nouns.get(name);
		if (known) return known;
		const fresh: Kept = { byId: new Map(), byRef: new Map(), byKey: new Map() };
		this.#nouns.set(name, fresh);
		return fresh;
	}

	/** What was found in the database, as it would be by now, with what would be there beside it. */
	over(name: NounName, existing: Existing[], { ids, refs, keys }: Wanted): Existing[] {
		const { byId, byRef, byKey } = this.#of(name);
		const found = new Map(existing.map((was) => [was.id, byId.get(was.id) ?? was]));
		const more = [
			...ids,
			...refs.map((ref) => byRef.get(ref)),
			...keys.flatMap(({ way, texts }) =>
				texts.flatMap((text) => [...(byKey.get(`${way} ${text}`) ?? [])]),
			),
		];
		for (const id of more) {
			const record = id === undefined ? undefined : byId.get(id);
			if (record) found.set(record.id, record);
		}
		return [...found.values()];
	}

	/** Ids of what would be made and is called so. */
	find(target: Target, by: 'key' | 'name' | 'inn', text: string): number[] {
		const { byRef, byKey } = this.#of(target);
		const byText = by === 'key' ? byRef.get(text) : undefined;
		const ids = by === 'key' ? [byText] : [...(byKey.get(`${by} ${text}`) ?? [])];
		return ids.filter((id) => id !== undefined && id < 0) as number[];
	}
}
