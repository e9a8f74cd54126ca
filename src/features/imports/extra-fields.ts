import { listExtraFields } from '#src/features/company/extra-fields/extra-fields.ts';
import type { ExtraValues } from '#src/features/company/extra-fields/tables.ts';
import type { Field, NounName } from '#src/features/imports/columns/fields.ts';
import type { OwnFields } from '#src/features/imports/console/choice.ts';
import { choice, day, decimal, line, yesNo } from '#src/features/imports/engine/values.ts';
import type { Stored } from '#src/features/imports/nouns/noun.ts';
import type { Sql } from '#src/platform/db/client.ts';

const EXTRA = 'extra_';
const READERS = { text: line(500), number: decimal, day, yes_no: yesNo } as const;

/** The company's own fields of a noun, under the names `extra_<id>`. */
export async function extraFieldsOf(db: Sql, noun: NounName): Promise<Record<string, Field>> {
	if (noun !== 'clients' && noun !== 'deals') return {};
	const fields = await listExtraFields(db, noun === 'clients' ? 'client' : 'deal');
	return Object.fromEntries(
		fields.map(({ id, kind, choices }) => [
			`${EXTRA}${id}`,
			{ spare: true as const, read: kind === 'choice' ? choice(choices) : READERS[kind] },
		]),
	);
}

/** Extra values of a record as fields of the import. */
export function extraStored(values: ExtraValues): Stored {
	return Object.fromEntries(
		Object.entries(values).map(([id, value]) => [`${EXTRA}${id}`, String(value)]),
	);
}

/** The extra values among fields, as a record keeps them; what is null is left out. */
export function extraKept(values: Stored): ExtraValues {
	return Object.fromEntries(
		Object.entries(values).flatMap(([name, value]) => {
			if (!name.startsWith(EXTRA) || value === null) return [];
			const word = String(value);
			const yesOrNo = word === 'true' || word === 'false';
			return [[name.slice(EXTRA.length), yesOrNo ? word === 'true' : word]];
		}),
	);
}

/** The names of the company's own fields, for the choice of columns. */
export async function extraNames(
	db: Sql,
	noun: NounName,
): Promise<{ field: string; name: string }[]> {
	if (noun !== 'clients' && noun !== 'deals') return [];
	const fields = await listExtraFields(db, noun === 'clients' ? 'client' : 'deal');
	return fields.map(({ id, name }) => ({ field: `${EXTRA}${id}`, name }));
}

/** The company's own fields of all nouns that have some. */
export async function ownFields(db: Sql): Promise<OwnFields> {
	return { clients: await extraNames(db, 'clients'), deals: await extraNames(db, 'deals') };
}
