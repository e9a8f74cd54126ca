import type { TSchema } from 'typebox';
import { ASKED } from '#src/features/clients/history/history-filter.ts';
import { LEGAL_KINDS } from '#src/features/company/requisites.ts';
import {
	day,
	email,
	form,
	id,
	ids,
	lines,
	oneOf,
	optional,
	type Part,
	text,
	version,
	words,
} from '#src/platform/forms/readers.ts';
import { CLIENT_STATUSES } from './tables.ts';

/** A record's id in an address. */
export const ClientParams = form({ id: id() });

/** Clients while their name is typed. */
export const SuggestQuery = form({ clientName: optional(text(300)) });

/** A new client, perhaps with the name that was looked for in vain. */
export const NewClientQuery = form({ name: optional(text(300)), returnTo: optional(text(500)) });

/** The part of a client's history that is looked at, and where the page before ended. */
export const HISTORY_PARTS = ['interactions', 'deals', 'client'] as const;
export type HistoryPart = (typeof HISTORY_PARTS)[number];
export const HistoryQuery = form({
	part: optional(oneOf(...HISTORY_PARTS)),
	...ASKED,
	after: optional(text(200)),
});

const POINTS = 60;
const ADDRESSES = 20;
const address = () => optional(lines(ADDRESSES, 500));

/** Likely doubles that the person has seen and does not mean. */
const anyway = () => optional(ids(1, 20));

/** What is said of a client. Requisites of any form are taken: see requisites.ts. */
const FACTS = {
	name: text(300),
	legalKind: oneOf(...LEGAL_KINDS),
	status: oneOf(...CLIENT_STATUSES),
	ownerId: id(),
	inn: optional(text(40)),
	kpp: optional(text(40)),
	ogrn: optional(text(40)),
	bankName: optional(text(300)),
	bic: optional(text(40)),
	account: optional(text(40)),
	correspondentAccount: optional(text(40)),
	website: optional(text(300)),
	segment: optional(text(200)),
	region: optional(text(200)),
	source: optional(text(200)),
	note: optional(text(4000)),
	tags: optional(words(20, 60)),
	phones: optional(lines(POINTS, 100)),
	emails: optional(lines(POINTS, 254)),
	legalAddress: address(),
	actualAddress: address(),
	postalAddress: address(),
	deliveryAddress: address(),
};

/** The facts of a client, some or all of them. `was`: what the form said when it was drawn, as JSON. */
export const ClientForm = form({
	version: version(),
	...FACTS,
	was: optional(text(40_000)),
	anyway: anyway(),
	returnTo: optional(text(500)),
});

/** A new client and, where one is named, the first contact. */
const { ownerId: _owner, ...newFacts } = FACTS;
export const NewClientForm = form({
	...newFacts,
	contactName: optional(text(300)),
	contactPosition: optional(text(200)),
	contactPhone: optional(text(100)),
	contactEmail: optional(email()),
	anyway: anyway(),
	returnTo: optional(text(500)),
});

/** What is said of a contact, beside phones and mails. */
export const ContactForm = form({
	version: version(),
	name: text(300),
	position: optional(text(200)),
	role: optional(text(200)),
	bornOn: optional(day()),
	note: optional(text(2000)),
	was: optional(text(20_000)),
	anyway: anyway(),
	returnTo: optional(text(500)),
});

/** Putting a contact out of use, or back. */
export const ArchiveForm = form({ version: version(), returnTo: optional(text(500)) });

/** As many rows of phones, and of mails, as a contact can have. */
export const POINT_ROWS = 60;
const rows = (name: 'phone' | 'email', field: () => TSchema) =>
	Object.fromEntries(
		Array.from({ length: POINT_ROWS }, (_, n) => [`${name}_${n + 1}`, optional(field())]),
	);
const POINT_FIELDS = { ...rows('phone', () => text(100)), ...rows('email', email) };

/** The form of a contact, its rows of phones and mails included; a new one has no version. */
export const ContactRows = form({ ...ContactForm.properties, ...POINT_FIELDS });
const { version: _version, ...withoutVersion } = ContactForm.properties;
export const NewContactRows = form({ ...withoutVersion, ...POINT_FIELDS });

/** The phones or mails out of the rows of a form; nothing where it has no such rows. */
export function rowsOf(part: Part<object>, name: 'phone' | 'email'): string[] | undefined {
	const said = Object.entries(part).filter(([row]) => row.startsWith(`${name}_`));
	if (said.length === 0) return undefined;
	return said.flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
}
