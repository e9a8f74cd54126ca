import { form, oneOf, optional, text, version } from '#src/platform/forms/readers.ts';
import { addDays, momentOf, type Viewer } from '#src/platform/i18n/dates.ts';
import { clockOf } from '#src/platform/i18n/workdays.ts';

const UNTIL = ['fiveMinutes', 'quarter', 'hour', 'tomorrow'] as const;

/** Until when a reminder rests; without it, for good. */
export const ReminderForm = form({
	version: version(),
	until: optional(oneOf(...UNTIL)),
	returnTo: optional(text(500)),
});

const MINUTES = { fiveMinutes: 5, quarter: 15, hour: 60 } as const;
const MINUTE_MS = 60_000;

/** The moment that a choice means; tomorrow is when the person's work begins (minutes after midnight). */
export function untilOf(choice: (typeof UNTIL)[number], viewer: Viewer, workFrom: number): Date {
	if (choice !== 'tomorrow') return new Date(viewer.now.getTime() + MINUTES[choice] * MINUTE_MS);
	return momentOf(addDays(viewer.today, 1), clockOf(workFrom), viewer.timeZone);
}
