import { type Actor, can } from '#src/features/access/rights.ts';
import type { ClientEdit } from '#src/features/clients/actions.ts';
import { CLIENT_STATUSES } from '#src/features/clients/tables.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import {
	type BulkBar,
	LONGEST_CHOICE,
	MOST_CHOSEN,
	matchesIn,
} from '#src/platform/forms/chosen.ts';
import { form, id, oneOf, optional, readForm, text, whole } from '#src/platform/forms/readers.ts';

/** What can be done with many clients at once. */
export const CLIENT_BULK_VERBS = ['owner', 'tag', 'status'] as const;
export type ClientBulkVerb = (typeof CLIENT_BULK_VERBS)[number];

const ICONS: Record<ClientBulkVerb, string> = { owner: 'users', tag: 'tag', status: 'flag' };

/** What the actor is offered to do with many clients; `others`: whether there is anybody beside them. */
export function clientBar(actor: Actor, others: boolean): BulkBar {
	const giving = others && can(actor, 'deals.reassign');
	const verbs = CLIENT_BULK_VERBS.filter((verb) => verb !== 'owner' || giving);
	const action = '/clients/bulk/new';
	return { noun: 'client', action, verbs: verbs.map((verb) => ({ verb, icon: ICONS[verb] })) };
}

/** The question before it is done: what, and with which clients, or only with how many. */
export const ClientBulkQuery = form({
	verb: oneOf(...CLIENT_BULK_VERBS),
	client: optional(text(LONGEST_CHOICE)),
	n: optional(whole(1, MOST_CHOSEN)),
	returnTo: optional(text(2000)),
});

/** What is done with the clients; each verb takes its own fields. */
export const ClientBulkForm = form({
	verb: oneOf(...CLIENT_BULK_VERBS, 'back'),
	client: text(LONGEST_CHOICE),
	ownerId: optional(id()),
	tag: optional(text(60)),
	tagAction: optional(oneOf('add', 'remove')),
	status: optional(oneOf(...CLIENT_STATUSES)),
	returnTo: optional(text(2000)),
});

/** What is done with every client of a choice. */
export type ClientCommand =
	| { verb: 'owner'; ownerId: number }
	| { verb: 'tag'; tag: string; remove: boolean }
	| { verb: 'status'; status: (typeof CLIENT_STATUSES)[number] }
	| { verb: 'back' };

/** The tag that many records get or lose. Throws InvalidForm for none and for several. */
export function oneTag(tag: string | undefined): string {
	if (tag === undefined) throw new InvalidForm({ tag: { key: 'field.required' } }, {});
	if (tag.includes(',')) throw new InvalidForm({ tag: { key: 'bulk.oneTag' } }, {});
	return tag;
}

/** What a form asks to be done. Throws InvalidForm for what its verb lacks. */
export function clientCommandIn(body: unknown): ClientCommand {
	const { verb, ownerId, tag, tagAction, status } = readForm(ClientBulkForm, body);
	const unchosen = (name: string) => new InvalidForm({ [name]: { key: 'field.choice' } }, {});
	if (verb === 'owner') {
		if (ownerId === undefined) throw unchosen('ownerId');
		return { verb, ownerId };
	}
	if (verb === 'tag') return { verb, tag: oneTag(tag), remove: tagAction === 'remove' };
	if (verb === 'status') {
		if (status === undefined) throw unchosen('status');
		return { verb, status };
	}
	return { verb };
}

/** How one client gets back to where it was; null: nobody had it. */
export type ClientBack = { id: number; version: number; edit: ClientEdit | null };

const BACK = new RegExp(
	`^(\\d{1,15})\\.(\\d{1,15})\\.(?:(\\d{1,15})|(${CLIENT_STATUSES.join('|')}))$`,
);

/** What an undo names: `client.version.owner`, 0 for nobody, or `client.version.status`. */
export function clientsBackIn(typed: string): ClientBack[] {
	return matchesIn(typed, BACK, 'client').map((match) => {
		const [id, version] = match.slice(0, 2).map(Number) as [number, number];
		const status = CLIENT_STATUSES.find((one) => one === match[3]);
		const ownerId = Number(match[2]);
		return { id, version, edit: status ? { status } : ownerId === 0 ? null : { ownerId } };
	});
}
