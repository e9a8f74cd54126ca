import type { FieldChange } from '#src/event-shapes.ts';

/**
 * What merging two deals does to the fields of the one that is kept, worked out before anything is written.
 * Pure, so that nothing that is lost can hide in SQL.
 */

/** What a merge chooses among, and the fields that go together with each: by the names of a deal's columns. */
export const MERGED = {
	title: ['title'],
	clientId: ['clientId'],
	amount: ['amount', 'currency', 'amountFromProducts'],
	stageId: [
		...['pipelineId', 'stageId', 'stageEnteredAt', 'closedOn', 'closedAt'],
		...['lossReasonId', 'closeComment'],
	],
	ownerId: ['ownerId'],
	expectedCloseOn: ['expectedCloseOn'],
	probability: ['probability'],
	source: ['source'],
	campaign: ['campaign'],
	note: ['note'],
} as const satisfies Record<string, readonly string[]>;
export type MergedUnit = keyof typeof MERGED;
export const MERGED_UNITS = Object.keys(MERGED) as MergedUnit[];

type Value = string | number | boolean | null;
/** The fields of a deal as JSON has them: amounts and moments are text, to the last digit. */
export type DealValues = Record<string, Value> & { extra: Record<string, Value> };

/** Whose value each unit and each `extra_<id>` takes: ids of deals. Not named: the kept one's, or the other's where it has none. */
export type Choices = Partial<Record<string, number>>;

/** A deal as merging looks at it. */
export type MergedDeal = { id: number; values: DealValues };

const extraKey = (id: string) => `extra_${id}`;

/** The fields that the kept deal has afterwards. */
export function valuesAfter(kept: MergedDeal, other: MergedDeal, choices: Choices): DealValues {
	const whose = (key: string, has: (one: MergedDeal) => boolean) => {
		const chosen = [kept, other].find(({ id }) => id === choices[key]);
		return chosen ?? (has(kept) || !has(other) ? kept : other);
	};
	const fields = MERGED_UNITS.flatMap((unit) => {
		// What an amount is in another currency fills nothing: the lines here are not in that.
		const foreign = unit === 'amount' && kept.values.currency !== other.values.currency;
		const has = ({ id, values }: MergedDeal) =>
			values[unit] !== null && !(foreign && id === other.id);
		const { values } = whose(unit, has);
		return MERGED[unit].map((field) => [field, values[field] ?? null]);
	});
	const ids = new Set([kept, other].flatMap(({ values }) => Object.keys(values.extra)));
	const extra = [...ids].flatMap((id) => {
		const value = whose(extraKey(id), ({ values }) => id in values.extra).values.extra[id];
		return value === undefined ? [] : [[id, value]];
	});
	return { ...Object.fromEntries(fields), extra: Object.fromEntries(extra) } as DealValues;
}

/** What the kept deal's fields were and are, where they differ; extra fields by `extra_<id>`. */
export function changesBetween(before: DealValues, after: DealValues): Record<string, FieldChange> {
	const flat = ({ extra, ...fields }: DealValues): Record<string, Value> => ({
		...fields,
		...Object.fromEntries(Object.entries(extra).map(([id, value]) => [extraKey(id), value])),
	});
	const [was, is] = [flat(before), flat(after)];
	const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
	return Object.fromEntries(
		names
			.map((name) => [name, [was[name] ?? null, is[name] ?? null]] as [string, FieldChange])
			.filter(([, [from, to]]) => from !== to),
	);
}

/**
 * The fields without the merge: what nobody has changed since gets its old value, and the units (and extra
 * fields) that somebody has stay; `lost` tells units whose old value is gone meanwhile, which stay as well.
 */
export function valuesBefore(
	now: DealValues,
	changes: Record<string, FieldChange>,
	lost: ReadonlySet<string>,
): { values: DealValues; kept: string[] } {
	const values = { ...now, extra: { ...now.extra } } as DealValues;
	const kept: string[] = [];
	for (const unit of MERGED_UNITS) {
		const fields = MERGED[unit].filter((field) => changes[field]);
		if (fields.length === 0) continue;
		const untouched = fields.every((field) => now[field] === changes[field]?.[1]);
		if (!untouched || lost.has(unit)) kept.push(unit);
		else for (const field of fields) values[field] = changes[field]?.[0] ?? null;
	}
	for (const [name, [from, to]] of Object.entries(changes)) {
		const id = /^extra_(.+)$/.exec(name)?.[1];
		if (id === undefined) continue;
		if ((now.extra[id] ?? null) !== to) kept.push(name);
		else if (from === null) delete values.extra[id];
		else values.extra[id] = from;
	}
	return { values, kept };
}
