import { type SQL, sql } from 'drizzle-orm';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import type { ExtraField, ExtraNoun } from './extra-fields.ts';

/** An extra field as the administrator sees it. */
export type ExtraFieldRow = ExtraField & {
	noun: ExtraNoun;
	position: number;
	active: boolean;
	version: number;
};

const COLUMNS = sql`id, noun, name, kind, choices, position, active, version`;

/** All extra fields, those out of use too, in their order. */
export async function listAllExtraFields(db: Sql): Promise<ExtraFieldRow[]> {
	const { rows } = await db.execute<ExtraFieldRow>(
		sql`select ${COLUMNS} from extra_fields order by noun, position, id`,
	);
	return rows;
}

/** One extra field. Throws NotFound. */
export async function findExtraField(db: Sql, fieldId: number): Promise<ExtraFieldRow> {
	return await find(db, fieldId, sql``);
}

async function find(db: Sql, fieldId: number, lock: SQL): Promise<ExtraFieldRow> {
	const { rows } = await db.execute<ExtraFieldRow>(
		sql`select ${COLUMNS} from extra_fields where id = ${fieldId} ${lock}`,
	);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** Locks an extra field for the rest of the transaction. Throws NotFound. */
export async function lockExtraField(tx: Tx, fieldId: number): Promise<ExtraFieldRow> {
	return await find(tx, fieldId, sql`for update`);
}

/**
 * Locks an extra field for the rest of the transaction. Throws NotFound, Conflict where the change started
 * from another version.
 */
export async function findExtraFieldToEdit(
	tx: Tx,
	fieldId: number,
	version: number,
): Promise<ExtraFieldRow> {
	const field = await lockExtraField(tx, fieldId);
	if (field.version === version) return field;
	throw await conflictOn(tx, 'extra', field);
}

/** How many records hold a value of an extra field. */
export async function extraFieldUses(
	db: Sql,
	{ id, noun }: Pick<ExtraFieldRow, 'id' | 'noun'>,
): Promise<number> {
	const table = noun === 'client' ? sql`clients` : sql`deals`;
	// The index holds only rows that have extra values at all.
	const { rows } = await db.execute<{ n: number }>(sql`
		select count(*)::int as n from ${table} where extra <> '{}' and extra ? ${String(id)}`);
	return rows[0]?.n ?? 0;
}
