import { and, eq, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { type Acting, demand } from '#src/features/access/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { lastPlace, reordered, writeOrder } from '#src/platform/db/order.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import type { Place } from '#src/platform/forms/place.ts';
import { record } from '#src/platform/history/record.ts';
import type { ExtraField, ExtraNoun } from './extra-fields.ts';
import { type ExtraFieldRow, extraFieldUses, findExtraFieldToEdit } from './queries.ts';
import { extraFields } from './tables.ts';

/** What a new extra field is made of; `choices` counts only for a choice. */
export type NewExtraField = Omit<ExtraField, 'id'> & { noun: ExtraNoun };

/**
 * Adds an extra field behind the others of its noun. Takes no version: it adds a record. Returns its id.
 * Throws Forbidden for anybody but an administrator, InvalidForm for a name that is taken and for a choice
 * with nothing to choose from.
 */
export async function addExtraField(
	sqlOrTx: Sql,
	acting: Acting,
	field: NewExtraField,
): Promise<number> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		const { noun, name, kind } = field;
		const choices = choicesOf(field);
		await checkName(tx, noun, name, 0);
		const position = lastPlace(extraFields, eq(extraFields.noun, noun));
		const [made] = await tx
			.insert(extraFields)
			.values({ noun, name, kind, choices, position })
			.returning({ id: extraFields.id });
		const fieldId = made?.id as number;
		await record(tx, acting, { type: 'extra.added', data: { fieldId, noun, name } });
		return fieldId;
	});
}

const atVersion = (fieldId: number, version: number) =>
	and(eq(extraFields.id, fieldId), eq(extraFields.version, version));

function choicesOf({ kind, choices }: Pick<ExtraField, 'kind' | 'choices'>): string[] {
	if (kind !== 'choice') return [];
	if (choices.length === 0) throw new InvalidForm({ choices: { key: 'field.required' } }, {});
	return [...new Set(choices)];
}

async function checkName(tx: Tx, noun: ExtraNoun, name: string, self: number): Promise<void> {
	// One after the other: the unique index would refuse the second one without a word for people.
	await tx.execute(sql`select pg_advisory_xact_lock(hashtext('extra_fields'), hashtext(${noun}))`);
	const { rows } = await tx.execute(sql`
		select id from extra_fields where noun = ${noun} and id <> ${self}
			and lower(name collate "russian") = lower(${name}::text collate "russian")`);
	if (rows.length > 0) throw new InvalidForm({ name: { key: 'field.taken' } }, {});
}

/**
 * Renames an extra field and changes what can be chosen; its kind stays, for its values do. A choice that is
 * gone stays with those who have it. Returns the version. Throws NotFound, Conflict, Forbidden, InvalidForm.
 */
export async function editExtraField(
	sqlOrTx: Sql,
	acting: Acting,
	fieldId: number,
	version: number,
	edit: { name: string; choices: string[] },
): Promise<number> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		const field = await findExtraFieldToEdit(tx, fieldId, version);
		const choices = choicesOf({ kind: field.kind, choices: edit.choices });
		await checkName(tx, field.noun, edit.name, fieldId);
		const changes: Record<string, FieldChange> = {};
		if (edit.name !== field.name) changes.name = [field.name, edit.name];
		const [from, to] = [field.choices.join('; '), choices.join('; ')];
		if (from !== to) changes.choices = [from, to];
		if (Object.keys(changes).length === 0) return version;
		await tx
			.update(extraFields)
			.set({ name: edit.name, choices, version: nextVersion(extraFields.version) })
			.where(atVersion(fieldId, version));
		return await told(tx, acting, field, changes);
	});
}

async function told(
	tx: Tx,
	acting: Acting,
	{ id: fieldId, noun, name, version }: ExtraFieldRow,
	changes: Record<string, FieldChange>,
): Promise<number> {
	await record(tx, acting, { type: 'extra.changed', data: { fieldId, noun, name, changes } });
	return version + 1;
}

/**
 * Moves an extra field among those of its noun; where it stands already nothing happens. Returns its name.
 * Throws NotFound, Conflict, Forbidden.
 */
export async function moveExtraField(
	sqlOrTx: Sql,
	acting: Acting,
	fieldId: number,
	version: number,
	where: Place,
): Promise<string> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		const field = await findExtraFieldToEdit(tx, fieldId, version);
		const { rows } = await tx.execute<{ id: number }>(sql`
			select id from extra_fields where noun = ${field.noun} order by position, id for update`);
		const moved = reordered(
			rows.map(({ id }) => id),
			fieldId,
			where,
		);
		if (moved === null) return field.name;
		await writeOrder(tx, sql`extra_fields`, moved.order, fieldId);
		await told(tx, acting, field, { position: moved.places });
		return field.name;
	});
}

/**
 * Puts an extra field out of use, or back: its values stay. Returns its name. Throws NotFound, Conflict,
 * Forbidden.
 */
export async function useExtraField(
	sqlOrTx: Sql,
	acting: Acting,
	fieldId: number,
	version: number,
	active: boolean,
): Promise<string> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		const field = await findExtraFieldToEdit(tx, fieldId, version);
		if (field.active === active) return field.name;
		await tx
			.update(extraFields)
			.set({ active, version: nextVersion(extraFields.version) })
			.where(atVersion(fieldId, version));
		await told(tx, acting, field, { active: [field.active, active] });
		return field.name;
	});
}

/**
 * Removes an extra field that no record uses. Returns what it was called. Throws NotFound, Conflict,
 * Forbidden, RuleBroken with the count for one in use.
 */
export async function removeExtraField(
	sqlOrTx: Sql,
	acting: Acting,
	fieldId: number,
	version: number,
): Promise<string> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		const { noun, name } = await findExtraFieldToEdit(tx, fieldId, version);
		const n = await extraFieldUses(tx, { id: fieldId, noun });
		if (n > 0) throw new RuleBroken('extra.inUse', { n, noun });
		await tx.delete(extraFields).where(atVersion(fieldId, version));
		await record(tx, acting, { type: 'extra.removed', data: { fieldId, noun, name } });
		return name;
	});
}
