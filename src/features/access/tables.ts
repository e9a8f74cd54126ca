import { sql } from 'drizzle-orm';
import {
	type AnyPgColumn,
	boolean,
	check,
	index,
	integer,
	pgTable,
	smallint,
	text,
	uniqueIndex,
} from 'drizzle-orm/pg-core';
import {
	createdAt,
	day,
	exactMoment,
	id,
	ref,
	russian,
	version,
} from '#src/platform/db/columns.ts';

/** Whose records: one's own, those of the team with the teams below it, everybody's. */
export const SCOPES = ['own', 'team', 'all'] as const;
export type Scope = (typeof SCOPES)[number];

/** What a role may let do, beside working on the records of its scopes. */
export const PERMISSIONS = [
	'deals.reassign',
	'deals.give',
	'deals.remove',
	'export',
	'import',
	'filters.share',
	'imports.all',
	'merges.undo',
	'catalogs',
	'people',
	'mail',
	'jobs',
	'audit',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The roles that every company has; they have no name of their own and are called in the reader's language. */
export const BUILT_IN_ROLES = ['manager', 'head', 'administrator'] as const;

/** Sets of permissions with a scope for seeing and one for editing, which is not the wider one. */
export const roles = pgTable(
	'roles',
	{
		id: id(),
		code: text().notNull().default(sql`gen_random_uuid()::text`),
		name: text(),
		viewScope: text({ enum: SCOPES }).notNull(),
		editScope: text({ enum: SCOPES }).notNull(),
		permissions: text().array().$type<Permission[]>().notNull().default([]),
		position: integer().notNull().default(0),
		version: version(),
	},
	(t) => [
		uniqueIndex('roles_code').on(t.code),
		check(
			'roles_scopes',
			sql`${t.viewScope} in ('own', 'team', 'all') and ${t.editScope} in ('own', 'team', 'all')`,
		),
		check(
			'roles_edit_within_view',
			sql`${t.viewScope} = 'all' or ${t.editScope} = 'own' or ${t.editScope} = ${t.viewScope}`,
		),
		check(
			'roles_named',
			sql`${t.name} is not null or ${t.code} in ('manager', 'head', 'administrator')`,
		),
	],
);

/** Teams form a tree; the head of a team is its person with the role `head`. */
export const teams = pgTable(
	'teams',
	{
		id: id(),
		name: russian().notNull(),
		parentId: ref().references((): AnyPgColumn => teams.id),
		externalRef: text(),
		version: version(),
	},
	(t) => [
		index('teams_parent').on(t.parentId),
		uniqueIndex('teams_external_ref').on(t.externalRef),
		check('teams_not_own_parent', sql`${t.parentId} <> ${t.id}`),
	],
);

/** What a person may choose of how pages look, and of the board's views. */
export const THEMES = ['system', 'light', 'dark'] as const;
export const DENSITIES = ['normal', 'compact'] as const;
export const BOARD_VIEWS = ['stages', 'dates'] as const;

export const people = pgTable(
	'people',
	{
		id: id(),
		login: text().notNull(),
		name: russian().notNull(),
		email: text(),
		/** The code of a role. */
		role: text()
			.notNull()
			.references(() => roles.code),
		teamId: ref().references(() => teams.id),
		language: text({ enum: ['ru', 'en'] })
			.notNull()
			.default('ru'),
		/** IANA name; decides what "today" is for this person. */
		timeZone: text().notNull().default('Europe/Moscow'),
		active: boolean().notNull().default(true),
		/** Signed in for the first time, and an administrator has to say yes. */
		waiting: boolean().notNull().default(false),
		/** The role came from a group of the directory, and goes with it. */
		rightsMapped: boolean().notNull().default(false),
		/** Working hours, minutes after midnight in the person's zone. */
		workFrom: smallint().notNull().default(sql`company_work_from()`),
		workUntil: smallint().notNull().default(sql`company_work_until()`),
		/** Reminders by mail, beside those on screen. */
		mailReminders: boolean().notNull().default(true),
		/** The morning digest: what is overdue and what is for today. */
		mailDigest: boolean().notNull().default(true),
		/** The day of the person's last digest, in their zone. */
		digestedOn: day(),
		/** How long before a new step to remind, unless it says otherwise; absent: not. */
		remindMinutes: integer().default(15),
		/** How the pages look to them: `system` follows the machine. */
		theme: text({ enum: THEMES }).notNull().default('system'),
		density: text({ enum: DENSITIES }).notNull().default('normal'),
		/** Whether single keys do something. */
		shortcuts: boolean().notNull().default(true),
		/** Which of its views the board opens in. */
		boardView: text({ enum: BOARD_VIEWS }).notNull().default('stages'),
		externalRef: text(),
		version: version(),
		createdAt: createdAt(),
	},
	(t) => [
		check(
			'people_look',
			sql`${t.theme} in ('system', 'light', 'dark') and ${t.density} in ('normal', 'compact') and ${t.boardView} in ('stages', 'dates')`,
		),
		check('people_waiting', sql`not (${t.waiting} and ${t.active})`),
		check('people_remind', sql`${t.remindMinutes} between 0 and 40320`),
		check(
			'people_working_hours',
			sql`${t.workFrom} >= 0 and ${t.workFrom} < ${t.workUntil} and ${t.workUntil} <= 1440`,
		),
		uniqueIndex('people_login').on(t.login),
		uniqueIndex('people_external_ref').on(t.externalRef),
		index('people_team').on(t.teamId),
		index('people_name').on(t.name, t.id),
		index('people_role').on(t.role),
		check('people_head_has_team', sql`${t.role} <> 'head' or ${t.teamId} is not null`),
	],
);

/** The ways to come in. */
export const WAYS = ['demo', 'oidc', 'header', 'password'] as const;
export type Way = (typeof WAYS)[number];

/** Server-side sessions; the cookie holds a secret of which only the SHA-256 is kept. */
export const sessions = pgTable(
	'sessions',
	{
		id: text().primaryKey(),
		personId: ref()
			.notNull()
			.references(() => people.id),
		createdAt: createdAt(),
		seenAt: exactMoment().notNull(),
		/** Where nobody uses it; every use moves it on, up to the end. */
		expiresAt: exactMoment().notNull(),
		endsAt: exactMoment().notNull(),
		way: text({ enum: WAYS }).notNull(),
		address: text(),
		/** What the browser calls itself. */
		agent: text(),
		/** Whose word it stands on, for a logout that the directory asks for. */
		issuer: text(),
		subject: text(),
		sid: text(),
		/** Says to the directory which of its sessions to end. */
		sealedIdToken: text(),
		/** When the person proved who they are; absent: when the session began. */
		provenAt: exactMoment(),
	},
	(t) => [
		index('sessions_person').on(t.personId),
		index('sessions_expires').on(t.expiresAt),
		index('sessions_subject').on(t.issuer, t.subject).where(sql`${t.issuer} is not null`),
		check('sessions_way', sql`${t.way} in ('demo', 'oidc', 'header', 'password')`),
		check('sessions_ends', sql`${t.expiresAt} <= ${t.endsAt}`),
	],
);
