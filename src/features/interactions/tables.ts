import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { people } from '#src/features/auth/tables.ts';
import { clients } from '#src/features/clients/tables.ts';
import { deals } from '#src/features/deals/tables.ts';
import { createdAt, day, id, moment, ref, version } from '#src/platform/db/columns.ts';

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
	},
	(t) => [uniqueIndex('interaction_kinds_code').on(t.code)],
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
	},
	(t) => [
		uniqueIndex('interactions_external_ref').on(t.externalRef),
		index('interactions_deal_planned').on(t.dealId).where(sql`${t.status} = 'planned'`),
		index('interactions_deal_done').on(t.dealId, t.completedAt).where(sql`${t.status} = 'done'`),
		index('interactions_client').on(t.clientId),
		index('interactions_owner_planned')
			.on(t.ownerId, t.plannedAt, t.plannedOn)
			.where(sql`${t.status} = 'planned'`),
		check('interactions_status', sql`${t.status} in ('planned', 'done', 'cancelled')`),
		check('interactions_one_plan', sql`num_nonnulls(${t.plannedOn}, ${t.plannedAt}) <= 1`),
		check(
			'interactions_planned_when',
			sql`${t.status} <> 'planned' or num_nonnulls(${t.plannedOn}, ${t.plannedAt}) = 1`,
		),
		check('interactions_done_when', sql`(${t.status} = 'done') = (${t.completedAt} is not null)`),
		check('interactions_length', sql`${t.lengthMinutes} between 1 and 1440`),
		check('interactions_belong', sql`num_nonnulls(${t.dealId}, ${t.clientId}) > 0`),
	],
);
