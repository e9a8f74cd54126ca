import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { MappingFault } from '#src/features/imports/console/messages.ts';
import type { Known, Way } from '#src/features/imports/tables.ts';
import { FIELDS, fieldOf, NOUNS, type NounName } from './fields.ts';

/**
 * A mapping says which columns of which files feed which fields. It is a JSON file; those in mappings/ are
 * shipped and described in mappings/README.md, and one's own is named by --mapping.
 *
 *   {
 *     "name": "Наша старая программа",           shown at the console
 *     "source": "old",                           prefix of external refs: old/clients:1042
 *     "headers": { "Контрагент": "Клиент" },     other headings for the same column
 *     "aliases": { "Товар": { "GTXPro": "GTX Pro" } },   other spellings of the same value, by column
 *     "joined": { "ФИО": ["Фамилия", "Имя", "Отчество"] },   a column put together of several
 *     "files": [{
 *       "file": "deals*",                        pattern for the name, without its ending; * is anything
 *       "needs": ["Интерес"],                    columns by which the file is known, beside those of keys
 *       "steps": [{                              one row can feed several nouns, in this order
 *         "feeds": "deals",
 *         "key": ["№", ["Клиент", "Интерес"]],   what a row is known by: the first of these that is filled in
 *         "fields": {
 *           "title": "Интерес",                                      the column as it is
 *           "stage": { "column": "Этап", "values": { "Won": "Завершено успешно" } },
 *           "client": { "column": "Клиент", "find": "name", "mayBeEmpty": true },
 *           "currency": { "default": "RUB" }                         for new rows that have none
 *         }
 *       }]
 *     }]
 *   }
 *
 * Beside these, a step may have "repeats": true (many rows, one record: a manager in every line of his
 * team; empty ones are passed over), "sameName": "adopt" (a record with this name that is already there is the
 * same one), and deals "pipeline" (by its name) and "startsIn" (the state in which finished deals began).
 * A field may have "prefix" (put before the text), "more" (further columns of phones, mails and tags) and
 * "find": "key" (the usual: what the cell names was fed by this mapping under that key), "name" (whoever
 * brought it; people by login and mail too), "inn", or "row" (what an earlier step made of this very row).
 * An empty cell and an absent column never change what a record has.
 */
export type Mapping = {
	name: string;
	source: string;
	headers: Record<string, string>;
	aliases: Record<string, Record<string, string>>;
	/** Columns that are not in the file but are put together of some that are, a space between. */
	joined: Record<string, string[]>;
	files: FileEntry[];
};

export type FileEntry = { file: string; needs: string[]; steps: Step[] };

export type Step = {
	feeds: NounName;
	/** Alternatives, the best first; each is one column or several together. */
	key: string[][];
	/** What each alternative knows a record by; an external ref where nothing is said. */
	ways: Way[];
	/** What happens to a record that is known. */
	known: Known;
	repeats: boolean;
	adopts: boolean;
	pipeline: string | null;
	startsIn: string | null;
	fields: Record<string, Source>;
};

export type Source = {
	column?: string;
	/** Further columns of a field that holds several values. */
	more: string[];
	values: Record<string, string>;
	prefix: string;
	/** `row`: the record of that noun which an earlier step made of the same row. */
	find: 'key' | 'name' | 'inn' | 'row';
	mayBeEmpty: boolean;
	default?: string;
};

type Json = Record<string, unknown>;
/** Collects faults, each with the place where it stands. */
type Faults = string[];

/** Reads a mapping from a file. Throws MappingFault with all that is wrong with it. */
export async function readMapping(path: string): Promise<Mapping> {
	const file = basename(path);
	const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
		throw new MappingFault('mapping.absent', { file, code: error.code ?? '' });
	});
	let json: unknown;
	try {
		json = JSON.parse(text.replace(/^\ufeff/, ''));
	} catch (error) {
		throw new MappingFault('mapping.notJson', { file, reason: (error as Error).message });
	}
	return checkMapping(json, file);
}

/** Checks the shape of a mapping; `file` names it in what is thrown: MappingFault, a line per fault. */
export function checkMapping(json: unknown, file: string): Mapping {
	const faults: Faults = [];
	const top = object(json, 'сопоставление', faults);
	only(top, ['name', 'source', 'headers', 'aliases', 'joined', 'files', '$comment'], '', faults);
	const mapping: Mapping = {
		name: text(top.name, 'name', faults),
		source: text(top.source, 'source', faults),
		headers: texts(top.headers, 'headers', faults),
		aliases: Object.fromEntries(
			Object.entries(object(top.aliases ?? {}, 'aliases', faults)).map(([column, values]) => [
				column,
				texts(values, `aliases.${column}`, faults),
			]),
		),
		joined: Object.fromEntries(
			Object.entries(object(top.joined ?? {}, 'joined', faults)).map(([column, parts]) => [
				column,
				list(parts, `joined.${column}`, faults).map((part, i) =>
					text(part, `joined.${column}[${i}]`, faults),
				),
			]),
		),
		files: list(top.files, 'files', faults).map((entry, i) =>
			fileEntry(entry, `files[${i}]`, faults),
		),
	};
	if (!/^[a-z0-9-]{1,40}$/.test(mapping.source))
		faults.push('source: латинские строчные буквы, цифры и дефис');
	if (faults.length > 0)
		throw new MappingFault('mapping.wrong', { file, faults: faults.join('\n') });
	return mapping;
}

function fileEntry(json: unknown, at: string, faults: Faults): FileEntry {
	const entry = object(json, at, faults);
	only(entry, ['file', 'needs', 'steps'], at, faults);
	return {
		file: text(entry.file, `${at}.file`, faults),
		needs: list(entry.needs ?? [], `${at}.needs`, faults, 0).map((column, i) =>
			text(column, `${at}.needs[${i}]`, faults),
		),
		steps: list(entry.steps, `${at}.steps`, faults).map((step, i) =>
			stepOf(step, `${at}.steps[${i}]`, faults),
		),
	};
}

const STEP = ['feeds', 'key', 'repeats', 'sameName', 'pipeline', 'startsIn', 'fields'];

function stepOf(json: unknown, at: string, faults: Faults): Step {
	const step = object(json, at, faults);
	only(step, STEP, at, faults);
	const feeds = NOUNS.find((noun) => noun === step.feeds);
	if (!feeds) faults.push(`${at}.feeds: одно из ${NOUNS.join(', ')}`);
	if (![undefined, 'adopt'].includes(step.sameName as string | undefined))
		faults.push(`${at}.sameName: может быть только "adopt"`);
	const fields = Object.entries(object(step.fields, `${at}.fields`, faults));
	return {
		feeds: feeds ?? 'deals',
		key: keyOf(step.key, `${at}.key`, faults),
		ways: [],
		known: 'update',
		repeats: flag(step.repeats, `${at}.repeats`, faults),
		adopts: step.sameName === 'adopt',
		pipeline: optional(step.pipeline, `${at}.pipeline`, faults),
		startsIn: optional(step.startsIn, `${at}.startsIn`, faults),
		fields: Object.fromEntries(
			fields.map(([name, source]) => {
				if (feeds && !fieldOf(feeds, name))
					faults.push(
						`${at}.fields.${name}: у ${feeds} есть только ${Object.keys(FIELDS[feeds]).join(', ')}`,
					);
				return [name, sourceOf(source, `${at}.fields.${name}`, faults)];
			}),
		),
	};
}

function keyOf(json: unknown, at: string, faults: Faults): string[][] {
	const alternatives = Array.isArray(json) ? json : [json];
	if (alternatives.length === 0) faults.push(`${at}: не назван ни один столбец`);
	return alternatives.map((columns, i) =>
		(Array.isArray(columns) ? columns : [columns]).map((column) =>
			text(column, `${at}[${i}]`, faults),
		),
	);
}

const SOURCE = ['column', 'more', 'values', 'prefix', 'find', 'mayBeEmpty', 'default'];
const FINDS = ['key', 'name', 'inn', 'row'] as const;

function sourceOf(json: unknown, at: string, faults: Faults): Source {
	const source = typeof json === 'string' ? { column: json } : object(json, at, faults);
	only(source, SOURCE, at, faults);
	const { column, default: fallback, find } = source as Json;
	if (column === undefined && fallback === undefined && find !== 'row')
		faults.push(`${at}: нужен "column" или "default"`);
	const found = FINDS.find((one) => one === (find ?? 'key'));
	if (!found) faults.push(`${at}.find: ${FINDS.map((one) => `"${one}"`).join(', ')}`);
	return {
		...(column === undefined ? {} : { column: text(column, `${at}.column`, faults) }),
		...(fallback === undefined ? {} : { default: text(fallback, `${at}.default`, faults) }),
		values: texts((source as Json).values, `${at}.values`, faults),
		prefix: optional((source as Json).prefix, `${at}.prefix`, faults) ?? '',
		more: list((source as Json).more ?? [], `${at}.more`, faults, 0).map((one, i) =>
			text(one, `${at}.more[${i}]`, faults),
		),
		find: found ?? 'key',
		mayBeEmpty: flag((source as Json).mayBeEmpty, `${at}.mayBeEmpty`, faults),
	};
}

function object(json: unknown, at: string, faults: Faults): Json {
	if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Json;
	faults.push(`${at}: ожидается { … }`);
	return {};
}

function list(json: unknown, at: string, faults: Faults, least = 1): unknown[] {
	if (Array.isArray(json) && json.length >= least) return json;
	faults.push(`${at}: ожидается [ … ]${least > 0 ? ', и не пустой' : ''}`);
	return [];
}

function text(json: unknown, at: string, faults: Faults): string {
	if (typeof json === 'string' && json.trim() !== '') return json;
	faults.push(`${at}: ожидается непустой текст в кавычках`);
	return '';
}

function optional(json: unknown, at: string, faults: Faults): string | null {
	return json === undefined ? null : text(json, at, faults);
}

function flag(json: unknown, at: string, faults: Faults): boolean {
	if (json !== undefined && typeof json !== 'boolean') faults.push(`${at}: true или false`);
	return json === true;
}

function texts(json: unknown, at: string, faults: Faults): Record<string, string> {
	const entries = Object.entries(object(json ?? {}, at, faults));
	return Object.fromEntries(
		entries.map(([key, value]) => [key, text(value, `${at}.${key}`, faults)]),
	);
}

function only(json: Json, known: string[], at: string, faults: Faults): void {
	for (const key of Object.keys(json))
		if (!known.includes(key)) faults.push(`${at ? `${at}.` : ''}${key}: такого здесь не бывает`);
}
