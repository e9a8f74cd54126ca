import type { StaticDecode } from 'typebox';
import type { ContactFacts } from '#src/features/clients/contacts/contacts.ts';
import type { ExtraEdit } from '#src/features/company/extra-fields/extra-fields.ts';
import type { Part } from '#src/platform/forms/readers.ts';
import type { ClientEdit, NewClient } from './actions.ts';
import { type ClientForm, type ContactForm, type NewClientForm, rowsOf } from './forms.ts';
import { ADDRESS_KINDS } from './tables.ts';

type ClientPart = Part<StaticDecode<typeof ClientForm>>;
type NewClientPart = Part<StaticDecode<typeof NewClientForm>>;
type ContactPart = Part<Omit<StaticDecode<typeof ContactForm>, 'version'>>;

const LISTS = [
	'tags',
	'phones',
	'emails',
	...ADDRESS_KINDS.map((kind) => `${kind}Address` as const),
] as const;

// Where a list was emptied it is an empty list, not nothing.
function listsOf(part: Partial<Record<(typeof LISTS)[number], string[] | null>>) {
	const held = LISTS.filter((name) => name in part);
	return Object.fromEntries(held.map((name) => [name, part[name] ?? []]));
}

/** Requisites are kept without the spaces that they are often typed with. */
function requisitesOf(part: ClientPart | NewClientPart) {
	const names = ['inn', 'kpp', 'ogrn', 'bic', 'account', 'correspondentAccount'] as const;
	const held = names.filter((name) => part[name] !== undefined);
	return Object.fromEntries(
		held.map((name) => [name, part[name]?.replace(/[\s\u00a0]/g, '') ?? null]),
	);
}

/** What a form of a client says, as the edit that it asks for. */
export function editOf(part: ClientPart, extra: ExtraEdit): { version: number; edit: ClientEdit } {
	const { version, was: _was, anyway: _seen, returnTo: _returnTo, ...facts } = part;
	const edit = { ...facts, ...requisitesOf(part), ...listsOf(part), extra };
	return { version, edit: edit as ClientEdit };
}

/** What the form of a new client says; who is named in it becomes its first contact. */
export function newClientOf(part: NewClientPart & { name: string }, extra: ExtraEdit): NewClient {
	const { contactName, contactPosition, contactPhone, contactEmail, ...more } = part;
	const { anyway: _seen, returnTo: _returnTo, ...facts } = more;
	const reach = {
		phones: contactPhone ? [contactPhone] : [],
		emails: contactEmail ? [contactEmail] : [],
	};
	const client = { ...facts, ...requisitesOf(part), ...listsOf(part), extra } as NewClient;
	if (contactName)
		return {
			...client,
			contacts: [{ name: contactName, position: contactPosition ?? null, ...reach }],
		};
	// A phone without a person's name is the client's own.
	return {
		...client,
		phones: [...(client.phones ?? []), ...reach.phones],
		emails: [...(client.emails ?? []), ...reach.emails],
	};
}

/** What a form of a contact says: its rows of phones and mails as lists. */
export function contactOf(part: ContactPart): Partial<ContactFacts> {
	const [phones, emails] = [rowsOf(part, 'phone'), rowsOf(part, 'email')];
	const names = ['name', 'position', 'role', 'bornOn', 'note'] as const;
	const facts = Object.fromEntries(
		names.filter((name) => part[name] !== undefined).map((name) => [name, part[name]]),
	);
	return { ...facts, ...(phones && { phones }), ...(emails && { emails }) };
}
