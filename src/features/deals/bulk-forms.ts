import { BadRequest, InvalidForm } from '#src/platform/errors.ts';
import { daysBetween, type Viewer } from '#src/platform/i18n/dates.ts';
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
} from '#src/platform/web/forms.ts';
import { SETTLEMENTS } from './settling.ts';

/** What can be done with many deals at once. */
export const BULK_VERBS = ['stage', 'owner', 'date', 'tag', 'won', 'lost', 'archive'] as const;
export type BulkVerb = (typeof BULK_VERBS)[number];

/** As many as one answer bears; «выбрать все найденные» takes no more. */
export const MOST_CHOSEN = 500;
const LONGEST_CHOICE = MOST_CHOSEN * 64;

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
	dealId: number;
	version: number;
	stepId: number | null;
	stepVersion: number | null;
};

/** Check boxes come one by one: their values as one text, `5.3,7.1.40.2`. */
export function withDealsJoined(body: unknown): unknown {
	if (typeof body !== 'object' || body === null || !('deal' in body)) return body;
	const { deal } = body;
	return Array.isArray(deal) ? { ...body, deal: deal.join(',') } : body;
}

/**
 * The deals that a form names as `deal.version` or `deal.version.step.version`, each once. Throws
 * BadRequest for anything else and for more than may be chosen.
 */
export function chosenIn(typed: string): Chosen[] {
	const found = new Map<number, Chosen>();
	for (const [dealId, version, stepId = null, stepVersion = null] of numbersIn(typed, [2, 4]))
		found.set(dealId as number, { dealId, version, stepId, stepVersion } as Chosen);
	return [...found.values()];
}

/** What of many deals is taken back by a verb of its own. */
export type BackKind = 'stage' | 'date' | 'owner' | 'archive';

/** How one deal gets back to where it was. */
export type BackAgain =
	| { dealId: number; version: number; stageId: number }
	| { dealId: number; version: number; owner: true }
	| { dealId: number; version: number; archive: true }
	| {
			dealId: number;
			stepId: number;
			version: number;
			plan: { plannedOn: string } | { plannedAt: Date };
	  };

/** What an undo names: `deal.version.state`, `deal.version` of one that was given away or put into the archive, or `deal.step.version.plan` with a day or a moment in ms. */
export function backIn(kind: BackKind, typed: string): BackAgain[] {
	if (kind === 'owner' || kind === 'archive')
		return numbersIn(typed, [2]).map(
			([dealId, version]) => ({ dealId, version, [kind]: true }) as BackAgain,
		);
	if (kind === 'stage')
		return numbersIn(typed, [3]).map(
			([dealId, version, stageId]) => ({ dealId, version, stageId }) as BackAgain,
		);
	return tokensIn(typed).map((token) => {
		const match = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(?:(\d{4}-\d\d-\d\d)|(\d{10,14}))$/.exec(
			token,
		);
		if (match === null) throw bad();
		const [dealId, stepId, version] = match.slice(1, 4).map(Number) as [number, number, number];
		const plan = match[4] ? { plannedOn: match[4] } : { plannedAt: new Date(Number(match[5])) };
		return { dealId, stepId, version, plan };
	});
}

const bad = () => new BadRequest('error.badRequest', { what: 'deal' });

function tokensIn(typed: string): string[] {
	const tokens = typed.split(',').filter(Boolean);
	if (tokens.length === 0 || tokens.length > MOST_CHOSEN) throw bad();
	return tokens;
}

function numbersIn(typed: string, lengths: number[]): number[][] {
	return tokensIn(typed).map((token) => {
		const parts = token.split('.');
		const right = parts.every((part) => /^[1-9]\d{0,14}$/.test(part));
		if (!right || !lengths.includes(parts.length)) throw bad();
		return parts.map(Number);
	});
}

const MOST_DAYS_AHEAD = 3660;

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
	if (verb === 'date') {
		if (plannedDay === undefined) throw lack('plannedDay', 'field.required');
		const distance = daysBetween(viewer.today, plannedDay);
		if (distance < 0) throw new InvalidForm({ plannedDay: { key: 'field.dayPast' } }, {});
		if (distance > MOST_DAYS_AHEAD)
			throw new InvalidForm({ plannedDay: { key: 'field.dayFar' } }, {});
		return { verb, day: plannedDay, time: plannedTime };
	}
	if (verb === 'tag') {
		if (tag === undefined) throw lack('tag', 'field.required');
		if (tag.includes(',')) throw new InvalidForm({ tag: { key: 'bulk.oneTag' } }, {});
		return { verb, tag, remove: read.tagAction === 'remove' };
	}
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
