import { sql } from 'drizzle-orm';
import {
	type AnyPgColumn,
	boolean,
	check,
	foreignKey,
	index,
	integer,
	jsonb,
	numeric,
	pgTable,
	primaryKey,
	smallint,
	text,
	uniqueIndex,
} from 'drizzle-orm/pg-core';
import { people } from '#src/features/access/tables.ts';
import { clients } from '#src/features/clients/tables.ts';
import type { ExtraValues } from '#src/features/company/extra-fields/tables.ts';
import { tags } from '#src/features/company/tags/tables.ts';
import { pipelines, stages } from '#src/features/deals/pipelines/tables.ts';
import { products } from '#src/features/products/tables.ts';
import {
	createdAt,
	currency,
	day,
	exactMoment,
	id,
	moment,
	money,
	ref,
	russian,
	version,
} from '#src/platform/db/columns.ts';

export const lossReasons = pgTable('loss_reasons', {
	id: id(),
	name: text().notNull(),
	position: integer().notNull(),
	active: boolean().notNull().default(true),
	version: version(),
});

export const deals = pgTable(
	'deals',
	{
		id: id(),
		pipelineId: ref()
			.notNull()
			.references(() => pipelines.id),
		stageId: ref()
			.notNull()
			.references(() => stages.id),
		/** Absent where an import brought a deal without one; the screens say so. */
		clientId: ref().references(() => clients.id),
		title: russian().notNull(),
		/** Absent while nobody knows it. */
		amount: money(),
		currency: currency(),
		ownerId: ref()
			.notNull()
			.references(() => people.id),
		source: text(),
		campaign: russian(),
		note: text(),
		/** The amount follows the sum of the products. */
		amountFromProducts: boolean().notNull().default(false),
		extra: jsonb().$type<ExtraValues>().notNull().default({}),
		/** Per cent; absent: the stage's. */
		probability: smallint(),
		expectedCloseOn: day(),
		/** The day on which it was won or lost, as the person says. */
		closedOn: day(),
		/** The moment at which that was recorded. */
		closedAt: moment(),
		lossReasonId: ref().references(() => lossReasons.id),
		closeComment: text(),
		/** Out of boards, lists and sums, neither won nor lost. */
		archivedAt: exactMoment(),
		/** In which deal it lives on, as one with it: then it stands in the archive for good. */
		mergedInto: ref().references((): AnyPgColumn => deals.id),
		stageEnteredAt: exactMoment().notNull(),
		/** Kept by interactions/actions in the transaction that changes an interaction. */
		nextInteractionId: ref(),
		nextPlannedOn: day(),
		nextPlannedAt: moment(),
		lastDoneAt: moment(),
		version: version(),
		externalRef: text(),
		createdAt: createdAt(),
		createdBy: ref().references(() => people.id),
		titleSearch: text()
			.generatedAlwaysAs(sql`translate(lower(title collate "russian"), 'ё', 'е')`)
			.notNull(),
	},
	(t) => [
		// A stage and its deals belong to one pipeline, whatever writes the row.
		foreignKey({
			name: 'deals_stage_in_pipeline',
			columns: [t.stageId, t.pipelineId],
			foreignColumns: [stages.id, stages.pipelineId],
		}),
		uniqueIndex('deals_external_ref_given')
			.on(t.externalRef)
			.where(sql`${t.externalRef} is not null`),
		index('deals_client').on(t.clientId),
		index('deals_extra').using('gin', t.extra).where(sql`${t.extra} <> '{}'`),
		index('deals_owner_client').on(t.ownerId, t.clientId),
		// What a text finds among the deals of these owners; see deals/search.ts.
		index('deals_found').using('gin', sql`(array[${t.ownerId}])`, t.titleSearch.op('gin_trgm_ops')),
		// The board's order, for everybody's deals and for one owner's. See board/queries.ts.
		index('deals_stage_at')
			.on(t.stageId, t.nextPlannedAt, t.id)
			.where(sql`${t.nextPlannedAt} is not null`),
		index('deals_stage_on')
			.on(t.stageId, t.nextPlannedOn, t.id)
			.where(sql`${t.nextPlannedOn} is not null`),
		index('deals_stage_none')
			.on(t.stageId, t.id)
			.where(sql`${t.nextPlannedAt} is null and ${t.nextPlannedOn} is null`),
		index('deals_owner_at')
			.on(t.ownerId, t.stageId, t.nextPlannedAt, t.id)
			.where(sql`${t.nextPlannedAt} is not null`),
		index('deals_owner_on')
			.on(t.ownerId, t.stageId, t.nextPlannedOn, t.id)
			.where(sql`${t.nextPlannedOn} is not null`),
		index('deals_owner_none')
			.on(t.ownerId, t.stageId, t.id)
			.where(sql`${t.nextPlannedAt} is null and ${t.nextPlannedOn} is null`),
		// What one owner has in each open state, with all that the totals need, read from the index alone.
		index('deals_owner_open')
			.on(t.ownerId, t.stageId, t.currency, t.amount, t.nextPlannedAt, t.nextPlannedOn)
			.where(sql`${t.closedOn} is null and ${t.archivedAt} is null`),
		index('deals_archived').on(t.id).where(sql`${t.archivedAt} is not null`),
		index('deals_merged_into').on(t.mergedInto).where(sql`${t.mergedInto} is not null`),
		index('deals_owner_closed')
			.on(t.ownerId, t.stageId, t.closedOn, t.id)
			.where(sql`${t.closedOn} is not null`),
		index('deals_stage_closed')
			.on(t.stageId, t.closedOn, t.id)
			.where(sql`${t.closedOn} is not null`),
		// The list of deals: in the order of any column, of everybody or of one owner. See deals/sorting.ts.
		index('deals_owner').on(t.ownerId, t.id),
		index('deals_stage').on(t.stageId, t.id),
		index('deals_open').on(t.id).where(sql`${t.closedOn} is null`),
		index('deals_title').on(t.title, t.id),
		index('deals_amount').on(t.amount, t.id),
		index('deals_source').on(sql`${t.source} collate "russian"`, t.id),
		index('deals_campaign').on(t.campaign, t.id),
		index('deals_expected').on(t.expectedCloseOn, t.id),
		index('deals_created').on(t.createdAt, t.id),
		index('deals_entered').on(t.stageEnteredAt, t.id),
		index('deals_done').on(t.lastDoneAt, t.id),
		index('deals_closed').on(t.closedOn, t.id),
		index('deals_probability').on(t.probability, t.id).where(sql`${t.probability} is not null`),
		// The board by dates.
		index('deals_open_at')
			.on(t.pipelineId, t.nextPlannedAt, t.id)
			.where(sql`${t.closedOn} is null and ${t.nextPlannedAt} is not null`),
		index('deals_open_on')
			.on(t.pipelineId, t.nextPlannedOn, t.id)
			.where(sql`${t.closedOn} is null and ${t.nextPlannedOn} is not null`),
		// The list by next step.
		index('deals_at').on(t.nextPlannedAt, t.id).where(sql`${t.nextPlannedAt} is not null`),
		index('deals_on').on(t.nextPlannedOn, t.id).where(sql`${t.nextPlannedOn} is not null`),
		index('deals_open_none')
			.on(t.id)
			.where(
				sql`${t.closedOn} is null and ${t.nextPlannedAt} is null and ${t.nextPlannedOn} is null`,
			),
		check('deals_merged', sql`${t.mergedInto} is null or ${t.archivedAt} is not null`),
		check('deals_not_own_heir', sql`${t.mergedInto} <> ${t.id}`),
		check('deals_title', sql`length(btrim(${t.title})) > 0`),
		check('deals_amount', sql`${t.amount} >= 0`),
		check('deals_currency', sql`${t.currency} ~ '^[A-Z]{3}$'`),
		check('deals_probability', sql`${t.probability} between 0 and 100`),
		check('deals_one_plan', sql`num_nonnulls(${t.nextPlannedOn}, ${t.nextPlannedAt}) <= 1`),
		check('deals_closed_whole', sql`(${t.closedOn} is null) = (${t.closedAt} is null)`),
		check('deals_reason_when_closed', sql`${t.lossReasonId} is null or ${t.closedOn} is not null`),
	],
);

export const dealProducts = pgTable(
	'deal_products',
	{
		dealId: ref()
			.notNull()
			.references(() => deals.id),
		productId: ref()
			.notNull()
			.references(() => products.id),
		quantity: numeric({ precision: 15, scale: 3 }).notNull().default('1'),
		price: money(),
		position: integer().notNull().default(0),
	},
	(t) => [
		primaryKey({ columns: [t.dealId, t.productId] }),
		index('deal_products_product').on(t.productId),
	],
);

/** Соисполнители: who works on a deal beside its owner, and so may see it. */
export const dealCollaborators = pgTable(
	'deal_collaborators',
	{
		dealId: ref()
			.notNull()
			.references(() => deals.id),
		personId: ref()
			.notNull()
			.references(() => people.id),
	},
	(t) => [
		primaryKey({ columns: [t.dealId, t.personId] }),
		index('deal_collaborators_person').on(t.personId, t.dealId),
	],
);

export const dealTags = pgTable(
	'deal_tags',
	{
		dealId: ref()
			.notNull()
			.references(() => deals.id),
		tagId: ref()
			.notNull()
			.references(() => tags.id),
	},
	(t) => [
		primaryKey({ columns: [t.dealId, t.tagId] }),
		index('deal_tags_tag').on(t.tagId, t.dealId),
	],
);

/** Append-only: a trigger refuses UPDATE and DELETE. */
export const stageChanges = pgTable(
	'stage_changes',
	{
		id: id(),
		dealId: ref()
			.notNull()
			.references(() => deals.id),
		fromStageId: ref().references(() => stages.id),
		toStageId: ref()
			.notNull()
			.references(() => stages.id),
		personId: ref().references(() => people.id),
		at: exactMoment().notNull(),
		door: text().notNull(),
		secondsInPrevious: integer(),
	},
	(t) => [
		index('stage_changes_deal').on(t.dealId, t.at),
		index('stage_changes_to').on(t.toStageId, t.at),
		index('stage_changes_from').on(t.fromStageId),
	],
);
