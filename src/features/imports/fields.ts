import { CLIENT_STATUSES, LEGAL_KINDS } from '#src/features/clients/tables.ts';
import { INTERACTION_STATUSES } from '#src/features/interactions/tables.ts';
import { emails, type ItemKey, mailKey, phoneKey, phones, tagKey, tags } from './lists.ts';
import { inn, kpp, ogrn } from './requisites.ts';
import {
	currency,
	day,
	dayOrTime,
	decimal,
	email,
	line,
	login,
	money,
	oneOf,
	paragraph,
	percent,
	type Reader,
	timeZone,
} from './values.ts';

/** The nouns that a file can feed, in the order in which they lean on each other. */
export const NOUNS = [
	'teams',
	'people',
	'clients',
	'contacts',
	'products',
	'deals',
	'dealLines',
	'interactions',
] as const;
export type NounName = (typeof NOUNS)[number];

/** What a cell can point to. */
export type Target =
	| 'teams'
	| 'people'
	| 'clients'
	| 'products'
	| 'deals'
	| 'stages'
	| 'lossReasons'
	| 'kinds';

/**
 * A field reads its cell, or finds the row that the cell points to; `required` ones a new row must have. One
 * with `list` has several values in one text, a line each, of which a file only adds.
 */
export type Field = { required?: true; list?: ItemKey } & ({ read: Reader } | { find: Target });

const name = line(300);
const short = line(200);

/**
 * All that a mapping can fill in, beside the company's own fields; what is not named here, no file can
 * reach. Administrators, versions and whose deal it was are the program's own business.
 */
export const FIELDS: Record<NounName, Record<string, Field>> = {
	teams: {
		name: { read: name, required: true },
		parent: { find: 'teams' },
	},
	people: {
		name: { read: name, required: true },
		role: { read: oneOf('manager', 'head'), required: true },
		team: { find: 'teams' },
		login: { read: login },
		email: { read: email },
		language: { read: oneOf('ru', 'en') },
		timeZone: { read: timeZone },
	},
	clients: {
		name: { read: name, required: true },
		legalKind: { read: oneOf(...LEGAL_KINDS) },
		inn: { read: inn },
		kpp: { read: kpp },
		ogrn: { read: ogrn },
		owner: { find: 'people' },
		status: { read: oneOf(...CLIENT_STATUSES) },
		source: { read: short },
		segment: { read: short },
		region: { read: short },
		phones: { read: phones, list: phoneKey },
		emails: { read: emails, list: mailKey },
		website: { read: short },
		legalAddress: { read: line(500) },
		actualAddress: { read: line(500) },
		bankName: { read: short },
		bic: { read: line(20) },
		account: { read: line(40) },
		correspondentAccount: { read: line(40) },
		tags: { read: tags, list: tagKey },
		note: { read: paragraph(2000) },
	},
	contacts: {
		name: { read: name, required: true },
		client: { find: 'clients', required: true },
		position: { read: short },
		role: { read: short },
		phones: { read: phones, list: phoneKey },
		emails: { read: emails, list: mailKey },
		bornOn: { read: day },
		note: { read: paragraph(2000) },
	},
	products: {
		name: { read: name, required: true },
		series: { read: short },
		price: { read: money },
		currency: { read: currency },
	},
	deals: {
		title: { read: name, required: true },
		client: { find: 'clients', required: true },
		owner: { find: 'people', required: true },
		stage: { find: 'stages', required: true },
		amount: { read: money },
		currency: { read: currency },
		source: { read: short },
		campaign: { read: short },
		probability: { read: percent },
		createdOn: { read: day },
		expectedCloseOn: { read: day },
		closedOn: { read: day },
		lossReason: { find: 'lossReasons' },
		closeComment: { read: paragraph(2000) },
		tags: { read: tags, list: tagKey },
		note: { read: paragraph(2000) },
		product: { find: 'products' },
	},
	dealLines: {
		deal: { find: 'deals', required: true },
		product: { find: 'products', required: true },
		quantity: { read: decimal },
		price: { read: money },
	},
	interactions: {
		summary: { read: name, required: true },
		kind: { find: 'kinds', required: true },
		when: { read: dayOrTime, required: true },
		client: { find: 'clients' },
		deal: { find: 'deals' },
		owner: { find: 'people', required: true },
		status: { read: oneOf(...INTERACTION_STATUSES) },
		outcome: { read: paragraph(2000) },
		description: { read: paragraph(2000) },
		place: { read: short },
	},
};

/** The field of a noun, or undefined; a name such as «constructor» is no field. */
export function fieldOf(noun: NounName, name: string): Field | undefined {
	return Object.hasOwn(FIELDS[noun], name) ? FIELDS[noun][name] : undefined;
}
