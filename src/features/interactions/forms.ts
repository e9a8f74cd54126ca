import { InvalidForm } from '#src/platform/errors.ts';
import {
	addDays,
	addWorkingDays,
	daysBetween,
	momentOf,
	type Viewer,
} from '#src/platform/i18n/dates.ts';
import {
	checked,
	day,
	form,
	id,
	money,
	oneOf,
	optional,
	text,
	time,
	version,
	whole,
} from '#src/platform/web/forms.ts';
import type { NewStep, Plan } from './actions.ts';

const step = {
	kindId: optional(id()),
	summary: optional(text(500)),
	plannedDay: optional(day()),
	plannedTime: optional(time()),
	lengthMinutes: optional(whole(1, 1440)),
};

/** A step to plan on a deal; with `done`, one that has been taken already. */
export const PlanForm = form({ ...step, done: optional(checked()), returnTo: optional(text(500)) });

/** What came out of a step, and the next one in the same small form. */
export const CompletionForm = form({
	version: version(),
	outcome: optional(text(4000)),
	...step,
	returnTo: optional(text(500)),
});

/** To when a step is put off: a shortcut, or a day and perhaps a time. */
export const PostponementForm = form({
	version: version(),
	to: optional(oneOf('hour', 'tomorrow', 'week')),
	plannedDay: optional(day()),
	plannedTime: optional(time()),
	returnTo: optional(text(500)),
});

/** Why a step is given up. */
export const CancellationForm = form({
	version: version(),
	reason: optional(text(500)),
	returnTo: optional(text(500)),
});

/** A new deal out of a column of the board: client, title, amount, first step. */
export const InterestForm = form({
	stageId: id(),
	clientName: text(300),
	title: text(300),
	amount: optional(money()),
	...step,
	returnTo: optional(text(500)),
});

/** A plan further off than this is a slip of the keyboard. */
const MOST_DAYS_BACK = 366;
const MOST_DAYS_AHEAD = 3660;

type StepFields = {
	kindId?: number;
	summary?: string;
	plannedDay?: string;
	plannedTime?: string;
	lengthMinutes?: number;
};

/**
 * The step that a form describes, or null where its day is left empty: no day, no step. Throws
 * InvalidForm for a step without kind or without words.
 */
export function stepOf(
	fields: StepFields,
	viewer: Viewer,
	defaultSummary?: string,
): NewStep | null {
	if (fields.plannedDay === undefined) {
		if (fields.plannedTime === undefined && fields.summary === undefined) return null;
		throw new InvalidForm({ plannedDay: { key: 'field.required' } }, {});
	}
	const distance = daysBetween(viewer.today, fields.plannedDay);
	if (distance < -MOST_DAYS_BACK || distance > MOST_DAYS_AHEAD)
		throw new InvalidForm({ plannedDay: { key: 'field.dayFar' } }, {});
	const summary = fields.summary ?? defaultSummary;
	if (fields.kindId === undefined) throw new InvalidForm({ kindId: { key: 'field.choice' } }, {});
	if (summary === undefined) throw new InvalidForm({ summary: { key: 'field.required' } }, {});
	return {
		kindId: fields.kindId,
		summary,
		plan: planOf(fields.plannedDay, fields.plannedTime, viewer),
		lengthMinutes: fields.lengthMinutes,
	};
}

/** A day alone is a plan for the day; with a time it is a moment in the viewer's zone. */
export function planOf(day: string, time: string | undefined, viewer: Viewer): Plan {
	return time === undefined
		? { plannedOn: day }
		: { plannedAt: momentOf(day, time, viewer.timeZone) };
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * When a postponed step is due. A shortcut keeps the clock time of a moment and stays a day for a
 * day; an hour counts from now. Throws InvalidForm where nothing was chosen.
 */
export function postponedTo(
	fields: { to?: 'hour' | 'tomorrow' | 'week'; plannedDay?: string; plannedTime?: string },
	clockTime: string | undefined,
	viewer: Viewer,
): Plan {
	if (fields.to === 'hour') {
		const later = viewer.now.getTime() + HOUR_MS;
		return { plannedAt: new Date(Math.floor(later / MINUTE_MS) * MINUTE_MS) };
	}
	if (fields.to === 'tomorrow') return planOf(addDays(viewer.today, 1), clockTime, viewer);
	if (fields.to === 'week') return planOf(addDays(viewer.today, 7), clockTime, viewer);
	if (fields.plannedDay === undefined)
		throw new InvalidForm({ plannedDay: { key: 'field.required' } }, {});
	return planOf(fields.plannedDay, fields.plannedTime, viewer);
}

/** The day that the form suggests for the step after one of this kind. */
export function suggestedDay(nextInDays: number, viewer: Viewer): string {
	return addWorkingDays(viewer.today, nextInDays);
}
