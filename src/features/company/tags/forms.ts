import { form, oneOf, optional, text, version } from '#src/platform/forms/readers.ts';
import { COLOURS } from '#src/platform/pages/colours.ts';

const drawn = { was: optional(text(2_000)), returnTo: optional(text(500)) };

const tag = { name: text(60), colour: optional(oneOf(...COLOURS)), ...drawn };
/** A tag to add. */
export const NewTagForm = form(tag);
/** A tag as it is to be. */
export const TagForm = form({ version: version(), ...tag });
