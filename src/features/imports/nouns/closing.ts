import type { Reason } from '#src/features/imports/console/messages.ts';
import type { Course, Stage } from './course.ts';
import { numberIn, type Outcome, type Stored, textIn } from './noun.ts';

/** Somewhere on earth it is already tomorrow: 14 hours ahead of UTC at most. */
const FARTHEST_ZONE_MS = 14 * 3_600_000;

/**
 * Brings the closing fields of a deal in line with its state, and rejects what contradicts itself: finished
 * without a day, open with one, finished before it began or in the future.
 */
export function closing(outcome: Outcome, { stages }: Course, now: Date): void {
	const { draft, was, values } = outcome;
	const stage = stages.get(numberIn(values, 'stage') ?? 0);
	// Without a state it is rejected anyway.
	if (!stage) return;
	if (stage.kind === 'open') reopen(values);
	if (stage.kind !== 'lost') values.lossReason = null;
	if (was && was.values.stage !== stage.id && draft.given.closedOn === undefined)
		values.closedOn = null;
	draft.reasons.push(...contradictions(outcome, stage, now));
}

function reopen(values: Stored): void {
	values.closedOn = null;
	values.closeComment = null;
}

function contradictions({ draft, values }: Outcome, stage: Stage, now: Date): Reason[] {
	const { given } = draft;
	const reasons: Reason[] = [];
	const begun = textIn(values, 'createdOn');
	const closed = textIn(values, 'closedOn');
	const today = new Date(now.getTime() + FARTHEST_ZONE_MS).toISOString().slice(0, 10);
	if (stage.kind === 'open' && given.closedOn !== undefined)
		reasons.push({ key: 'row.dayWithoutClosed', args: { stage: stage.name } });
	// Where a cell could not be read, the day may be the one that is missing.
	if (stage.kind !== 'open' && closed === null && draft.reasons.length === 0)
		reasons.push({ key: 'row.closedWithoutDay', args: { stage: stage.name } });
	if (stage.kind !== 'lost' && given.lossReason !== undefined)
		reasons.push({ key: 'row.reasonWithoutLoss', args: { stage: stage.name } });
	if (closed !== null && given.createdOn !== undefined && begun !== null && closed < begun)
		reasons.push({ key: 'row.closedBeforeBegun', args: { closed, begun } });
	if (closed !== null && given.closedOn !== undefined && closed > today)
		reasons.push({ key: 'row.closedInFuture', args: { closed } });
	if (begun !== null && given.createdOn !== undefined && begun > today)
		reasons.push({ key: 'row.begunInFuture', args: { begun } });
	return reasons;
}
