import { form, id, oneOf, optional, text, version, whole } from '#src/platform/forms/readers.ts';

/** Symbols of the sprite that a kind can have. */
export const KIND_ICONS = [
	'phone',
	'users',
	'mail',
	'file-text',
	'check-square',
	'clock',
	'flag',
	'edit',
	'repeat',
	'circle',
] as const;

const kind = {
	name: text(60),
	icon: oneOf(...KIND_ICONS),
	nextKindId: optional(id()),
	nextInDays: whole(0, 365),
	lengthMinutes: optional(whole(1, 1440)),
	was: optional(text(2000)),
	returnTo: optional(text(500)),
};

/** A kind of interactions to add. */
export const NewKindForm = form(kind);
/** A kind as it is to be. */
export const KindForm = form({ version: version(), ...kind });
