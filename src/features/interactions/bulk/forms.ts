import { dayAhead, plannedBy } from '#src/features/deals/bulk/forms.ts';
import type { Plan } from '#src/features/interactions/steps.ts';
import {
	type BulkBar,
	type ChosenOne,
	LONGEST_CHOICE,
	MOST_CHOSEN,
	matchesIn,
	numbersIn,
} from '#src/platform/forms/chosen.ts';
import {
	day,
	form,
	oneOf,
	optional,
	readForm,
	text,
	time,
	whole,
} from '#src/platform/forms/readers.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';

/** What can be done with many steps at once. */
export const STEP_BULK_VERBS = ['postpone', 'done', 'cancel'] as const;
export type StepBulkVerb = (typeof STEP_BULK_VERBS)[number];

const ICONS: Record<StepBulkVerb, string> = { postpone: 'clock', done: 'check', cancel: 'close' };

/** What is offered to do with many steps; those of deals that are over are given up first of all. */
export function stepBar(finished: boolean): BulkBar {
	const verbs: StepBulkVerb[] = finished ? ['cancel', 'done', 'postpone'] : [...STEP_BULK_VERBS];
	const action = '/interactions/bulk/new';
	return { noun: 'step', action, verbs: verbs.map((verb) => ({ verb, icon: ICONS[verb] })) };
}

/** The question before it is done: what, and with which steps, or only with how many. */
export const StepBulkQuery = form({
	verb: oneOf(...STEP_BULK_VERBS),
	step: optional(text(LONGEST_CHOICE)),
	n: optional(whole(1, MOST_CHOSEN)),
	returnTo: optional(text(2000)),
});

/** What is done with the steps; each verb takes its own fields. */
export const StepBulkForm = form({
	verb: oneOf(...STEP_BULK_VERBS, 'back'),
	step: text(LONGEST_CHOICE),
	plannedDay: optional(day()),
	plannedTime: optional(time()),
	outcome: optional(text(4000)),
	reason: optional(text(500)),
	/** Of an undo: what is taken back. */
	back: optional(oneOf('postpone', 'ended')),
	returnTo: optional(text(2000)),
});

/** What is done with every step of a choice. */
export type StepCommand =
	| { verb: 'postpone'; day: string; time: string | undefined }
	| { verb: 'done'; outcome: string | null }
	| { verb: 'cancel'; reason: string | null }
	| { verb: 'back'; back: 'postpone' | 'ended' };

/** What a form asks to be done. Throws InvalidForm for what its verb lacks. */
export function stepCommandIn(body: unknown, viewer: Viewer): StepCommand {
	const read = readForm(StepBulkForm, body);
	const { verb, plannedDay, plannedTime, outcome = null, reason = null } = read;
	if (verb === 'postpone') return { verb, day: dayAhead(plannedDay, viewer), time: plannedTime };
	if (verb === 'done') return { verb, outcome };
	if (verb === 'cancel') return { verb, reason };
	return { verb, back: read.back ?? 'ended' };
}

/** How one step gets back to where it was: to its plan, or, without one, to be planned again. */
export type StepBack = ChosenOne & { plan?: Plan };

const BACK_TO_PLAN = /^(\d{1,15})\.(\d{1,15})\.(?:(\d{4}-\d\d-\d\d)|(\d{10,14}))$/;

/** What an undo names: `step.version.plan` with a day or a moment in ms, or `step.version` of one that was done or given up. */
export function stepsBackIn(back: 'postpone' | 'ended', typed: string): StepBack[] {
	if (back === 'ended')
		return numbersIn(typed, [2], 'step').map(([id, version]) => ({ id, version }) as StepBack);
	return matchesIn(typed, BACK_TO_PLAN, 'step').map((match) => {
		const [id, version] = match.slice(0, 2).map(Number) as [number, number];
		return { id, version, plan: plannedBy(match[2], match[3]) };
	});
}
