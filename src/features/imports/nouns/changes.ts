import type { FieldChange } from '#src/events.ts';
import type { Value } from '#src/features/imports/engine/values.ts';
import type { Stored } from './noun.ts';

/** Fields that point elsewhere stand in their row as ids, under these names. */
const COLUMNS: Record<string, string> = {
	client: 'clientId',
	owner: 'ownerId',
	stage: 'stageId',
	lossReason: 'lossReasonId',
	product: 'productId',
	kind: 'kindId',
	deal: 'dealId',
	team: 'teamId',
};

/** What differs between a record as it was and as it will be, field by field. */
export function differences(was: Stored, values: Stored): Record<string, FieldChange> {
	const changed = Object.entries(values).filter(([field, value]) => plain(was[field]) !== value);
	return Object.fromEntries(changed.map(([field, value]) => [field, [plain(was[field]), value]]));
}

function plain(value: Value | null | undefined): Value | null {
	return value ?? null;
}

// Lists are told as the forms tell them: «опт, сети».
function inOneLine<T>(value: T): T | string {
	return typeof value === 'string' ? value.replaceAll('\n', ', ') : value;
}

/** The changes by the names of the columns, as events keep them; without those of `apart`. */
export function columnChanges(
	changes: Record<string, FieldChange>,
	apart: readonly string[] = [],
): Record<string, FieldChange> {
	return Object.fromEntries(
		Object.entries(changes)
			.filter(([field]) => !apart.includes(field))
			.map(([field, [from, to]]) => [COLUMNS[field] ?? field, [inOneLine(from), inOneLine(to)]]),
	);
}
