import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../drizzle');

/** One file of drizzle/, named by its number and words, and by the moment that the journal gives it. */
export type Migration = {
	name: string;
	at: number;
	hash: string;
	statements: string[];
	/** Marked `-- concurrently`: each statement by itself, outside any transaction, and so that it may run twice. */
	concurrently: boolean;
	/**
	 * Marked `-- contract`: the moment of the migration that a program must know to work on what it leaves; its own, unless
	 * it says since which (`-- contract: 0041`). Null: every earlier program works on.
	 */
	compatibleFrom: number | null;
};

/** Texts that stood under a name before, and left the same behind: 0012 was made faster, 0022 loads its extension first. */
const EARLIER: Record<string, string> = {
	'0012_live': '8f19cf4707e71d866b417ff4ae1a918f672d7c3e809c9e8c441d39bc05b4c239',
	'0022_owned_clients': '0f37b084ecc2b17734da5966a69612693793a47242d611eeba0b165bf20c5b7d',
};

type Entry = { tag: string; when: number };

/** Reads the migrations of a folder, oldest first. */
export function readMigrations(folder = FOLDER): Migration[] {
	const journal = readFileSync(join(folder, 'meta/_journal.json'), 'utf8');
	const { entries } = JSON.parse(journal) as { entries: Entry[] };
	const momentOf = (number: string) =>
		entries.find(({ tag }) => tag.startsWith(`${number}_`))?.when ?? null;
	const read = ({ tag, when }: Entry): Migration => {
		const text = readFileSync(join(folder, `${tag}.sql`), 'utf8');
		const contract = /^-- contract(?:: (\d{4}))?$/m.exec(text);
		return {
			...{ name: tag, at: when },
			hash: createHash('sha256').update(text).digest('hex'),
			statements: text.split('--> statement-breakpoint'),
			concurrently: /^-- concurrently$/m.test(text),
			compatibleFrom: contract && (contract[1] === undefined ? when : momentOf(contract[1])),
		};
	};
	return entries.map(read).toSorted((one, other) => one.at - other.at);
}

let own: Migration[] | undefined;

/** The migrations of this program: they change with it, and are read once. */
export function knownMigrations(): Migration[] {
	own ??= readMigrations();
	return own;
}

/** A row of the database's own list of what was applied. */
export type Applied = { hash: string; at: number; compatibleFrom: number | null };

/** What a database has of the migrations that a program knows. */
export type SchemaState = {
	known: number;
	applied: number;
	/** Not applied yet, oldest first: what comes after all others, and holes among them. */
	missing: Migration[];
	/** Applied in another wording than the program's. */
	changed: string[];
	/** Applied, and unknown to the program; `tooNew` where one of them leaves it nothing to work on. */
	unknown: number;
	tooNew: boolean;
};

/**
 * Compares two sets, file by file: by its text, and where that is not found by its moment. How many there are and which is
 * the last says nothing about the others.
 */
export function compared(known: Migration[], applied: Applied[]): SchemaState {
	const [hashes, moments] = [
		new Set(applied.map(({ hash }) => hash)),
		new Set(known.map(({ at }) => at)),
	];
	const texts = new Set(known.map(({ hash }) => hash));
	const stray = applied.filter(({ hash }) => !texts.has(hash));
	const others = known.filter(({ hash }) => !hashes.has(hash));
	const strayAt = (file: Migration) => stray.filter(({ at }) => at === file.at);
	const changed = others.filter(
		(file) =>
			strayAt(file).length > 0 && !strayAt(file).some(({ hash }) => hash === EARLIER[file.name]),
	);
	const unknown = stray.filter(({ at }) => !moments.has(at));
	return {
		known: known.length,
		applied: known.length - others.filter((file) => strayAt(file).length === 0).length,
		missing: others.filter((file) => strayAt(file).length === 0),
		changed: changed.map(({ name }) => name),
		unknown: unknown.length,
		tooNew: unknown.some(({ compatibleFrom: from }) => from !== null && !moments.has(from)),
	};
}
