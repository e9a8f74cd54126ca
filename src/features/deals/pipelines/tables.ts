import { sql } from 'drizzle-orm';
import {
	check,
	index,
	integer,
	jsonb,
	pgTable,
	smallint,
	text,
	unique,
	uniqueIndex,
} from 'drizzle-orm/pg-core';
import { exactMoment, id, ref, version } from '#src/platform/db/columns.ts';

export const STAGE_KINDS = ['open', 'won', 'lost'] as const;

export type StageKind = (typeof STAGE_KINDS)[number];

/** Сценарий продажи: a set of stages for one line of business. */
export const pipelines = pgTable('pipelines', {
	id: id(),
	name: text().notNull(),
	position: integer().notNull(),
	/** Kept for history alone: deals have passed through its states, none enters them any more. */
	removedAt: exactMoment(),
	version: version(),
});

export const stages = pgTable(
	'stages',
	{
		id: id(),
		pipelineId: ref()
			.notNull()
			.references(() => pipelines.id),
		name: text().notNull(),
		position: integer().notNull(),
		kind: text({ enum: STAGE_KINDS }).notNull(),
		/** A name out of the palette of the style sheet, never a value. */
		colour: text().notNull().default('grey'),
		/** Working days without a finished interaction after which a deal here is idle. */
		idleDays: smallint(),
		/** Per cent. */
		probability: smallint().notNull(),
		/** Names of the fields that a deal must have to enter: see deals/required-fields.ts. */
		requiredFields: jsonb().$type<string[]>().notNull().default([]),
		/** Kept for history alone: deals have passed through it, none enters it any more. */
		removedAt: exactMoment(),
		version: version(),
	},
	(t) => [
		unique('stages_id_pipeline').on(t.id, t.pipelineId),
		index('stages_pipeline').on(t.pipelineId, t.position),
		uniqueIndex('stages_one_end').on(t.pipelineId, t.kind).where(sql`${t.kind} <> 'open'`),
		check('stages_final_stay', sql`${t.kind} = 'open' or ${t.removedAt} is null`),
		check('stages_kind', sql`${t.kind} in ('open', 'won', 'lost')`),
		check('stages_probability', sql`${t.probability} between 0 and 100`),
		check('stages_idle_days', sql`${t.idleDays} > 0`),
	],
);
