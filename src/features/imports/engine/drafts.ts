import type { Field, Target } from '#src/features/imports/columns/fields.ts';
import { joined } from '#src/features/imports/columns/lists.ts';
import type { Mapping, Source, Step } from '#src/features/imports/columns/mapping.ts';
import type { PlannedFile } from '#src/features/imports/console/choice.ts';
import type { Reason } from '#src/features/imports/console/messages.ts';
import type { Row } from '#src/features/imports/files/readers.ts';
import type { Way } from '#src/features/imports/tables.ts';
import { alike, type Value } from './values.ts';

export type Values = Record<string, Value>;

/** A cell that points to another row: found later, many at once. */
export type Pointer = {
	field: string;
	column: string;
	target: Target;
	by: Source['find'];
	text: string;
	/** Whether what is found is for new rows only. */
	fallback: boolean;
	/** Whether its row is taken where nothing is found. */
	spare: boolean;
};

/** A row on its way to become a record: what its cells say, field by field. */
export type Draft = {
	row: Row;
	/** External refs by which the record may be known, the best first. */
	refs: string[];
	/** What it is known by where that is no ref. */
	way: Way | null;
	/** What tells it from the other rows of the file; absent where the row does not say. */
	identity: string | undefined;
	/** What the file says; an empty cell says nothing. */
	given: Values;
	/** What a new record gets where the file says nothing. */
	fallback: Values;
	pointers: Pointer[];
	reasons: Reason[];
	/** What was left out of a row that is taken nevertheless. */
	notices: Reason[];
};

/** A step of a mapping together with the file that it reads, and the fields that its noun has. */
export type Reading = {
	mapping: Mapping;
	step: Step;
	columns: PlannedFile['columns'];
	fields: Readonly<Record<string, Field>>;
};

const KEY_LIMIT = 300;
const CELL_LIMIT = 10_000;

/** The external ref under which a mapping feeds `key` into `noun`. */
export function refOf(mapping: Mapping, noun: string, key: string): string {
	return `${mapping.source}/${noun}:${key}`;
}

/** Reads a row; what is wrong with its cells is collected in `reasons`. Without a key it has no identity. */
export function draftOf(row: Row, reading: Reading): Draft {
	const { step, fields } = reading;
	const draft: Draft = {
		row,
		...keyOf(row, reading),
		given: {},
		fallback: {},
		pointers: [],
		reasons: [],
		notices: [],
	};
	if ([...draft.refs, draft.identity ?? ''].some((ref) => ref.length > KEY_LIMIT))
		draft.reasons.push({ key: 'row.longKey', args: { limit: KEY_LIMIT } });
	for (const [name, source] of Object.entries(step.fields)) {
		const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
		if (field) fill(draft, name, field, source, reading);
	}
	return draft;
}

/** What the cell of a column says: other spellings brought to one, empty where there is no such column. */
export function cell(row: Row, column: string, { mapping, columns }: Reading): string {
	const own = (one: string) => {
		const header = columns.get(alike(one));
		return header === undefined ? '' : (row.cells[header] ?? '').trim();
	};
	const parts = Object.hasOwn(mapping.joined, column) ? mapping.joined[column] : undefined;
	const together = parts
		?.map(own)
		.filter((part) => part !== '')
		.join(' ');
	return known(mapping.aliases[column] ?? {}, together ?? own(column));
}

function known(spellings: Record<string, string>, text: string): string {
	const spelling = Object.keys(spellings).find((spelling) => alike(spelling) === alike(text));
	return spelling === undefined ? text : (spellings[spelling] ?? text);
}

// The refs of all keys that are filled in; or, of a step that knows records otherwise, the first key's.
function keyOf(row: Row, reading: Reading): Pick<Draft, 'refs' | 'way' | 'identity'> {
	const { mapping, step } = reading;
	const keys = step.key.flatMap((columns, at) => {
		const parts = columns.map((column) => cell(row, column, reading).replace(/\s+/g, ' '));
		return parts.includes('') ? [] : [{ text: parts.join(' · '), way: step.ways[at] ?? 'ref' }];
	});
	const [first] = keys;
	if (first === undefined) return { refs: [], way: null, identity: undefined };
	const refs = keys
		.filter(({ way }) => way === 'ref')
		.map(({ text }) => refOf(mapping, step.feeds, text));
	if (first.way === 'ref') return { refs, way: step.adopts ? 'name' : null, identity: refs[0] };
	return { refs: [], way: first.way, identity: `${first.way} ${alike(first.text)}` };
}

function fill(draft: Draft, name: string, field: Field, source: Source, reading: Reading): void {
	const column = source.column ?? name;
	if ('find' in field && source.find === 'row') {
		const { find: target } = field;
		const none = { text: '', fallback: false, spare: false };
		draft.pointers.push({ field: name, column, target, by: 'row', ...none });
		return;
	}
	// By what a row is known it must be right, whatever it feeds.
	const spare = field.spare === true && !reading.step.key.flat().includes(column);
	for (const [at, from] of [source.column, ...source.more].entries()) {
		const typed = from === undefined ? '' : textOf(draft.row, from, source, reading);
		const fallback = typed === '' && at === 0;
		const text = fallback ? (source.default ?? '') : typed;
		if (text !== '')
			put(draft, { name, field, source, column: from ?? name, spare }, text, fallback);
	}
}

function textOf(row: Row, column: string, source: Source, reading: Reading): string {
	const text = known(source.values, cell(row, column, reading));
	return text === '' ? '' : source.prefix + text;
}

type Place = { name: string; field: Field; source: Source; column: string; spare: boolean };

function put(
	draft: Draft,
	{ name, field, source, column, spare }: Place,
	text: string,
	fallback: boolean,
) {
	if ('find' in field) {
		const named = field.find === 'stages' || field.find === 'lossReasons' || field.find === 'kinds';
		const by = named ? 'name' : source.find;
		draft.pointers.push({ field: name, column, target: field.find, by, text, fallback, spare });
		return;
	}
	// What reads cells is made for what people write into them.
	const reading =
		text.length > CELL_LIMIT
			? { reason: { key: 'row.tooLong' as const, args: { limit: CELL_LIMIT } } }
			: field.read(text);
	const wrong = 'reason' in reading ? reading.reason : reading.beside;
	if (wrong) draft[spare ? 'notices' : 'reasons'].push({ column, ...wrong });
	if ('reason' in reading) return;
	const values = draft[fallback ? 'fallback' : 'given'];
	const before = values[name] ?? null;
	const value = field.list ? joined(before, String(reading.value), field.list) : reading.value;
	if (value !== null) values[name] = value;
}
