import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { OURS } from '#src/features/imports/columns/columns.ts';
import { NOUNS } from '#src/features/imports/columns/fields.ts';
import {
	type FileEntry,
	type Mapping,
	readMapping,
} from '#src/features/imports/columns/mapping.ts';
import { recognised } from '#src/features/imports/columns/recognition.ts';
import { alike } from '#src/features/imports/engine/values.ts';
import { readHeaders } from '#src/features/imports/files/readers.ts';
import type { Feeds } from '#src/features/imports/tables.ts';
import { FileFault, MappingFault } from './messages.ts';

const SHIPPED = join(import.meta.dirname, '../mappings');
const TABLE_FILE = /\.(csv|tsv|txt|xlsx)$/i;
const REJECTED_FILE = /\.rejected(\.\d+)?$/i;

/** A file, what it feeds by which mapping, and which of its headings stands for which column of it. */
export type PlannedFile = {
	path: string;
	name: string;
	headers: string[];
	mapping: Mapping;
	entry: FileEntry;
	columns: ReadonlyMap<string, string>;
};

export type Plan = { files: PlannedFile[]; passedOver: string[] };

type Candidate = { path: string; named: boolean; headers: string[] };

/** What the person at the console has said about the files. */
export type Said = {
	/** A mapping of their own. */
	mappingPath?: string | null;
	/** What is in the files, where the headings could mean several nouns. */
	feeds?: Feeds | null;
	/** Who stands for a name in the files: a login, '' for nobody. */
	owners?: Readonly<Record<string, string>>;
	/** The company's own fields. */
	own?: OwnFields;
};
export type OwnFields = Partial<Record<Feeds, { field: string; name: string }[]>>;

/**
 * Decides how each of the files is read, in the order in which they lean on each other. `paths` are files and
 * folders. Without a mapping of one's own the shipped one that fits most files is taken; what it does not fit is
 * recognised by its headings, as in the browser. Throws FileFault and MappingFault; a file in a folder that
 * is nothing of all this is passed over.
 */
export async function planImport(paths: string[], said: Said = {}): Promise<Plan> {
	const { mappingPath = null, feeds = null, own = {}, owners = {} } = said;
	const candidates = await candidatesIn(paths);
	const mappings = mappingPath ? [await readMapping(mappingPath)] : await shippedMappings();
	const plans = mappings.map((mapping) => planFor(withOwners(mapping, owners), candidates));
	const best = plans.reduce((a, b) => (b.files.length > a.files.length ? b : a));
	if (mappingPath === null)
		for (const candidate of candidates.filter(({ path }) => best.passedOver.includes(path))) {
			const mapping = recognised(candidate.headers, { feeds, own });
			if (mapping === null) continue;
			const [file] = planFor(withOwners(mapping, owners), [candidate]).files;
			if (file === undefined) continue;
			best.files.push(file);
			best.passedOver.splice(best.passedOver.indexOf(candidate.path), 1);
		}
	const lacking = candidates.find(({ path, named }) => named && best.passedOver.includes(path));
	const [known] = best.files;
	if (known === undefined && !(mappingPath && lacking)) throw new MappingFault('mapping.none');
	if (lacking) throw noMatch(known?.mapping ?? (mappings[0] as Mapping), lacking);
	return { ...best, files: best.files.sort(byDependency) };
}

function withOwners(mapping: Mapping, owners: Readonly<Record<string, string>>): Mapping {
	const steps = (entry: FileEntry) =>
		entry.steps.map((step) => {
			const { owner } = step.fields;
			if (owner === undefined) return step;
			const values = { ...owner.values, ...owners };
			return { ...step, fields: { ...step.fields, owner: { ...owner, values } } };
		});
	return { ...mapping, files: mapping.files.map((entry) => ({ ...entry, steps: steps(entry) })) };
}

/** The headings of a file that nothing is taken from, our own aside. */
export function leftAside({ headers, entry, mapping, columns }: PlannedFile): string[] {
	const named = entry.steps.flatMap(({ key, fields }) => [
		...key.flat(),
		...Object.entries(fields).flatMap(([name, { column, more }]) => [column ?? name, ...more]),
	]);
	const parts = named.flatMap((column) => mapping.joined[column] ?? [column]);
	const used = new Set(parts.map((column) => columns.get(alike(column))));
	return headers.filter((header) => !used.has(header) && !OURS.includes(header));
}

/** The mappings that come with the program. */
export async function shippedMappings(): Promise<Mapping[]> {
	const files = (await readdir(SHIPPED)).filter((file) => file.endsWith('.json')).sort();
	return Promise.all(files.map((file) => readMapping(join(SHIPPED, file))));
}

async function candidatesIn(paths: string[]): Promise<Candidate[]> {
	const found: Candidate[] = [];
	for (const path of paths) {
		const named = !(await isFolder(path));
		for (const file of named ? [path] : await tablesIn(path))
			if (!found.some((known) => known.path === file))
				found.push({ path: file, named, headers: await headersOf(file) });
	}
	return found;
}

async function isFolder(path: string): Promise<boolean> {
	const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
		throw nameIn(path, new FileFault('file.absent', { code: error.code ?? '' }));
	});
	return found.isDirectory();
}

// What we rejected ourselves comes in again only when the person names it.
async function tablesIn(folder: string): Promise<string[]> {
	const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
		throw nameIn(folder, new FileFault('file.absent', { code: error.code ?? '' }));
	});
	return files
		.filter((file) => TABLE_FILE.test(file) && !/^[~.]/.test(file))
		.filter((file) => !REJECTED_FILE.test(basename(file, extname(file))))
		.sort()
		.map((file) => join(folder, file));
}

async function headersOf(path: string): Promise<string[]> {
	return readHeaders(path).catch((error: unknown) => {
		throw error instanceof FileFault ? nameIn(path, error) : error;
	});
}

/** Puts the name of the file in front of what is wrong with it. */
export function nameIn(path: string, fault: FileFault): FileFault {
	fault.message = `Файл ${basename(path)} не загружен: ${fault.message}.`;
	return fault;
}

function planFor(mapping: Mapping, candidates: Candidate[]): Plan {
	const files: PlannedFile[] = [];
	const passedOver: string[] = [];
	for (const { path, headers } of candidates) {
		const columns = columnsOf(headers, mapping);
		const entry = mapping.files.find((entry) => lacks(entry, path, columns).length === 0);
		if (entry) files.push({ path, name: basename(path), headers, mapping, entry, columns });
		else passedOver.push(path);
	}
	return { files, passedOver };
}

function byDependency(a: PlannedFile, b: PlannedFile): number {
	return rank(a) - rank(b) || a.name.localeCompare(b.name, 'ru');
}

function rank({ entry }: PlannedFile): number {
	return Math.max(...entry.steps.map(({ feeds }) => NOUNS.indexOf(feeds)));
}

function columnsOf(headers: string[], mapping: Mapping): Map<string, string> {
	const columns = new Map(headers.map((header) => [alike(header), header]));
	for (const [column, parts] of Object.entries(mapping.joined))
		if (parts.some((part) => columns.has(alike(part)))) columns.set(alike(column), column);
	for (const [other, column] of Object.entries(mapping.headers)) {
		const header = columns.get(alike(other));
		if (header !== undefined && !columns.has(alike(column))) columns.set(alike(column), header);
	}
	return columns;
}

/** The name of the file without its ending and without our «.rejected». */
export function stem(path: string): string {
	return basename(path, extname(path)).replace(REJECTED_FILE, '');
}

// What a file lacks to be this entry: columns, or its name.
function lacks(entry: FileEntry, path: string, columns: ReadonlyMap<string, string>): string[] {
	const pattern = alike(entry.file)
		.replace(/[\\^$.+?()[\]{}|]/g, '\\$&')
		.replaceAll('*', '.*');
	if (!new RegExp(`^${pattern}$`, 's').test(alike(stem(path)))) return [entry.file];
	const keys = entry.steps
		.filter(({ key }) => !key.some((parts) => parts.every((part) => columns.has(alike(part)))))
		.flatMap(({ key }) => key[0] ?? []);
	return [...new Set([...entry.needs.filter((need) => !columns.has(alike(need))), ...keys])];
}

function noMatch(mapping: Mapping, { path, headers }: Candidate): MappingFault {
	const columns = columnsOf(headers, mapping);
	const wanted = mapping.files.map((entry) => lacks(entry, path, columns));
	const nearest = wanted.reduce((a, b) => (b.length < a.length ? b : a));
	return new MappingFault('mapping.noMatch', {
		file: basename(path),
		mapping: mapping.name,
		columns: nearest.join(', '),
	});
}
