import type { Acting } from '#src/features/auth/rules.ts';
import {
	cancelInteraction,
	type Plan,
	planInteraction,
} from '#src/features/interactions/actions.ts';
import { type Edit, editInteraction } from '#src/features/interactions/editing.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import type { TakenEvent } from './reading.ts';
import type { CalendarStep } from './steps.ts';
import { DEFAULT_MINUTES, summaryIn } from './words.ts';

const MAX_SUMMARY = 300;

/** When an event is, as a plan. */
export function planOf({ on, at }: TakenEvent): Plan {
	return on === null ? { plannedAt: at as Date } : { plannedOn: on };
}

/** What an event says differently from the interaction that it is of. */
export function differences(step: CalendarStep, taken: TakenEvent): Edit {
	const edit: Edit = {};
	const sameTime = taken.on === step.plannedOn && taken.at?.getTime() === step.plannedAt?.getTime();
	if (!sameTime) edit.plan = planOf(taken);
	const length = step.lengthMinutes ?? DEFAULT_MINUTES;
	if (taken.on === null && taken.lengthMinutes !== null && taken.lengthMinutes !== length)
		edit.lengthMinutes = taken.lengthMinutes;
	if (taken.place !== step.place) edit.place = taken.place;
	const summary = summaryIn(taken.summary, step).slice(0, MAX_SUMMARY);
	if (summary !== '' && summary !== step.summary) edit.summary = summary;
	return edit;
}

/** Takes over what an event says. Returns the version of the interaction afterwards. Throws as editInteraction. */
export async function takeHere(
	tx: Tx,
	acting: Acting,
	step: CalendarStep,
	taken: TakenEvent,
): Promise<number> {
	if (taken.cancelled && step.status === 'planned') return await cancelHere(tx, acting, step);
	const edit = differences(step, taken);
	if (Object.keys(edit).length === 0) return step.version;
	return (await editInteraction(tx, acting, step.id, step.version, edit)).version;
}

/** Cancels what was deleted or called off in the calendar. Returns its version afterwards. */
export async function cancelHere(tx: Tx, acting: Acting, step: CalendarStep): Promise<number> {
	const reason = translate(acting.actor.language, 'calendar.deletedThere');
	await cancelInteraction(tx, acting, step.id, step.version, reason);
	return step.version + 1;
}

/** Keeps what the server had beside what we have. Returns the id of the copy, null where both say the same. */
export async function copyHere(
	tx: Tx,
	acting: Acting,
	step: CalendarStep,
	taken: TakenEvent,
): Promise<number | null> {
	if (Object.keys(differences(step, taken)).length === 0) return null;
	const target = step.dealId ?? { clientId: step.clientId as number };
	return await planInteraction(tx, acting, target, {
		kindId: step.kindId,
		summary: (summaryIn(taken.summary, step) || step.summary).slice(0, MAX_SUMMARY),
		description: translate(acting.actor.language, 'calendar.copy'),
		place: taken.place,
		lengthMinutes: taken.on === null ? taken.lengthMinutes : null,
		plan: planOf(taken),
	});
}
