import type { Acting } from '#src/features/auth/rules.ts';
import { type FieldErrors, InvalidForm } from '#src/platform/errors.ts';
import { dayOf } from '#src/platform/i18n/dates.ts';
import type { DealToEdit, Stage } from './queries.ts';

/** What a person says about the end of a deal. */
export type Ending = {
	lossReasonId?: number | undefined;
	comment?: string | undefined;
	amount?: string | undefined;
	closedOn?: string | undefined;
};

/** What a final state leaves on a deal; all empty while it is open. */
export type Closing = {
	closedOn: string | null;
	closedAt: Date | null;
	lossReasonId: number | null;
	comment: string | null;
	amount: string | null;
};

/** An open deal's. */
export const NOT_CLOSED: Closing = {
	closedOn: null,
	closedAt: null,
	lossReasonId: null,
	comment: null,
	amount: null,
};

/** Whether anything was said about an end. */
export function saysEnding(ending: Ending): boolean {
	const { lossReasonId, comment, amount, closedOn } = ending;
	return [lossReasonId, comment, amount, closedOn].some((said) => said !== undefined);
}

/**
 * What a final state asks for before anything is saved: won the amount and the day, lost the reason.
 * The day is one of the actor's calendar, today at the latest. Throws InvalidForm for what is missing.
 */
export function closingOf(
	kind: Stage['kind'],
	move: Ending,
	deal: DealToEdit,
	acting: Acting,
): Closing {
	const errors: FieldErrors = {};
	const today = dayOf(acting.now, acting.actor.timeZone);
	const closedOn = move.closedOn ?? (kind === 'lost' ? today : null);
	if (kind === 'won' && move.amount === undefined) errors.amount = { key: 'field.required' };
	else if (kind === 'won' && deal.amountFromProducts && move.amount !== deal.amount)
		errors.amount = { key: 'deal.amountFollows' };
	if (kind === 'lost' && move.lossReasonId === undefined)
		errors.lossReasonId = { key: 'deal.reasonNeeded' };
	if (closedOn === null) errors.closedOn = { key: 'field.required' };
	else if (closedOn > today) errors.closedOn = { key: 'deal.closedInFuture' };
	if (Object.keys(errors).length > 0) throw new InvalidForm(errors, {});
	return {
		closedOn,
		closedAt: acting.now,
		lossReasonId: kind === 'lost' ? (move.lossReasonId ?? null) : null,
		comment: move.comment ?? null,
		amount: kind === 'won' ? (move.amount ?? null) : deal.amount,
	};
}
