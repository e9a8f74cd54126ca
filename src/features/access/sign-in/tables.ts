import { sql } from 'drizzle-orm';
import {
	check,
	index,
	integer,
	jsonb,
	pgTable,
	primaryKey,
	text,
	uniqueIndex,
	uuid,
} from 'drizzle-orm/pg-core';
import { people, roles, teams } from '#src/features/access/tables.ts';
import { createdAt, exactMoment, id, ref, version } from '#src/platform/db/columns.ts';

/** Accounts of the company's directory: the issuer's word for whom it is, which never changes and is never an address. */
export const identities = pgTable(
	'identities',
	{
		issuer: text().notNull(),
		subject: text().notNull(),
		personId: ref()
			.notNull()
			.references(() => people.id),
		createdAt: createdAt(),
		seenAt: exactMoment().notNull(),
	},
	(t) => [
		primaryKey({ columns: [t.issuer, t.subject] }),
		uniqueIndex('identities_person').on(t.personId, t.issuer),
	],
);

/** Accounts whose login somebody here has already: an administrator says whether they are one. */
export const waitingAccounts = pgTable(
	'waiting_accounts',
	{
		id: id(),
		issuer: text().notNull(),
		subject: text().notNull(),
		login: text().notNull(),
		name: text(),
		email: text(),
		/** Who has the login. */
		personId: ref()
			.notNull()
			.references(() => people.id, { onDelete: 'cascade' }),
		/** When it came last. */
		at: exactMoment().notNull(),
	},
	(t) => [
		uniqueIndex('waiting_accounts_account').on(t.issuer, t.subject),
		index('waiting_accounts_person').on(t.personId),
	],
);

/** What somebody had typed when they were asked to sign in again; for an hour. Unlogged, so in no backup. */
export const heldForms = pgTable(
	'held_forms',
	{
		id: uuid().primaryKey().defaultRandom(),
		personId: ref()
			.notNull()
			.references(() => people.id, { onDelete: 'cascade' }),
		/** The page of the form. */
		back: text().notNull(),
		fields: jsonb().$type<Record<string, string>>().notNull(),
		at: exactMoment().notNull(),
	},
	(t) => [index('held_forms_at').on(t.at)],
);

/** Which groups of the directory give which role and team; the first that fits decides. */
export const groupMappings = pgTable(
	'group_mappings',
	{
		id: id(),
		/** The name of a group, `*` for any letters. */
		pattern: text().notNull(),
		/** The code of a role. */
		role: text().references(() => roles.code),
		teamId: ref().references(() => teams.id),
		position: integer().notNull().default(0),
		version: version(),
	},
	(t) => [
		index('group_mappings_order').on(t.position, t.id),
		check('group_mappings_pattern', sql`length(${t.pattern}) between 1 and 300`),
		check('group_mappings_gives', sql`${t.role} is not null or ${t.teamId} is not null`),
	],
);

/** Passwords for the day when the single sign-on is down; scrypt. */
export const localPasswords = pgTable('local_passwords', {
	personId: ref()
		.primaryKey()
		.references(() => people.id),
	hash: text().notNull(),
	madeAt: exactMoment().notNull(),
});

/** What was tried in vain, for a day: counted, so that guessing is slow and nobody floods the history. */
export const signInRefusals = pgTable(
	'sign_in_refusals',
	{
		id: id(),
		at: exactMoment().notNull(),
		why: text().notNull(),
		login: text().notNull(),
		address: text().notNull(),
	},
	(t) => [
		index('sign_in_refusals_address').on(t.address, t.at),
		index('sign_in_refusals_at').on(t.at),
	],
);

/** Logout tokens of the directory that were obeyed: none counts twice. */
export const logoutTokens = pgTable(
	'logout_tokens',
	{ issuer: text().notNull(), jti: text().notNull(), expiresAt: exactMoment().notNull() },
	(t) => [primaryKey({ columns: [t.issuer, t.jti] })],
);
