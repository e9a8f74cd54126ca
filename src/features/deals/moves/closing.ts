import { sql } from 'drizzle-orm';
import type { EndingWas } from '#src/events.ts';
import type { Acting } from '#src/features/access/rights.ts';
import type { DealToEdit, Stage } from '#src/features/deals/queries.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { type FieldErrors, InvalidForm } from '#src/platform/errors.ts';
import { dayOf } from '#src/platform/i18n/dates.ts';

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
	lossReasonId: number | null;
	comment: string | null;
	amount: string | null;
};

/** An open deal's. */
export const NOT_CLOSED: Closing = {
	closedOn: null,
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
		lossReasonId: kind === 'lost' ? (move.lossReasonId ?? null) : null,
		comment: move.comment ?? null,
		amount: kind === 'won' ? (move.amount ?? null) : deal.amount,
	};
}

/** How a deal is finished at the moment: what the move that takes it out of there keeps. */
export async function endingOf(tx: Tx, dealId: number): Promise<EndingWas> {
	const { rows } = await tx.execute<EndingWas>(sql`
		select amount, closed_on as "closedOn", loss_reason_id as "lossReasonId", close_comment as comment
		from deals where id = ${dealId}`);
	return rows[0] as EndingWas;
}

/** How a deal was finished before its last move took it out of there; null where nobody knows. */
export async function endingBefore(tx: Tx, dealId: number): Promise<EndingWas | null> {
	const { rows } = await tx.execute<{ was: EndingWas | null }>(sql`
		select data->'was' as was from events
		where deal_id = ${dealId} and type in ('deal.moved', 'deal.won', 'deal.lost', 'deal.reopened')
		order by id desc limit 1`);
	return rows[0]?.was ?? null;
}

/** What somebody would say to finish a deal so again. */
export function saidAgain({ amount, closedOn, lossReasonId, comment }: EndingWas): Ending {
	return {
		...(amount !== null && { amount }),
		...(closedOn !== null && { closedOn }),
		...(lossReasonId !== null && { lossReasonId }),
		...(comment !== null && { comment }),
	};
}
