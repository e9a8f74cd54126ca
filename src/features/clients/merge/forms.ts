import { type ExtraField, extraName } from '#src/features/company/extra-fields/extra-fields.ts';
import { LEGAL_KINDS } from '#src/features/company/requisites.ts';
import {
	form,
	id,
	ids,
	oneOf,
	optional,
	text,
	version,
	versions,
} from '#src/platform/forms/readers.ts';
import { MERGED_FIELDS } from './plan.ts';
import { DUPLICATE_KINDS } from './tables.ts';

/** The most clients that one merge takes. */
export const MOST_MERGED = 10;

/** Which clients are to be merged. */
export const MergeQuery = form({ ids: ids(2, MOST_MERGED), returnTo: optional(text(500)) });

/** Which clients are to be merged with one more, and what it is looked for by. */
export const CandidatesQuery = form({ ids: ids(1, MOST_MERGED - 1), q: optional(text(200)) });

/** A merge: versions of all, the one that survives, and for each field whose value it takes. */
export const mergeForm = (extra: readonly ExtraField[]) =>
	form({
		version: versions(MOST_MERGED),
		survivorId: id(),
		returnTo: optional(text(500)),
		...Object.fromEntries(MERGED_FIELDS.map((field) => [field, optional(id())])),
		...Object.fromEntries(extra.map((field) => [extraName(field), optional(id())])),
	});

export const MergeParams = form({ id: id() });
/** Undoing a merge, removing and archiving ask for nothing but the version. */
export const VersionForm = form({ version: version(), returnTo: optional(text(500)) });

const words = () => optional(text(300));
/** What is typed of a client while doubles are looked for, or which page of likely doubles is read. */
export const DuplicatesQuery = form({
	name: words(),
	inn: words(),
	legalKind: optional(oneOf(...LEGAL_KINDS)),
	phone: optional(text(2000)),
	email: optional(text(2000)),
	except: optional(id()),
	by: optional(oneOf(...DUPLICATE_KINDS)),
	after: words(),
	at: optional(oneOf('duplicates', 'duplicates-here')),
});

/** «These are different»: which clients, and by what they looked alike. */
export const DifferentForm = form({
	kind: oneOf(...DUPLICATE_KINDS),
	alike: text(300),
	ids: ids(2, MOST_MERGED),
	after: words(),
});
