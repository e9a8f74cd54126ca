import type { Acting } from '#src/features/access/rights.ts';
import { planInteraction, type Target } from '#src/features/interactions/actions.ts';
import {
	type RepeatFields,
	repeatFrom,
	type StepFields,
	stepOf,
} from '#src/features/interactions/forms.ts';
import {
	findInteraction,
	type InteractionView,
	keptOf,
	type StepKept,
	summaryOf,
} from '#src/features/interactions/queries.ts';
import { planSeries } from '#src/features/interactions/series/series.ts';
import { stepArgs } from '#src/features/next-step/words.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import type { Toast } from '#src/platform/pages/flash.ts';
import { wayBack } from '#src/platform/pages/undo.ts';

/** A step that was planned, and what the person is told of it. */
export type Planned = { step: StepKept; toast: Toast; series: boolean };

/**
 * Plans what a form describes, once or again and again. Throws InvalidForm where no day is told, and as
 * planInteraction and planSeries do.
 */
export async function planStep(
	db: Sql,
	by: Acting,
	target: Target,
	fields: StepFields & RepeatFields,
	viewer: Viewer,
): Promise<Planned> {
	const step = stepOf(fields, viewer, await summaryOf(db, fields, viewer));
	if (step === null) throw new InvalidForm({ plannedDay: { key: 'field.required' } }, {});
	const repeat = repeatFrom(fields);
	const made = repeat
		? await planSeries(db, by, target, step, repeat)
		: await planInteraction(db, by, target, step);
	const planned = await findInteraction(db, by.actor, made);
	return { step: keptOf(planned), toast: toastOf(planned, viewer), series: repeat !== null };
}

/** What is said of a step that was planned. */
export function toastOf(step: InteractionView, viewer: Viewer): Toast {
	const args = stepArgs(step, viewer);
	if (step.seriesId !== null) return { key: 'toast.seriesPlanned', args };
	const undo = wayBack('step.delete', step.id, { version: '1' });
	return { key: 'toast.planned', args, undo };
}
