import { CLIENT_STATUSES } from '#src/features/clients/tables.ts';
import { LEGAL_KINDS } from '#src/features/company/requisites.ts';
import { inn, kpp, ogrn } from '#src/features/imports/engine/requisites.ts';
import {
	code,
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
} from '#src/features/imports/engine/values.ts';
import { INTERACTION_STATUSES } from '#src/features/interactions/tables.ts';
import { emails, type ItemKey, mailKey, phoneKey, phones, tagKey, tags } from './lists.ts';

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
 * with `list` has several values in one text, a line each, of which a file only adds. A `spare` one costs no row:
 * where its cell is wrong, it is left out, and that is told.
 */
export type Field = { required?: true; spare?: true; list?: ItemKey } & (
	| { read: Reader }
	| { find: Target }
);

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
		email: { spare: true, read: email },
		language: { spare: true, read: oneOf('ru', 'en') },
		timeZone: { spare: true, read: timeZone },
	},
	clients: {
		name: { read: name, required: true },
		legalKind: { spare: true, read: oneOf(...LEGAL_KINDS) },
		inn: { read: inn },
		kpp: { spare: true, read: kpp },
		ogrn: { spare: true, read: ogrn },
		owner: { spare: true, find: 'people' },
		status: { spare: true, read: oneOf(...CLIENT_STATUSES) },
		source: { spare: true, read: short },
		segment: { spare: true, read: short },
		region: { spare: true, read: short },
		phones: { spare: true, read: phones, list: phoneKey },
		emails: { spare: true, read: emails, list: mailKey },
		website: { spare: true, read: short },
		legalAddress: { spare: true, read: line(500) },
		actualAddress: { spare: true, read: line(500) },
		bankName: { spare: true, read: short },
		bic: { spare: true, read: code(20) },
		account: { spare: true, read: code(40) },
		correspondentAccount: { spare: true, read: code(40) },
		tags: { spare: true, read: tags, list: tagKey },
		note: { spare: true, read: paragraph(2000) },
	},
	contacts: {
		name: { read: name, required: true },
		client: { find: 'clients', required: true },
		position: { spare: true, read: short },
		role: { spare: true, read: short },
		phones: { spare: true, read: phones, list: phoneKey },
		emails: { spare: true, read: emails, list: mailKey },
		bornOn: { spare: true, read: day },
		note: { spare: true, read: paragraph(2000) },
	},
	products: {
		name: { read: name, required: true },
		series: { spare: true, read: short },
		price: { read: money },
		currency: { read: currency },
	},
	deals: {
		title: { read: name, required: true },
		client: { find: 'clients', required: true },
		owner: { spare: true, find: 'people', required: true },
		stage: { find: 'stages', required: true },
		amount: { read: money },
		currency: { read: currency },
		source: { spare: true, read: short },
		campaign: { spare: true, read: short },
		probability: { spare: true, read: percent },
		createdOn: { read: day },
		expectedCloseOn: { spare: true, read: day },
		closedOn: { read: day },
		lossReason: { spare: true, find: 'lossReasons' },
		closeComment: { spare: true, read: paragraph(2000) },
		tags: { spare: true, read: tags, list: tagKey },
		note: { spare: true, read: paragraph(2000) },
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
		owner: { spare: true, find: 'people', required: true },
		status: { read: oneOf(...INTERACTION_STATUSES) },
		outcome: { spare: true, read: paragraph(2000) },
		description: { spare: true, read: paragraph(2000) },
		place: { spare: true, read: short },
	},
};

/** The field of a noun, or undefined; a name such as «constructor» is no field. */
export function fieldOf(noun: NounName, name: string): Field | undefined {
	return Object.hasOwn(FIELDS[noun], name) ? FIELDS[noun][name] : undefined;
}
