import { LEGAL_KINDS } from '#src/features/clients/tables.ts';
import { inn, kpp, ogrn } from './requisites.ts';
import {
	currency,
	day,
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
export const NOUNS = ['teams', 'people', 'clients', 'products', 'deals'] as const;
export type NounName = (typeof NOUNS)[number];

/** What a cell can point to. */
export type Target = 'teams' | 'people' | 'clients' | 'products' | 'stages' | 'lossReasons';

/** A field reads its cell, or finds the row that the cell points to; `required` ones a new row must have. */
export type Field = { required?: true } & ({ read: Reader } | { find: Target });

const name = line(300);

/**
 * All that a mapping can fill in; what is not named here, no file can reach. Administrators, versions,
 * planned interactions and whose deal it was are the program's own business.
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
		source: { read: line(200) },
		segment: { read: line(200) },
		region: { read: line(200) },
	},
	products: {
		name: { read: name, required: true },
		series: { read: line(200) },
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
		source: { read: line(200) },
		probability: { read: percent },
		createdOn: { read: day },
		expectedCloseOn: { read: day },
		closedOn: { read: day },
		lossReason: { find: 'lossReasons' },
		closeComment: { read: paragraph(2000) },
		product: { find: 'products' },
	},
};

/** The field of a noun, or undefined; a name such as «constructor» is no field. */
export function fieldOf(noun: NounName, name: string): Field | undefined {
	return Object.hasOwn(FIELDS[noun], name) ? FIELDS[noun][name] : undefined;
}
