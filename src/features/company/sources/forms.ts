import { form, oneOf, optional, text, version } from '#src/platform/forms/readers.ts';
import { SOURCE_KINDS } from './tables.ts';

const drawn = { was: optional(text(2_000)), returnTo: optional(text(500)) };

/** Which of the two lists a new word is for. */
export const NewSourceQuery = form({ kind: optional(oneOf(...SOURCE_KINDS)) });

/** A word for where clients and deals come from, to add. */
export const NewSourceForm = form({ kind: oneOf(...SOURCE_KINDS), name: text(200), ...drawn });

/** A word as it is to be. */
export const SourceForm = form({ version: version(), name: text(200), ...drawn });
