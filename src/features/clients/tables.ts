import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { people } from '#src/features/auth/tables.ts';
import { createdAt, currency, id, money, ref, version } from '#src/platform/db/columns.ts';

export const LEGAL_KINDS = ['company', 'sole_proprietor', 'person', 'government'] as const;

export const clients = pgTable(
	'clients',
	{
		id: id(),
		name: text().notNull(),
		legalKind: text({ enum: LEGAL_KINDS }).notNull().default('company'),
		inn: text(),
		kpp: text(),
		ogrn: text(),
		ownerId: ref().references(() => people.id),
		source: text(),
		/** What the sector of the client is, as its source names it. */
		segment: text(),
		region: text(),
		version: version(),
		externalRef: text(),
		createdAt: createdAt(),
		/** Lower case, «ё» as «е»: what search compares with. */
		nameSearch: text()
			.generatedAlwaysAs(sql`translate(lower(name collate "russian"), 'ё', 'е')`)
			.notNull(),
	},
	(t) => [
		uniqueIndex('clients_external_ref').on(t.externalRef),
		index('clients_owner').on(t.ownerId),
		index('clients_inn').on(t.inn),
		index('clients_name_search').using('gin', t.nameSearch.op('gin_trgm_ops')),
		check('clients_name', sql`length(btrim(${t.name})) > 0`),
		check(
			'clients_legal_kind',
			sql`${t.legalKind} in ('company', 'sole_proprietor', 'person', 'government')`,
		),
	],
);

export const contacts = pgTable(
	'contacts',
	{
		id: id(),
		clientId: ref()
			.notNull()
			.references(() => clients.id),
		name: text().notNull(),
		position: text(),
		createdAt: createdAt(),
	},
	(t) => [index('contacts_client').on(t.clientId)],
);

/** Phones and mails of a client or of one of its contacts. */
export const contactPoints = pgTable(
	'contact_points',
	{
		id: id(),
		clientId: ref()
			.notNull()
			.references(() => clients.id),
		contactId: ref().references(() => contacts.id),
		kind: text({ enum: ['phone', 'email'] }).notNull(),
		/** As typed. */
		value: text().notNull(),
		/** Phones: the last ten digits, so that 8 (495)… finds +7 495…; mails: lower case. */
		searchKey: text().notNull(),
		position: integer().notNull().default(0),
	},
	(t) => [
		index('contact_points_client').on(t.clientId, t.position),
		index('contact_points_contact').on(t.contactId),
		index('contact_points_search').using('gin', t.searchKey.op('gin_trgm_ops')),
		check('contact_points_kind', sql`${t.kind} in ('phone', 'email')`),
	],
);

export const products = pgTable(
	'products',
	{
		id: id(),
		name: text().notNull(),
		series: text(),
		price: money(),
		currency: currency(),
		externalRef: text(),
	},
	(t) => [uniqueIndex('products_external_ref').on(t.externalRef)],
);
