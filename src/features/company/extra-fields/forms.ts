import { form, lines, oneOf, optional, text, version } from '#src/platform/forms/readers.ts';
import { EXTRA_KINDS, EXTRA_NOUNS } from './tables.ts';

/** For which noun a new field is. */
export const NewExtraQuery = form({ noun: optional(oneOf(...EXTRA_NOUNS)) });

/** A new extra field; `choices` one a line. */
export const NewExtraForm = form({
	noun: oneOf(...EXTRA_NOUNS),
	name: text(100),
	kind: oneOf(...EXTRA_KINDS),
	choices: optional(lines(100, 200)),
	was: optional(text(30_000)),
	returnTo: optional(text(500)),
});

/** Another name or other choices. */
export const ExtraForm = form({
	version: version(),
	name: text(100),
	choices: optional(lines(100, 200)),
	was: optional(text(30_000)),
	returnTo: optional(text(500)),
});
