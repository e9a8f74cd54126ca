import type { Acting } from '#src/features/access/rights.ts';
import { extraNames } from '#src/features/imports/extra-fields.ts';
import { type ImportRecord, rememberedChoice } from '#src/features/imports/queries.ts';
import type { Choice } from '#src/features/imports/tables.ts';
import type { Database } from '#src/platform/db/client.ts';
import { FEED_COLUMNS, OURS } from './columns.ts';
import { fieldsFor } from './recognition.ts';
import { suggestedWay } from './suggestion.ts';

/** What a file's columns most likely are: as last time, or else by their headings. */
export async function suggestedChoice(
	db: Database,
	acting: Pick<Acting, 'actor'>,
	{ feeds, headers, fingerprint }: ImportRecord,
): Promise<{ choice: Choice; remembered: boolean }> {
	const { fields, ways, known } = FEED_COLUMNS[feeds];
	const extra = await extraNames(db, feeds);
	const before = await rememberedChoice(db, acting.actor, fingerprint, feeds);
	const possible = [...fields, ...extra.map(({ field, name }) => ({ field, words: name }))];
	const usable = before?.fields.every(
		(field) => field === '' || possible.some((one) => one.field === field),
	);
	if (before && usable) {
		let at = 0;
		const all = headers.map((header) => (OURS.includes(header) ? '' : (before.fields[at++] ?? '')));
		return { choice: { ...before, fields: all, instead: undefined }, remembered: true };
	}
	const all = fieldsFor(headers, possible);
	const way = suggestedWay(all, ways);
	return { choice: { fields: all, way, known: known[0] ?? 'update' }, remembered: false };
}
