import type { Settled } from '#src/event-shapes.ts';
import type { AppEvent } from '#src/events.ts';
import { stageChanges } from '#src/features/deals/tables.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { record } from '#src/platform/history/record.ts';
import { columnChanges } from './changes.ts';
import type { Course } from './course.ts';
import {
	type Change,
	type Context,
	type Existing,
	type Made,
	numberIn,
	type Stored,
	textIn,
} from './noun.ts';

type NewStageChange = typeof stageChanges.$inferInsert;

/** The moment at which a deal that was already there entered its new state: never before its last one. */
export function stageMoved(was: Existing, closedOn: string | null, now: Date): Date {
	const moment = closedOn === null ? now : new Date(`${closedOn}T12:00:00Z`);
	const before = was.deal?.enteredAt ?? moment;
	return new Date(Math.max(moment.getTime(), before.getTime()));
}

/**
 * Writes the history of new deals. A finished one whose first day is known began in the mapping's first
 * state and went from there: without that, no report could tell how long selling takes.
 */
export async function recordCreated(
	tx: Tx,
	{ by }: Context,
	course: Course,
	created: Made[],
): Promise<void> {
	const moves: NewStageChange[] = [];
	const events: AppEvent[] = [];
	for (const { id, values } of created) {
		const to = numberIn(values, 'stage') ?? 0;
		const way = wayOf(values, to, course, by.now);
		const about = { dealId: id, clientId: numberIn(values, 'client') };
		moves.push(
			...way.map((step) => ({ ...step, dealId: id, personId: by.actorId, door: by.door })),
		);
		const first = way[0]?.toStageId ?? to;
		events.push({ type: 'deal.created', ...about, data: { stageId: first } });
		const from = course.startsIn.id;
		const secondsInPrevious = way.at(-1)?.secondsInPrevious ?? 0;
		const finished = finishedEvent(values, course, about, { from, to, secondsInPrevious });
		if (finished) events.push(finished);
	}
	await tx.insert(stageChanges).values(moves);
	await record(tx, by, ...events);
}

type Step = Pick<NewStageChange, 'fromStageId' | 'toStageId' | 'at' | 'secondsInPrevious'>;

function wayOf(values: Stored, to: number, { startsIn }: Course, now: Date): Step[] {
	const begun = textIn(values, 'createdOn');
	const closed = textIn(values, 'closedOn');
	const begunAt = begun === null ? null : new Date(`${begun}T09:00:00Z`);
	const closedAt = closed === null ? null : new Date(`${closed}T12:00:00Z`);
	if (!begunAt || !closedAt)
		return [{ fromStageId: null, toStageId: to, at: closedAt ?? begunAt ?? now }];
	const secondsInPrevious = seconds(begunAt, closedAt);
	return [
		{ fromStageId: null, toStageId: startsIn.id, at: begunAt },
		{ fromStageId: startsIn.id, toStageId: to, at: closedAt, secondsInPrevious },
	];
}

/** Writes the history of changed deals: one event for the state, one for the owner, one for the rest. */
export async function recordChanged(
	tx: Tx,
	{ by }: Context,
	course: Course,
	changes: Change[],
	settled: Map<number, Settled>,
): Promise<void> {
	const moves: NewStageChange[] = [];
	const events: AppEvent[] = [];
	for (const change of changes) {
		const { id, was, values } = change;
		const about = { dealId: id, clientId: numberIn(values, 'client') };
		const apart = ['owner'];
		if (change.changes.stage) {
			const from = numberIn(was.values, 'stage') ?? 0;
			const to = numberIn(values, 'stage') ?? 0;
			const at = stageMoved(was, textIn(values, 'closedOn'), by.now);
			const secondsInPrevious = seconds(was.deal?.enteredAt ?? at, at);
			moves.push({
				...{ dealId: id, fromStageId: from, toStageId: to, personId: by.actorId },
				...{ at, door: by.door, secondsInPrevious },
			});
			const move = { from, to, secondsInPrevious, ...settled.get(id) };
			events.push(finishedEvent(values, course, about, move) ?? movedEvent(course, about, move));
			apart.push('stage', 'closedOn', 'lossReason', 'closeComment');
		}
		if (change.changes.owner) {
			const [from, to] = [numberIn(was.values, 'owner') ?? 0, numberIn(values, 'owner') ?? 0];
			events.push({ type: 'deal.reassigned', ...about, data: { from, to } });
		}
		const rest = columnChanges(change.changes, apart);
		if (Object.keys(rest).length > 0)
			events.push({ type: 'deal.edited', ...about, data: { changes: rest } });
	}
	if (moves.length > 0) await tx.insert(stageChanges).values(moves);
	await record(tx, by, ...events);
}

type About = { dealId: number; clientId: number | null };
type Move = { from: number; to: number; secondsInPrevious: number } & Settled;

function movedEvent({ stages }: Course, about: About, move: Move): AppEvent {
	const reopened = stages.get(move.from)?.kind !== 'open';
	return { type: reopened ? 'deal.reopened' : 'deal.moved', ...about, data: move };
}

function finishedEvent(
	values: Stored,
	{ stages }: Course,
	about: About,
	move: Move,
): AppEvent | null {
	const kind = stages.get(move.to)?.kind;
	const closedOn = textIn(values, 'closedOn') ?? '';
	if (kind === 'won') {
		const amount = textIn(values, 'amount') ?? '0.00';
		return { type: 'deal.won', ...about, data: { ...move, amount, closedOn } };
	}
	if (kind !== 'lost') return null;
	const lossReasonId = numberIn(values, 'lossReason');
	const comment = textIn(values, 'closeComment');
	return { type: 'deal.lost', ...about, data: { ...move, lossReasonId, comment, closedOn } };
}

function seconds(from: Date, to: Date): number {
	return Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
}
