import type { About, FieldChange } from '#src/event-shapes.ts';

/*
 * What can happen of clients.
 */

export type ClientEvent =
	| ({ type: 'client.created'; data: Record<string, never> } & About['client'])
	| ({ type: 'client.edited'; data: { changes: Record<string, FieldChange> } } & About['client'])
	| ({
			type: 'client.merged';
			/** All that undoing needs stands in client_merges. */
			data: { mergeId: number; names: string[]; moved: Record<string, number> };
	  } & About['client'])
	| ({
			type: 'client.unmerged';
			/** Fields that had changed since and so stayed as they are, and how many rows did not come back. */
			data: { mergeId: number; names: string[]; kept: string[]; stayed: number };
	  } & About['client'])
	| ({ type: 'client.archived'; data: Record<string, never> } & About['client'])
	| ({ type: 'client.restored'; data: Record<string, never> } & About['client'])
	| ({ type: 'client.removed'; data: { name: string; inn: string | null } } & About['client'])
	| ({ type: 'client.erased'; data: { rows: number } } & About['client']);

export type ContactEvent =
	| ({
			type: 'contact.added' | 'contact.archived' | 'contact.restored' | 'contact.removed';
			data: { contactId: number; name: string };
	  } & About['client'])
	| ({
			type: 'contact.edited';
			data: { contactId: number; name: string; changes: Record<string, FieldChange> };
	  } & About['client'])
	| ({ type: 'contact.erased'; data: { contactId: number; rows: number } } & Partial<
			About['client']
	  >);

declare module '#src/events.ts' {
	interface Events {
		client: ClientEvent;
		contact: ContactEvent;
	}
}
