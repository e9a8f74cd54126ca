import { type Actor, can } from '#src/features/access/rights.ts';
import { oneTag } from '#src/features/clients/bulk/forms.ts';
import { SETTLEMENTS } from '#src/features/deals/moves/settlement.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import {
	type BulkBar,
	LONGEST_CHOICE,
	MOST_CHOSEN,
	matchesIn,
	numbersIn,
} from '#src/platform/forms/chosen.ts';
import {
	day,
	form,
	id,
	oneOf,
	optional,
	readForm,
	text,
	time,
	whole,
} from '#src/platform/forms/readers.ts';
import { daysBetween, type Viewer } from '#src/platform/i18n/dates.ts';

/** What can be done with many deals at once. */
export const BULK_VERBS = ['stage', 'owner', 'date', 'tag', 'won', 'lost', 'archive'] as const;
export type BulkVerb = (typeof BULK_VERBS)[number];

const ICONS: Record<BulkVerb, string> = {
	...{ stage: 'move', owner: 'users', date: 'clock', tag: 'tag' },
	...{ won: 'check', lost: 'flag', archive: 'file-text' },
};

/** What the actor is offered to do with many deals; `others`: whether there is anybody beside them. */
export function dealBar(actor: Actor, others: boolean): BulkBar {
	const giving = can(actor, 'deals.give') || (others && can(actor, 'deals.reassign'));
	const verbs = BULK_VERBS.filter((verb) => verb !== 'owner' || giving);
	const action = '/deals/bulk/new';
	return { noun: 'deal', action, verbs: verbs.map((verb) => ({ verb, icon: ICONS[verb] })) };
}

/** The question before it is done: what, and with which deals, or only with how many. */
export const BulkQuery = form({
	verb: oneOf(...BULK_VERBS),
	deal: optional(text(LONGEST_CHOICE)),
	n: optional(whole(1, MOST_CHOSEN)),
	returnTo: optional(text(2000)),
});

/** What is done with the deals; each verb takes its own fields. */
export const BulkForm = form({
	verb: oneOf(...BULK_VERBS, 'back'),
	deal: text(LONGEST_CHOICE),
	stageId: optional(id()),
	ownerId: optional(id()),
	note: optional(text(2000)),
	plannedDay: optional(day()),
	plannedTime: optional(time()),
	tag: optional(text(60)),
	tagAction: optional(oneOf('add', 'remove')),
	lossReasonId: optional(id()),
	closedOn: optional(day()),
	comment: optional(text(2000)),
	/** Of an end: what becomes of what is planned. */
	steps: optional(oneOf(...SETTLEMENTS)),
	/** Of an undo: what is taken back. */
	back: optional(oneOf('stage', 'date', 'owner', 'archive')),
	returnTo: optional(text(2000)),
});

/** A deal as it was chosen: with its version, and its next step with its own. */
export type Chosen = {
	id: number;
	version: number;
	stepId: number | null;
	stepVersion: number | null;
};

/**
 * The deals that a form names as `deal.version` or `deal.version.step.version`, each once. Throws
 * BadRequest for anything else and for more than may be chosen.
 */
export function chosenIn(typed: string): Chosen[] {
	const found = new Map<number, Chosen>();
	for (const [id, version, stepId = null, stepVersion = null] of numbersIn(typed, [2, 4], 'deal'))
		found.set(id as number, { id, version, stepId, stepVersion } as Chosen);
	return [...found.values()];
}

/** What of many deals is taken back by a verb of its own. */
export type BackKind = 'stage' | 'date' | 'owner' | 'archive';

/** How one deal gets back to where it was. */
export type BackAgain =
	| { id: number; version: number; stageId: number }
	| { id: number; version: number; owner: true }
	| { id: number; version: number; archive: true }
	| {
			id: number;
			stepId: number;
			version: number;
			plan: { plannedOn: string } | { plannedAt: Date };
	  };

const BACK_TO_PLAN = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(?:(\d{4}-\d\d-\d\d)|(\d{10,14}))$/;

/** What an undo names: `deal.version.state`, `deal.version` of one that was given away or put into the archive, or `deal.step.version.plan` with a day or a moment in ms. */
export function backIn(kind: BackKind, typed: string): BackAgain[] {
	if (kind === 'owner' || kind === 'archive')
		return numbersIn(typed, [2], 'deal').map(
			([id, version]) => ({ id, version, [kind]: true }) as BackAgain,
		);
	if (kind === 'stage')
		return numbersIn(typed, [3], 'deal').map(
			([id, version, stageId]) => ({ id, version, stageId }) as BackAgain,
		);
	return matchesIn(typed, BACK_TO_PLAN, 'deal').map((match) => {
		const [id, stepId, version] = match.slice(0, 3).map(Number) as [number, number, number];
		return { id, stepId, version, plan: plannedBy(match[3], match[4]) };
	});
}

/** A plan as an undo names it: a day, or a moment in ms. */
export const plannedBy = (day: string | undefined, ms: string | undefined) =>
	day ? { plannedOn: day } : { plannedAt: new Date(Number(ms)) };

const MOST_DAYS_AHEAD = 3660;

/** The day that many steps are put off to. Throws InvalidForm for none, for one that is over or too far ahead. */
export function dayAhead(plannedDay: string | undefined, viewer: Viewer): string {
	const wrong = (key: 'field.required' | 'field.dayPast' | 'field.dayFar') =>
		new InvalidForm({ plannedDay: { key } }, {});
	if (plannedDay === undefined) throw wrong('field.required');
	const distance = daysBetween(viewer.today, plannedDay);
	if (distance < 0) throw wrong('field.dayPast');
	if (distance > MOST_DAYS_AHEAD) throw wrong('field.dayFar');
	return plannedDay;
}

/** What a form asks to be done. Throws InvalidForm for what its verb lacks. */
export function commandIn(body: unknown, viewer: Viewer) {
	const read = readForm(BulkForm, body);
	const { verb, stageId, ownerId, plannedDay, plannedTime, tag, lossReasonId, closedOn } = read;
	const lack = (name: string, key: 'field.required' | 'field.choice' | 'deal.reasonNeeded') =>
		new InvalidForm({ [name]: { key } }, {});
	if (verb === 'stage') {
		if (stageId === undefined) throw lack('stageId', 'field.choice');
		return { verb, stageId };
	}
	if (verb === 'owner') {
		if (ownerId === undefined) throw lack('ownerId', 'field.choice');
		return { verb, ownerId, note: read.note ?? null };
	}
	if (verb === 'date') return { verb, day: dayAhead(plannedDay, viewer), time: plannedTime };
	if (verb === 'tag') return { verb, tag: oneTag(tag), remove: read.tagAction === 'remove' };
	if (verb === 'won') {
		if (closedOn === undefined) throw lack('closedOn', 'field.required');
		return { verb, closedOn, steps: read.steps };
	}
	if (verb === 'lost') {
		if (lossReasonId === undefined) throw lack('lossReasonId', 'deal.reasonNeeded');
		return { verb, lossReasonId, closedOn, comment: read.comment, steps: read.steps };
	}
	if (verb === 'archive') return { verb };
	return { verb, back: read.back ?? 'stage' };
}
