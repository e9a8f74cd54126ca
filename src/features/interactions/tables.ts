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
import { people } from '#src/features/access/tables.ts';
import { clients, contacts } from '#src/features/clients/tables.ts';
import { deals } from '#src/features/deals/tables.ts';
import {
	createdAt,
	day,
	exactMoment,
	id,
	moment,
	ref,
	russian,
	version,
} from '#src/platform/db/columns.ts';

export const INTERACTION_STATUSES = ['planned', 'done', 'cancelled'] as const;

/** Directory of kinds; `code` names those that the program itself knows. */
export const interactionKinds = pgTable(
	'interaction_kinds',
	{
		id: id(),
		code: text().notNull(),
		name: text().notNull(),
		/** Symbol in the icon sprite. */
		icon: text().notNull(),
		position: integer().notNull(),
		/** Suggested for the step after this one: in how many working days. */
		nextInDays: smallint().notNull().default(1),
		/** Suggested for the step after this one; absent: the same kind. */
		nextKindId: ref().references((): AnyPgColumn => interactionKinds.id),
		/** Suggested length; absent: none. */
		lengthMinutes: smallint(),
		active: boolean().notNull().default(true),
		version: version(),
	},
	(t) => [
		uniqueIndex('interaction_kinds_code').on(t.code),
		check('interaction_kinds_named', sql`length(btrim(${t.name})) > 0`),
		check('interaction_kinds_length', sql`${t.lengthMinutes} between 1 and 1440`),
	],
);

/** A repeated step: its rule and what every occurrence begins with. The occurrences are interactions. */
export const interactionSeries = pgTable(
	'interaction_series',
	{
		id: id(),
		/** RFC 5545, section 3.3.10, without DTSTART: `FREQ=WEEKLY;BYDAY=MO`. */
		rule: text().notNull(),
		/** The first occurrence: a day, … */
		startsOn: day(),
		/** … or a wall clock in `timeZone`, as `2026-11-23T15:00`, so that 15:00 stays 15:00 over a change of clocks. */
		startsAt: text(),
		timeZone: text().notNull(),
		/** Up to which day occurrences have been made. */
		madeUntil: day(),
		/** From here on no more. */
		endedOn: day(),
		kindId: ref()
			.notNull()
			.references(() => interactionKinds.id),
		summary: russian().notNull(),
		description: text(),
		place: text(),
		/** Looked up anew for each occurrence: contacts come and go. */
		contactId: ref(),
		lengthMinutes: smallint(),
		remindMinutes: integer(),
		ownerId: ref()
			.notNull()
			.references(() => people.id),
		authorId: ref(),
		version: version(),
		createdAt: createdAt(),
	},
	(t) => [
		index('interaction_series_owner').on(t.ownerId),
		check('interaction_series_starts', sql`num_nonnulls(${t.startsOn}, ${t.startsAt}) = 1`),
	],
);

export const interactions = pgTable(
	'interactions',
	{
		id: id(),
		dealId: ref().references(() => deals.id),
		clientId: ref().references(() => clients.id),
		kindId: ref()
			.notNull()
			.references(() => interactionKinds.id),
		/** Что сделать. */
		summary: text().notNull(),
		/** Planned for a day, whenever in it; or … */
		plannedOn: day(),
		/** … for a moment. Never both. */
		plannedAt: moment(),
		lengthMinutes: smallint(),
		description: text(),
		place: text(),
		contactId: ref().references(() => contacts.id),
		/** How long before the moment (or before the owner's working day begins) to remind; absent: not. */
		remindMinutes: integer(),
		/** When that is; kept by interactions/actions. */
		remindAt: moment(),
		/** When the reminder was put away on screen. */
		remindedAt: exactMoment(),
		/** For which remindAt a mail was considered; kept by reminders/actions. */
		mailedFor: moment(),
		seriesId: ref().references(() => interactionSeries.id),
		/** Which occurrence of the series this is: its original day or wall clock. */
		occurrence: text(),
		/** UID in calendars where another program gave it; absent: made of the id. */
		calendarUid: text(),
		ownerId: ref()
			.notNull()
			.references(() => people.id),
		authorId: ref().references(() => people.id),
		status: text({ enum: INTERACTION_STATUSES }).notNull().default('planned'),
		/** Результат. */
		outcome: text(),
		completedBy: ref().references(() => people.id),
		completedAt: moment(),
		version: version(),
		externalRef: text(),
		createdAt: createdAt(),
		/** Kept by a trigger: when the version last went up. */
		changedAt: exactMoment().notNull().default(sql`now()`),
	},
	(t) => [
		index('interactions_owner_over_at')
			.on(t.ownerId, t.plannedAt)
			.where(sql`${t.status} = 'done' and ${t.plannedAt} is not null`),
		index('interactions_owner_over_on')
			.on(t.ownerId, t.plannedOn)
			.where(sql`${t.status} = 'done' and ${t.plannedOn} is not null`),
		index('interactions_owner_changed').on(t.ownerId, t.changedAt),
		uniqueIndex('interactions_external_ref_given')
			.on(t.externalRef)
			.where(sql`${t.externalRef} is not null`),
		index('interactions_deal_planned').on(t.dealId).where(sql`${t.status} = 'planned'`),
		index('interactions_deal_done').on(t.dealId, t.completedAt).where(sql`${t.status} = 'done'`),
		index('interactions_contact').on(t.contactId).where(sql`${t.contactId} is not null`),
		index('interactions_client').on(t.clientId),
		index('interactions_kind').on(t.kindId),
		index('interactions_of_client').on(t.clientId, t.status).where(sql`${t.dealId} is null`),
		uniqueIndex('interactions_occurrence').on(t.seriesId, t.occurrence),
		index('interactions_calendar_uid').on(t.calendarUid).where(sql`${t.calendarUid} is not null`),
		index('interactions_remind')
			.on(t.ownerId, t.remindAt)
			.where(
				sql`${t.status} = 'planned' and ${t.remindAt} is not null and ${t.remindedAt} is null`,
			),
		index('interactions_remind_mail')
			.on(t.remindAt)
			.where(
				sql`${t.status} = 'planned' and ${t.remindedAt} is null and ${t.mailedFor} is distinct from ${t.remindAt}`,
			),
		index('interactions_owner_done').on(t.ownerId, t.completedAt).where(sql`${t.status} = 'done'`),
		// A person's days in order of time; interactions/agenda.ts merges the two.
		index('interactions_owner_at')
			.on(t.ownerId, t.plannedAt, t.id)
			.where(sql`${t.status} = 'planned' and ${t.plannedAt} is not null`),
		index('interactions_owner_on')
			.on(t.ownerId, t.plannedOn, t.id)
			.where(sql`${t.status} = 'planned' and ${t.plannedOn} is not null`),
		check('interactions_status', sql`${t.status} in ('planned', 'done', 'cancelled')`),
		check('interactions_one_plan', sql`num_nonnulls(${t.plannedOn}, ${t.plannedAt}) <= 1`),
		check(
			'interactions_planned_when',
			sql`${t.status} <> 'planned' or num_nonnulls(${t.plannedOn}, ${t.plannedAt}) = 1`,
		),
		check('interactions_done_when', sql`(${t.status} = 'done') = (${t.completedAt} is not null)`),
		check('interactions_remind', sql`${t.remindMinutes} between 0 and 40320`),
		check('interactions_length', sql`${t.lengthMinutes} between 1 and 1440`),
		check('interactions_belong', sql`num_nonnulls(${t.dealId}, ${t.clientId}) > 0`),
	],
);
