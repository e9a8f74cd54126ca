import { SOURCE_KINDS } from '#src/features/clients/tables.ts';
import { form, oneOf, optional, text, version } from '#src/platform/forms/readers.ts';
import { COLOURS } from '#src/platform/pages/colours.ts';

const drawn = { was: optional(text(2_000)), returnTo: optional(text(500)) };

const tag = { name: text(60), colour: optional(oneOf(...COLOURS)), ...drawn };
/** A tag to add. */
export const NewTagForm = form(tag);
/** A tag as it is to be. */
export const TagForm = form({ version: version(), ...tag });

/** Which of the two lists a new word is for. */
export const NewSourceQuery = form({ kind: optional(oneOf(...SOURCE_KINDS)) });
/** A word for where clients and deals come from, to add. */
export const NewSourceForm = form({ kind: oneOf(...SOURCE_KINDS), name: text(200), ...drawn });
/** A word as it is to be. */
export const SourceForm = form({ version: version(), name: text(200), ...drawn });
