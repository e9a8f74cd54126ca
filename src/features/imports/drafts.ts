import type { PlannedFile } from './choosing.ts';
import { type Field, fieldOf, type Target } from './fields.ts';
import type { Mapping, Source, Step } from './mapping.ts';
import type { Reason } from './messages.ts';
import type { Row } from './readers.ts';
import { alike, type Value } from './values.ts';

export type Values = Record<string, Value>;

/** A cell that points to another row: found later, many at once. */
export type Pointer = {
	field: string;
	column: string;
	target: Target;
	by: 'key' | 'name';
	text: string;
	/** Whether what is found is for new rows only. */
	fallback: boolean;
};

/** A row on its way to become a record: what its cells say, field by field. */
export type Draft = {
	row: Row;
	/** External refs by which the record may be known, the best first. */
	refs: string[];
	/** What the file says; an empty cell says nothing. */
	given: Values;
	/** What a new record gets where the file says nothing. */
	fallback: Values;
	pointers: Pointer[];
	reasons: Reason[];
};

/** A step of a mapping together with the file that it reads. */
export type Reading = { mapping: Mapping; step: Step; columns: PlannedFile['columns'] };

const KEY_LIMIT = 300;

/** The external ref under which a mapping feeds `key` into `noun`. */
export function refOf(mapping: Mapping, noun: string, key: string): string {
	return `${mapping.source}/${noun}:${key}`;
}

/** Reads a row; what is wrong with its cells is collected in `reasons`. Without a key, `refs` is empty. */
export function draftOf(row: Row, reading: Reading): Draft {
	const { step } = reading;
	const draft: Draft = {
		row,
		refs: refsOf(row, reading),
		given: {},
		fallback: {},
		pointers: [],
		reasons: [],
	};
	if (draft.refs.some((ref) => ref.length > KEY_LIMIT))
		draft.reasons.push({ key: 'row.longKey', args: { limit: KEY_LIMIT } });
	for (const [name, source] of Object.entries(step.fields)) {
		const field = fieldOf(step.feeds, name);
		if (field) fill(draft, name, field, source, textOf(row, source, reading));
	}
	return draft;
}

/** What the cell of a column says: other spellings brought to one, empty where there is no such column. */
export function cell(row: Row, column: string, { mapping, columns }: Reading): string {
	const header = columns.get(alike(column));
	const text = header === undefined ? '' : (row.cells[header] ?? '').trim();
	return known(mapping.aliases[column] ?? {}, text);
}

function known(spellings: Record<string, string>, text: string): string {
	const spelling = Object.keys(spellings).find((spelling) => alike(spelling) === alike(text));
	return spelling === undefined ? text : (spellings[spelling] ?? text);
}

function refsOf(row: Row, reading: Reading): string[] {
	const { mapping, step } = reading;
	return step.key.flatMap((columns) => {
		const parts = columns.map((column) => cell(row, column, reading).replace(/\s+/g, ' '));
		return parts.includes('') ? [] : [refOf(mapping, step.feeds, parts.join(' · '))];
	});
}

function textOf(row: Row, source: Source, reading: Reading): string {
	if (source.column === undefined) return '';
	const text = known(source.values, cell(row, source.column, reading));
	return text === '' ? '' : source.prefix + text;
}

function fill(draft: Draft, name: string, field: Field, source: Source, typed: string): void {
	const fallback = typed === '';
	const text = fallback ? (source.default ?? '') : typed;
	if (text === '') return;
	const column = source.column ?? name;
	if ('find' in field) {
		const by = field.find === 'stages' || field.find === 'lossReasons' ? 'name' : source.find;
		draft.pointers.push({ field: name, column, target: field.find, by, text, fallback });
		return;
	}
	const reading = field.read(text);
	if ('reason' in reading) draft.reasons.push({ column, ...reading.reason });
	else draft[fallback ? 'fallback' : 'given'][name] = reading.value;
}
