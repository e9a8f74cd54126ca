import type { FieldChange } from '#src/events.ts';

type Value = FieldChange[0];

/** What an edit changes of these fields, old and new, as an event tells it; null where it changes nothing. */
export function changesBetween<Name extends string>(
	before: Record<Name, Value>,
	after: Record<Name, Value>,
	names: readonly Name[],
): Record<string, FieldChange> | null {
	const changed = names.filter((name) => before[name] !== after[name]);
	if (changed.length === 0) return null;
	return Object.fromEntries(changed.map((name) => [name, [before[name], after[name]]]));
}
