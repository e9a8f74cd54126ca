import type { Edit } from '#src/features/interactions/interaction/editing.ts';
import {
	FREQUENCIES,
	type Repeat,
	WEEKDAYS,
} from '#src/features/interactions/series/recurrence.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import {
	checked,
	day,
	form,
	id,
	money,
	oneOf,
	optional,
	type Part,
	text,
	time,
	version,
	whole,
} from '#src/platform/forms/readers.ts';
import { addDays, daysBetween, momentOf, type Viewer } from '#src/platform/i18n/dates.ts';
import { addWorkingDays } from '#src/platform/i18n/workdays.ts';
import type { DoneStep, NewStep, Plan } from './actions.ts';

/** So many minutes before a step its owner can be reminded. */
export const REMINDERS = [0, 5, 10, 15, 30, 60, 120, 1440] as const;

const facts = {
	kindId: optional(id()),
	summary: optional(text(500)),
	description: optional(text(4000)),
	place: optional(text(300)),
	contactId: optional(id()),
	lengthMinutes: optional(whole(1, 1440)),
};
const firstStep = {
	...facts,
	plannedDay: optional(day()),
	plannedTime: optional(time()),
	remind: optional(oneOf('none', '0', '5', '10', '15', '30', '60', '120', '1440')),
};
const step = { ...firstStep, ownerId: optional(id()) };
const repeats = {
	repeat: optional(oneOf(...FREQUENCIES)),
	every: optional(whole(1, 99)),
	onMo: optional(checked()),
	onTu: optional(checked()),
	onWe: optional(checked()),
	onTh: optional(checked()),
	onFr: optional(checked()),
	onSa: optional(checked()),
	onSu: optional(checked()),
	repeatUntil: optional(day()),
	repeatCount: optional(whole(1, 365)),
};
const scope = optional(oneOf('one', 'following', 'all'));
/** The fields of a step and of how it is repeated, for forms of other features that plan one. */
export const StepFields = { ...step, ...repeats };

/** A step to plan on a deal or for a client; with `done`, one that has been taken already. */
export const PlanForm = form({
	...step,
	...repeats,
	done: optional(checked()),
	doneDay: optional(day()),
	doneTime: optional(time()),
	outcome: optional(text(4000)),
	returnTo: optional(text(500)),
});

/** What came out of a step, and the next one in the same small form. */
export const CompletionForm = form({
	version: version(),
	outcome: optional(text(4000)),
	...step,
	returnTo: optional(text(500)),
});

/** An interaction as it is to be; what the form does not hold stays. */
export const StepForm = form({
	version: version(),
	...step,
	...repeats,
	scope,
	kindId: id(),
	summary: text(500),
	ownerId: id(),
	outcome: optional(text(4000)),
	was: optional(text(20_000)),
	returnTo: optional(text(500)),
});

/** To whom a step goes. */
export const StepOwnerForm = form({
	version: version(),
	ownerId: id(),
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

/** Why a step is given up or taken away. */
export const CancellationForm = form({
	version: version(),
	scope,
	reason: optional(text(500)),
	returnTo: optional(text(500)),
});

/** What is planned again, and the step that was planned in its place. */
export const ReopeningForm = form({
	version: version(),
	reason: optional(text(500)),
	nextId: optional(id()),
	nextVersion: optional(version()),
	returnTo: optional(text(500)),
});

/** A deleted interaction that comes back, with what it belonged to. */
export const RestorationForm = form({
	version: version(),
	dealId: optional(id()),
	clientId: optional(id()),
	returnTo: optional(text(500)),
});

/** A new deal out of a column of the board: client, title, amount, first step. */
export const InterestForm = form({
	stageId: id(),
	clientName: text(300),
	/** The client that the form was opened for; it counts while its name was left as it is. */
	clientId: optional(id()),
	title: text(300),
	amount: optional(money()),
	...firstStep,
	returnTo: optional(text(500)),
});

/** A plan further off than this is a slip of the keyboard. */
const MOST_DAYS_BACK = 366;
const MOST_DAYS_AHEAD = 3660;

type FactFields = {
	kindId?: number;
	summary?: string;
	description?: string;
	place?: string;
	contactId?: number;
	lengthMinutes?: number;
};
/** What a form says of a step to plan. */
export type StepFields = FactFields & {
	plannedDay?: string;
	plannedTime?: string;
	remind?: string;
	ownerId?: number;
};

const required = (name: string) => new InvalidForm({ [name]: { key: 'field.required' } }, {});

/**
 * The step that a form describes, or null where its day is left empty: no day, no step. Throws
 * InvalidForm for a step without kind or without words.
 */
export function stepOf(
	fields: StepFields,
	viewer: Viewer,
	defaultSummary?: string,
): NewStep | null {
	const { plannedDay, plannedTime, remind, ownerId } = fields;
	if (plannedDay === undefined) {
		if (plannedTime === undefined && fields.summary === undefined) return null;
		throw required('plannedDay');
	}
	checkDistance(plannedDay, viewer);
	const remindMinutes = remind === undefined ? undefined : minutesOf(remind);
	const plan = planOf(plannedDay, plannedTime, viewer);
	return { ...factsOf(fields, defaultSummary), plan, remindMinutes, ownerId };
}

function factsOf(fields: FactFields, defaultSummary: string | undefined) {
	const { kindId, description, place, contactId, lengthMinutes } = fields;
	const summary = fields.summary ?? defaultSummary;
	if (kindId === undefined) throw new InvalidForm({ kindId: { key: 'field.choice' } }, {});
	if (summary === undefined) throw required('summary');
	return { kindId, summary, description, place, contactId, lengthMinutes };
}

function checkDistance(day: string, viewer: Viewer): void {
	const distance = daysBetween(viewer.today, day);
	if (distance < -MOST_DAYS_BACK || distance > MOST_DAYS_AHEAD)
		throw new InvalidForm({ plannedDay: { key: 'field.dayFar' } }, {});
}

const minutesOf = (remind: string) => (remind === 'none' ? null : Number(remind));

type DoneFields = FactFields & { doneDay?: string; doneTime?: string; outcome?: string };

/**
 * What a form says has been done: now, at a time of today, or on an earlier day (at noon, where only the
 * day is told). Throws InvalidForm for a step without kind or words.
 */
export function doneStepOf(fields: DoneFields, viewer: Viewer, defaultSummary?: string): DoneStep {
	const { doneDay = viewer.today, doneTime, outcome = null } = fields;
	const now = doneTime === undefined && doneDay === viewer.today;
	const at = now ? undefined : momentOf(doneDay, doneTime ?? '12:00', viewer.timeZone);
	checkDistance(doneDay, viewer);
	return { ...factsOf(fields, defaultSummary), outcome, at };
}

/** What it says of how the step is repeated. */
export type RepeatFields = Partial<
	Record<`on${'Mo' | 'Tu' | 'We' | 'Th' | 'Fr' | 'Sa' | 'Su'}`, boolean | null>
> & {
	repeat?: string | null;
	every?: number | null;
	repeatUntil?: string | null;
	repeatCount?: number | null;
};

/** How a form says that a step is repeated; null: not at all. */
export function repeatFrom(fields: RepeatFields): Repeat | null {
	const frequency = FREQUENCIES.find((one) => one === fields.repeat);
	if (frequency === undefined) return null;
	const chosen = WEEKDAYS.filter((_, nr) => fields[DAY_FIELDS[nr] as keyof RepeatFields]);
	return {
		frequency,
		every: frequency === 'workdays' ? 1 : (fields.every ?? 1),
		weekdays: frequency === 'weekly' ? chosen : [],
		until: fields.repeatUntil ?? null,
		count: fields.repeatUntil ? null : (fields.repeatCount ?? null),
	};
}

/** The boxes of a form for the days of a week, Monday first. */
export const DAY_FIELDS = ['onMo', 'onTu', 'onWe', 'onTh', 'onFr', 'onSa', 'onSu'] as const;

/** What an edit form changes: the fields that it holds, and only those. Throws InvalidForm for no day. */
export function editOf(fields: Part<StepFields & { outcome?: string }>, viewer: Viewer): Edit {
	const { plannedDay, plannedTime, remind, kindId, summary, ownerId } = fields;
	const { description, place, contactId, lengthMinutes, outcome } = fields;
	const nullable = { description, place, contactId, lengthMinutes, outcome };
	if (plannedDay === null || (plannedDay === undefined && plannedTime))
		throw required('plannedDay');
	if (plannedDay) checkDistance(plannedDay, viewer);
	return {
		...nullable,
		...(kindId ? { kindId } : {}),
		...(summary ? { summary } : {}),
		...(ownerId ? { ownerId } : {}),
		...(plannedDay ? { plan: planOf(plannedDay, plannedTime ?? undefined, viewer) } : {}),
		...(remind === undefined ? {} : { remindMinutes: remind && minutesOf(remind) }),
	} as Edit;
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
	if (fields.plannedDay === undefined) throw required('plannedDay');
	return planOf(fields.plannedDay, fields.plannedTime, viewer);
}

/** The day that the form suggests for the step after one of this kind. */
export function suggestedDay(nextInDays: number, viewer: Viewer): string {
	return addWorkingDays(viewer.today, nextInDays, viewer.workdays);
}
