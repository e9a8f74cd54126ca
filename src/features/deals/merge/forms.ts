import { type ExtraField, extraName } from '#src/features/company/extra-fields/extra-fields.ts';
import { form, id, ids, optional, text, versions } from '#src/platform/forms/readers.ts';
import { MERGED_UNITS } from './plan.ts';

/** How many deals one merge takes. */
const MERGED_AT_ONCE = 2;

/** What the other deal is looked for by. */
export const CandidatesQuery = form({ q: optional(text(200)) });

/** Which two deals are to be merged. */
export const MergeQuery = form({
	ids: ids(MERGED_AT_ONCE, MERGED_AT_ONCE),
	returnTo: optional(text(500)),
});

/** A merge: versions of both, the one that is kept, and for each field whose value it takes. */
export const mergeForm = (extra: readonly ExtraField[]) =>
	form({
		version: versions(MERGED_AT_ONCE),
		survivorId: id(),
		returnTo: optional(text(500)),
		...Object.fromEntries(MERGED_UNITS.map((unit) => [unit, optional(id())])),
		...Object.fromEntries(extra.map((field) => [extraName(field), optional(id())])),
	});
