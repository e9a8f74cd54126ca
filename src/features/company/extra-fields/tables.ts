import { sql } from 'drizzle-orm';
import { boolean, check, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { id, russian, version } from '#src/platform/db/columns.ts';

export const EXTRA_KINDS = ['text', 'number', 'day', 'choice', 'yes_no'] as const;

export const EXTRA_NOUNS = ['client', 'deal'] as const;

/** Values of a record's extra fields by the field's id: text, a decimal string, a day, `true`. */
export type ExtraValues = Record<string, string | boolean>;

/** Fields of the company's own, beside those that the program knows. */
export const extraFields = pgTable(
	'extra_fields',
	{
		id: id(),
		noun: text({ enum: EXTRA_NOUNS }).notNull(),
		name: russian().notNull(),
		kind: text({ enum: EXTRA_KINDS }).notNull(),
		/** Of a choice: what can be chosen, in order. */
		choices: jsonb().$type<string[]>().notNull().default([]),
		position: integer().notNull(),
		active: boolean().notNull().default(true),
		version: version(),
	},
	(t) => [
		uniqueIndex('extra_fields_name').on(t.noun, sql`lower(${t.name} collate "russian")`),
		check('extra_fields_noun', sql`${t.noun} in ('client', 'deal')`),
		check('extra_fields_kind', sql`${t.kind} in ('text', 'number', 'day', 'choice', 'yes_no')`),
	],
);
