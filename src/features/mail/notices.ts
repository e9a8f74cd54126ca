import type { Door } from '#src/events.ts';
import type { Acting } from '#src/features/access/rights.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { saidOnce } from '#src/platform/i18n/said.ts';
import { sendMail } from './actions.ts';
import type { LetterItem, LetterPart } from './letter.ts';

/** Deals that went to somebody, and what the giver wrote to them. */
export type Reassignment = {
	/** Whose they are now. */
	ownerId: number;
	deals: { id: number; title: string; clientName?: string | null }[];
	note?: string | null;
	/** More may follow before long: the letter waits till `waits`, and says it all instead of `letterId`, its own beginning. */
	growing?: { letterId: number | null; waits: Date };
};

const MOST_NAMED = 30;
/** A company that moves in, or is made up, has told its people already. */
const SILENT_DOORS: readonly Door[] = ['import', 'seed'];

const concerns = (acting: Acting, personId: number): boolean =>
	personId !== acting.actorId && !SILENT_DOORS.includes(acting.door);

/**
 * Tells the new owner by mail that deals are theirs now, with the note; nobody is told of what they did
 * themselves, nor of what an import did. To be called in the transaction that gives the deals away:
 * once for all of them, or, where each goes in a transaction of its own, in each, with those before it (`growing`). Returns
 * the letter's id, or null where none is written.
 */
export async function notifyReassigned(
	tx: Sql,
	acting: Acting,
	{ ownerId, deals, note, growing }: Reassignment,
): Promise<number | null> {
	const [first] = deals;
	if (first === undefined || !concerns(acting, ownerId)) return null;
	const one = deals.length === 1;
	const items: LetterItem[] = deals.slice(0, MOST_NAMED).map(({ id, title, clientName }) => ({
		title,
		href: `/deals/${id}`,
		about: clientName ? [clientName] : [],
	}));
	const more = deals.length - items.length;
	return await sendMail(tx, acting, {
		...(growing && { growing }),
		to: ownerId,
		kind: 'reassigned',
		subject: one
			? { key: 'mail.reassignedOne', args: { title: first.title } }
			: { key: 'mail.reassigned', args: { n: deals.length } },
		parts: [
			{ part: 'words', words: { key: 'mail.reassignedBy', args: { name: acting.actor.name } } },
			...quoted(note),
			{ part: 'items', items },
			...((more > 0
				? [{ part: 'words', words: { key: 'mail.andMore', args: { n: more } } }]
				: []) satisfies LetterPart[]),
			{
				part: 'button',
				href: one ? `/deals/${first.id}` : '/board',
				words: { key: one ? 'mail.openDeal' : 'mail.openBoard' },
			},
		],
		about: one ? { dealId: first.id } : {},
	});
}

/** A step that somebody else is to take. */
export type Assignment = {
	/** Who is to take it. */
	ownerId: number;
	step: {
		id: number;
		kindName: string;
		summary: string;
		plannedOn: string | null;
		plannedAt: Date | null;
		dealId: number | null;
		dealTitle?: string | null;
		clientId: number | null;
		clientName?: string | null;
	};
	note?: string | null;
};

/**
 * Tells somebody by mail that a step was given to them; nobody is told of what they did themselves. To be
 * called in the transaction that gives it. Returns the letter's id, or null where none is written.
 */
export async function notifyAssigned(
	tx: Sql,
	acting: Acting,
	{ ownerId, step, note }: Assignment,
): Promise<number | null> {
	if (!concerns(acting, ownerId)) return null;
	const title = saidOnce(step.kindName, step.summary, ': ');
	return await sendMail(tx, acting, {
		to: ownerId,
		kind: 'assigned',
		subject: { key: 'mail.assigned', args: { title } },
		parts: [
			{ part: 'words', words: { key: 'mail.assignedBy', args: { name: acting.actor.name } } },
			...quoted(note),
			{ part: 'items', items: [stepItem(step)] },
			{ part: 'button', href: stepHref(step), words: { key: 'mail.open' } },
		],
		about: { interactionId: step.id, dealId: step.dealId, clientId: step.clientId },
	});
}

/** A step as a line of a letter. */
export function stepItem(step: Assignment['step'], late = false): LetterItem {
	return {
		title: saidOnce(step.kindName, step.summary, ': '),
		href: stepHref(step),
		plannedOn: step.plannedOn,
		plannedAt: step.plannedAt?.toISOString() ?? null,
		late,
		about: [step.clientName, step.dealTitle].filter((one) => one !== null && one !== undefined),
	};
}

/** Where a step is looked at: on its deal's page, or on its client's. */
export function stepHref({
	dealId,
	clientId,
}: Pick<Assignment['step'], 'dealId' | 'clientId'>): string {
	return dealId === null ? `/clients/${clientId}` : `/deals/${dealId}`;
}

const quoted = (note: string | null | undefined): LetterPart[] =>
	note ? [{ part: 'quote', text: note }] : [];
