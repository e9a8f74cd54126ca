import { type SQL, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import type { Actor } from '#src/features/access/rights.ts';
import type { Reason } from '#src/features/imports/console/messages.ts';
import type { Draft } from '#src/features/imports/engine/drafts.ts';
import { alike, type Value } from '#src/features/imports/engine/values.ts';
import type { Tx } from '#src/platform/db/client.ts';
import type { By } from '#src/platform/history/record.ts';
import type { Doubts, Way } from '../tables.ts';
import type { Course } from './course.ts';

/** Fields of a record by their names in fields.ts; null where it has none. */
export type Stored = Record<string, Value | null>;

/** A record that is already there, locked until the end of the transaction unless it is a rehearsal. */
export type Existing = {
	id: number;
	ref: string | null;
	name: string;
	values: Stored;
	/** Whether whoever imports sees it, and so may change it. */
	visible: boolean;
	/** Why it takes no change, though it is seen; absent: it does. */
	shut?: Reason | undefined;
	/** Of deals: since when it stands in its state, and its products. */
	deal?: { enteredAt: Date; products: number[] };
};

/** What a row comes to: the record as it will be, and as it was. */
export type Outcome = {
	draft: Draft;
	/** Its external ref, where it will have one. */
	ref: string | null;
	was: Existing | null;
	values: Stored;
	/** Known, and to be left as it is. */
	skipped: boolean;
};

/** A record to be made, under an id that is already its own. */
export type Made = Outcome & { id: number };

/** A record to be changed, with the fields that differ. */
export type Change = {
	id: number;
	was: Existing;
	values: Stored;
	changes: Record<string, FieldChange>;
};

export type Context = {
	by: By;
	timeZone: string;
	course: Course | null;
	/** Whose rights count; null at the console, where they are the operator's. */
	actor: Actor | null;
};

/** Which records are looked for: by id, by ref, or by the way in which the drafts say they are known. */
export type Wanted = {
	ids: number[];
	refs: string[];
	keys: { way: Way; texts: string[] }[];
	actor: Actor | null;
	/** Nothing is locked in a rehearsal. */
	lock: boolean;
};

/** What the import must know of a noun; each works on up to 500 records at once. */
export type Noun = {
	/** Where its ids come from; without a table, from its values. */
	table: string | null;
	idOf?(values: Stored): number;
	/** By what a record of these values is known in this way. */
	keysOf(way: Way, values: Stored): string[];
	load(tx: Tx, wanted: Wanted): Promise<Existing[]>;
	/** The rules of the trade: adds reasons to drafts, and completes the values of the others. */
	examine?(tx: Tx, context: Context, outcomes: Outcome[]): Promise<void> | void;
	/** Whether somebody has to look after such a record from now on; nouns without it belong to nobody. */
	lives?(values: Stored, context: Context): boolean;
	/** What looks wrong in what a row says and is taken nevertheless. */
	doubts?(given: Draft['given'], values: Stored): Doubts;
	/** Writes new records with their history. */
	create(tx: Tx, context: Context, made: Made[]): Promise<void>;
	/** Writes changed records, their versions and their history. */
	update(tx: Tx, context: Context, changes: Change[]): Promise<void>;
	/**
	 * Takes records away that an import has made, as far as nothing hangs on them that it has not. Returns the
	 * ids of those that are gone. Nouns without it cannot be undone.
	 */
	remove?(tx: Tx, ids: number[]): Promise<number[]>;
};

/** Ids, refs and keys (a list of texts) as one list of candidates, each found by an index of its own. */
export function candidates(
	{ ids, refs, keys }: Wanted,
	by: { table: SQL; ref: SQL | null; ways: Partial<Record<Way, (texts: SQL) => SQL>> },
): SQL {
	const parts = [
		...(ids.length > 0
			? [sql`select id from ${by.table} where id = any(${texts(ids)}::bigint[])`]
			: []),
		...(refs.length > 0 && by.ref
			? [sql`select id from ${by.table} where ${by.ref} = any(${texts(refs)}::text[])`]
			: []),
		...keys.flatMap(({ way, texts: wanted }) => {
			const find = by.ways[way];
			return find && wanted.length > 0 ? [find(sql`${texts(wanted)}::text[]`)] : [];
		}),
	];
	if (parts.length === 0) return sql`select null::bigint as id where false`;
	// One of them alone may find a record twice: by two of its phones.
	return sql`select distinct id from (${sql.join(parts, sql` union all `)}) every`;
}

const texts = (values: (string | number)[]) => sql.param(values);

type Candidates = Parameters<typeof candidates>[1];

/** How small directories find their records: by ref, and by their folded name. */
export function named(table: string): Candidates {
	const name = sql`translate(lower(name collate "russian"), 'ё', 'е')`;
	return {
		table: sql.identifier(table) as unknown as SQL,
		ref: sql`external_ref`,
		ways: {
			name: (wanted) => sql`select id from ${sql.identifier(table)} where ${name} = any(${wanted})`,
		},
	};
}

/** The keys of a record that only its name can tell. */
export function byNameAlone(way: Way, { name }: Stored): string[] {
	return way === 'name' && name ? [alike(String(name))] : [];
}

/** Locks the rows that are looked for, in the order of their ids; a rehearsal locks nothing. */
export async function lockRows(
	tx: Tx,
	table: string,
	wanted: Wanted,
	by: Candidates,
): Promise<void> {
	if (wanted.lock)
		await tx.execute(sql`select from ${sql.identifier(table)}
			where id in (${candidates(wanted, by)}) order by id for update`);
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
