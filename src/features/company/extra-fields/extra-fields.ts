import { sql } from 'drizzle-orm';
import type { StaticDecode, TObject, TSchema } from 'typebox';
import type { FieldChange } from '#src/events.ts';
import type { Sql } from '#src/platform/db/client.ts';
import {
	day,
	decimal,
	form,
	oneOf,
	optional,
	type Part,
	readPart,
	text,
	yesNo,
} from '#src/platform/forms/readers.ts';
import { formatDay, isDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import type { Fact } from '#src/platform/pages/fields.ts';
import type { EXTRA_KINDS, EXTRA_NOUNS, ExtraValues } from './tables.ts';

/** A field of the company's own, as an administrator has made it. */
export type ExtraField = {
	id: number;
	name: string;
	kind: (typeof EXTRA_KINDS)[number];
	choices: string[];
};
export type ExtraNoun = (typeof EXTRA_NOUNS)[number];
type ExtraValue = ExtraValues[string];

const MOST_TEXT = 500;

/** The extra fields of a noun that are in use, in the company's order. */
export async function listExtraFields(db: Sql, noun: ExtraNoun): Promise<ExtraField[]> {
	const { rows } = await db.execute<ExtraField>(sql`
		select id, name, kind, choices from extra_fields where noun = ${noun} and active
		order by position, id`);
	return rows;
}

/** What an extra field is called in a form. */
export function extraName(field: { id: number }): `extra_${number}` {
	return `extra_${field.id}`;
}

function schemaOf(field: ExtraField, current: ExtraValue | undefined): TSchema {
	if (field.kind === 'number') return decimal();
	if (field.kind === 'day') return day();
	if (field.kind === 'yes_no') return yesNo();
	// What was chosen once stays right for this record, although nobody else can choose it any more.
	if (field.kind === 'choice')
		return oneOf(...field.choices, ...(typeof current === 'string' ? [current] : []));
	return text(MOST_TEXT);
}

/** New values of extra fields by the field's id; null empties one, one that is not there stays as it is. */
export type ExtraEdit = Record<string, ExtraValue | null>;

/**
 * Reads a form that may hold some of its own fields and some extra ones, `extra_<id>`. `current` is what
 * the record holds. Throws as readPart does, one InvalidForm for all fields together.
 */
export function readWithExtra<T extends TObject>(
	schema: T,
	fields: readonly ExtraField[],
	current: ExtraValues,
	body: unknown,
): { part: Part<StaticDecode<T>>; extra: ExtraEdit } {
	const own = fields.map((field) => [
		extraName(field),
		optional(schemaOf(field, current[String(field.id)])),
	]);
	const whole = form({ ...schema.properties, ...Object.fromEntries(own) });
	const read = readPart(whole, body) as Record<string, unknown>;
	const extra: ExtraEdit = {};
	for (const field of fields) {
		const name = extraName(field);
		if (name in read) extra[String(field.id)] = read[name] as ExtraValue | null;
		delete read[name];
	}
	return { part: read as Part<StaticDecode<T>>, extra };
}

/** The values after an edit, and what changed, as the event of the record tells it. */
export function extraAfter(
	current: ExtraValues,
	edit: ExtraEdit,
): { values: ExtraValues; changes: Record<string, FieldChange> } {
	const values = { ...current };
	const changes: Record<string, FieldChange> = {};
	for (const [id, value] of Object.entries(edit)) {
		const before = current[id] ?? null;
		if (before === value) continue;
		changes[`extra_${id}`] = [before, value];
		if (value === null) delete values[id];
		else values[id] = value;
	}
	return { values, changes };
}

/** An extra value in words: days and numbers by the reader's language. */
export function extraWords(
	field: Pick<ExtraField, 'kind'>,
	value: unknown,
	viewer: Viewer,
): string | null {
	if (value === undefined || value === null) return null;
	if (typeof value === 'boolean')
		return translate(viewer.language, value ? 'extra.yes' : 'extra.no');
	// What was erased of a history is no day.
	if (field.kind === 'day' && isDay(String(value))) return formatDay(String(value), viewer);
	if (field.kind === 'number') return localNumber(String(value), viewer);
	return String(value);
}

const localNumber = (value: string, { language }: Viewer) =>
	language === 'ru' ? value.replace('.', ',') : value;

/** The extra fields of a record as facts of its page and of its forms. */
export function extraFacts(
	fields: readonly ExtraField[],
	values: ExtraValues,
	viewer: Viewer,
): Fact[] {
	return fields.map((field) => {
		const value = values[String(field.id)];
		return {
			name: extraName(field),
			label: field.name,
			shown: extraWords(field, value, viewer),
			value: inputOf(value, field, viewer),
			...INPUTS[field.kind],
			...(field.kind === 'choice' || field.kind === 'yes_no'
				? { options: optionsOf(field, value, viewer), empty: '—' }
				: {}),
		};
	});
}

const INPUTS: Record<ExtraField['kind'], Partial<Fact>> = {
	text: { max: MOST_TEXT },
	number: { mode: 'decimal', max: 30 },
	day: { kind: 'date' },
	choice: { kind: 'select' },
	yes_no: { kind: 'select' },
};

function inputOf(value: ExtraValue | undefined, field: ExtraField, viewer: Viewer): string {
	if (value === undefined) return '';
	if (typeof value === 'boolean') return value ? 'yes' : 'no';
	return field.kind === 'number' ? localNumber(value, viewer) : value;
}

function optionsOf(field: ExtraField, value: ExtraValue | undefined, viewer: Viewer) {
	if (field.kind === 'yes_no')
		return (['yes', 'no'] as const).map((id) => ({
			id,
			name: translate(viewer.language, `extra.${id}`),
		}));
	const gone = typeof value === 'string' && !field.choices.includes(value) ? [value] : [];
	return [...field.choices, ...gone].map((choice) => ({ id: choice, name: choice }));
}
