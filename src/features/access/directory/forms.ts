import { InvalidForm } from '#src/platform/errors.ts';
import type { Place } from '#src/platform/forms/place.ts';
import {
	checked,
	form,
	id,
	oneOf,
	optional,
	readForm,
	text,
	version,
	whole,
} from '#src/platform/forms/readers.ts';

/** Another place in the order: one up or down by a button, wherever a drag leaves it. */
export const PositionForm = form({
	version: version(),
	way: optional(oneOf('up', 'down')),
	place: optional(whole(1, 10_000)),
});

/** Whether a record is offered. */
export const ActivityForm = form({ version: version(), active: optional(checked()) });

/** A record to take away. */
export const RemovalForm = form({ version: version() });

/** Reads where a record is moved to. Throws InvalidForm where that is not said. */
export function readPosition(body: unknown): { version: number; where: Place } {
	const { version, way, place } = readForm(PositionForm, body);
	if (way !== undefined) return { version, where: { way } };
	if (place !== undefined) return { version, where: { place } };
	throw new InvalidForm({ way: { key: 'field.choice' } }, {});
}

/** A record that goes into another of its kind. */
export const MergerForm = form({
	version: version(),
	intoId: id(),
	returnTo: optional(text(500)),
});

/** A record to take away; what uses it goes into another one. */
export const EmptyingForm = form({
	version: version(),
	intoId: optional(id()),
	returnTo: optional(text(500)),
});
