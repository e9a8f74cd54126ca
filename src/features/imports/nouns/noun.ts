import { type SQL, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import type { Tx } from '#src/platform/db/client.ts';
import type { By } from '#src/platform/events/record.ts';
import type { Draft } from '../drafts.ts';
import type { Value } from '../values.ts';
import type { Course } from './course.ts';

/** Fields of a record by their names in fields.ts; null where it has none. */
export type Stored = Record<string, Value | null>;

/** A record that is already there, locked until the end of the file. */
export type Existing = {
	id: number;
	ref: string | null;
	name: string;
	values: Stored;
	/** Of deals: since when it stands in its state, and its products. */
	deal?: { enteredAt: Date; products: number[] };
};

/** What a row comes to: the record as it will be, and as it was. */
export type Outcome = { draft: Draft; ref: string; was: Existing | null; values: Stored };

/** A record to be changed, with the fields that differ. */
export type Change = {
	id: number;
	was: Existing;
	values: Stored;
	changes: Record<string, FieldChange>;
};

export type Context = { by: By; timeZone: string; course: Course | null };

/** What the import must know of a noun; each works on up to 500 records at once. */
export type Noun = {
	/** Records with one of these refs or (folded) names, locked. */
	load(tx: Tx, refs: string[], names: string[]): Promise<Existing[]>;
	/** The rules of the trade: adds reasons to drafts, and completes the values of the others. */
	examine?(tx: Tx, context: Context, outcomes: Outcome[]): Promise<void> | void;
	/** Writes new records with their history. */
	create(tx: Tx, context: Context, outcomes: Outcome[]): Promise<void>;
	/** Writes changed records, their versions and their history. */
	update(tx: Tx, context: Context, changes: Change[]): Promise<void>;
};

/** The condition of load: by external ref, or by folded name. */
export function matching(ref: SQL, refs: string[], name: SQL, names: string[]): SQL {
	const byRef = sql`${ref} = any(${sql.param(refs)}::text[])`;
	return names.length === 0 ? byRef : sql`${byRef} or ${name} = any(${sql.param(names)}::text[])`;
}

/** `rows` as one parameter, to be read by jsonb_to_recordset: exact decimals pass as text. */
export function recordset(rows: Stored[]): SQL {
	return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)`;
}

/** A value of `values` as text, or null; fields are typed by fields.ts. */
export function textIn(values: Stored, field: string): string | null {
	const value = values[field];
	return value === undefined || value === null ? null : String(value);
}

/** An id or another number of `values`, or null. */
export function numberIn(values: Stored, field: string): number | null {
	const value = values[field];
	return typeof value === 'number' ? value : null;
}

/** The ids of records just inserted, by their refs. */
export function idsByRef(rows: { id: number; ref: string | null }[]): Map<string, number> {
	return new Map(rows.flatMap(({ id, ref }) => (ref === null ? [] : [[ref, id]])));
}
