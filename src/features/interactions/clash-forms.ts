import { day, form, id, optional, time, whole } from '#src/platform/web/forms.ts';

/** The time that a form is about to take, as far as it is filled in; `except`: the step that it changes. */
export const ClashQuery = form({
	plannedDay: optional(day()),
	plannedTime: optional(time()),
	lengthMinutes: optional(whole(1, 1440)),
	ownerId: optional(id()),
	except: optional(id()),
});
