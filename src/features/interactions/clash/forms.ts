import { InvalidForm } from '#src/platform/errors.ts';
import { day, form, id, optional, readForm, time, whole } from '#src/platform/forms/readers.ts';
import type { Asked } from './clash.ts';

/** The time that a form is about to take, as far as it is filled in; `except`: the step that it changes. */
const ClashQuery = form({
	plannedDay: optional(day()),
	plannedTime: optional(time()),
	lengthMinutes: optional(whole(1, 1440)),
	ownerId: optional(id()),
	except: optional(id()),
});

/** What a form says of it while it is being typed: what cannot be read, as the year 0202, says no time yet. */
export function askedIn(query: unknown): Asked {
	try {
		return readForm(ClashQuery, query);
	} catch (error) {
		if (error instanceof InvalidForm) return {};
		throw error;
	}
}
