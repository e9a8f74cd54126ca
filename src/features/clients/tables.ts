import { sql } from 'drizzle-orm';
import {
	type AnyPgColumn,
	check,
	index,
	integer,
	jsonb,
	pgTable,
	primaryKey,
	text,
	uniqueIndex,
} from 'drizzle-orm/pg-core';
import { people } from '#src/features/access/tables.ts';
import type { ExtraValues } from '#src/features/company/extra-fields/tables.ts';
import { LEGAL_KINDS } from '#src/features/company/requisites.ts';
import { tags } from '#src/features/company/tags/tables.ts';
import {
	createdAt,
	day,
	exactMoment,
	id,
	ref,
	russian,
	version,
} from '#src/platform/db/columns.ts';

export const CLIENT_STATUSES = ['prospect', 'active', 'former'] as const;
export const ADDRESS_KINDS = ['legal', 'actual', 'postal', 'delivery'] as const;

export const clients = pgTable(
	'clients',
	{
		id: id(),
		name: russian().notNull(),
		legalKind: text({ enum: LEGAL_KINDS }).notNull().default('company'),
		inn: text(),
		kpp: text(),
		ogrn: text(),
		ownerId: ref().references(() => people.id),
		source: text(),
		/** What the sector of the client is, as its source names it. */
		segment: russian(),
		region: russian(),
		status: text({ enum: CLIENT_STATUSES }).notNull().default('prospect'),
		bankName: text(),
		bic: text(),
		/** Расчётный счёт. */
		account: text(),
		correspondentAccount: text(),
		website: text(),
		note: text(),
		extra: jsonb().$type<ExtraValues>().notNull().default({}),
		/** Out of lists and suggestions, but kept for history. */
		archivedAt: exactMoment(),
		/** The client that this one was merged into; such a one is archived. */
		mergedInto: ref().references((): AnyPgColumn => clients.id),
		version: version(),
		externalRef: text(),
		createdAt: createdAt(),
		/** Lower case, «ё» as «е»: what search compares with. */
		nameSearch: text()
			.generatedAlwaysAs(sql`translate(lower(name collate "russian"), 'ё', 'е')`)
			.notNull(),
		/** The name without legal forms, quotes and the order of its words: what duplicates are known by. */
		nameKey: text().generatedAlwaysAs(sql`client_name_key(name)`).notNull(),
	},
	(t) => [
		uniqueIndex('clients_external_ref').on(t.externalRef),
		index('clients_name_key').on(t.nameKey),
		index('clients_name_key_like').using('gin', t.nameKey.op('gin_trgm_ops')),
		index('clients_merged_into').on(t.mergedInto).where(sql`${t.mergedInto} is not null`),
		// The list in the order of each of its columns; by owner also for all of one person's.
		index('clients_by_name').on(t.name, t.id),
		index('clients_by_inn').on(t.inn, t.id),
		// Includes what the list of one person's clients is made of (drizzle/0022_owned_clients.sql).
		index('clients_by_owner').on(t.ownerId, t.id),
		index('clients_by_segment').on(t.segment, t.id),
		index('clients_by_region').on(t.region, t.id),
		index('clients_by_status').on(
			sql`array_position(array['prospect','active','former'], ${t.status})`,
			t.id,
		),
		index('clients_archived').on(t.id).where(sql`${t.archivedAt} is not null`),
		index('clients_extra').using('gin', t.extra).where(sql`${t.extra} <> '{}'`),
		index('clients_name_search').using('gin', t.nameSearch.op('gin_trgm_ops')),
		index('clients_name_whole').using('hash', t.nameSearch),
		check('clients_name', sql`length(btrim(${t.name})) > 0`),
		check(
			'clients_legal_kind',
			sql`${t.legalKind} in ('company', 'sole_proprietor', 'person', 'government')`,
		),
		check('clients_status', sql`${t.status} in ('prospect', 'active', 'former')`),
		check('clients_merged', sql`${t.mergedInto} is null or ${t.archivedAt} is not null`),
		check('clients_not_own_heir', sql`${t.mergedInto} <> ${t.id}`),
	],
);

export const contacts = pgTable(
	'contacts',
	{
		id: id(),
		clientId: ref()
			.notNull()
			.references(() => clients.id),
		name: russian().notNull(),
		/** Должность. */
		position: text(),
		/** What they decide in a deal: `decides`, `influences`, `uses`, `pays`, in the person's words. */
		role: russian(),
		bornOn: day(),
		note: text(),
		archivedAt: exactMoment(),
		version: version(),
		createdAt: createdAt(),
		nameSearch: text()
			.generatedAlwaysAs(sql`translate(lower(name collate "russian"), 'ё', 'е')`)
			.notNull(),
	},
	(t) => [
		index('contacts_client').on(t.clientId),
		index('contacts_name_search').using('gin', t.nameSearch.op('gin_trgm_ops')),
	],
);

export const addresses = pgTable(
	'addresses',
	{
		id: id(),
		clientId: ref()
			.notNull()
			.references(() => clients.id),
		kind: text({ enum: ADDRESS_KINDS }).notNull(),
		value: text().notNull(),
		position: integer().notNull().default(0),
	},
	(t) => [
		index('addresses_client').on(t.clientId, t.position),
		check('addresses_kind', sql`${t.kind} in ('legal', 'actual', 'postal', 'delivery')`),
	],
);

export const clientTags = pgTable(
	'client_tags',
	{
		clientId: ref()
			.notNull()
			.references(() => clients.id),
		tagId: ref()
			.notNull()
			.references(() => tags.id),
	},
	(t) => [
		primaryKey({ columns: [t.clientId, t.tagId] }),
		index('client_tags_tag').on(t.tagId, t.clientId),
	],
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
		/** Phones that the library understands: `+74951234567`, without the extension. */
		e164: text(),
		/** Добавочный. */
		extension: text(),
		/** Phones: the last ten digits, so that 8 (495)… finds +7 495…; mails: lower case. */
		searchKey: text().notNull(),
		position: integer().notNull().default(0),
	},
	(t) => [
		index('contact_points_client').on(t.clientId, t.position),
		index('contact_points_contact').on(t.contactId),
		index('contact_points_key').on(t.kind, t.searchKey, t.clientId),
		index('contact_points_search').using('gin', t.searchKey.op('gin_trgm_ops')),
		check('contact_points_kind', sql`${t.kind} in ('phone', 'email')`),
	],
);
