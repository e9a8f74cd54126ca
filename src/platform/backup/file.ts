import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { StartFault } from '#src/platform/start-fault.ts';

/*
 * A backup is one gzip of text that `zcat` shows: a first line that names the format, then for each table a
 * line of JSON, its rows as COPY writes them and `\.`, then the manifest, then the SHA-256 of all before it.
 * Figures and sums stand at the end because they are not known before, and a cut file is told by their absence.
 */

const MAGIC = 'moi-prodazhi-backup 1';
const END_OF_ROWS = Buffer.from('\\.\n');
const LAST_ROW_ENDS = Buffer.from('\n\\.\n');
const NEW_LINE = 0x0a;
/** A line of JSON, such as the manifest, is never longer in a file of ours. */
const MOST_LINE_BYTES = 4 * 1024 * 1024;

const Head = Type.Object({ table: Type.String(), columns: Type.Array(Type.String()) });
const TableFacts = Type.Object({ ...Head.properties, rows: Type.Integer(), sha256: Type.String() });
const ManifestShape = Type.Object({
	takenAt: Type.String(),
	server: Type.String(),
	/** Which migrations had been applied, by the moment that names each. */
	migrations: Type.Array(Type.Integer()),
	/** How many migrations of its own the queue's library had applied. */
	queue: Type.Integer(),
	tables: Type.Array(TableFacts),
	sequences: Type.Array(
		Type.Object({ name: Type.String(), value: Type.String(), called: Type.Boolean() }),
	),
});

/** A table in a backup: its name with schema, as SQL reads it, and its columns. */
export type TableHead = Type.Static<typeof Head>;
/** What a backup says of itself. */
export type Manifest = Type.Static<typeof ManifestShape>;

const json = (value: unknown) => Buffer.from(`${JSON.stringify(value)}\n`);

/** The text of a backup, as `rowsOf` brings the tables; the manifest is asked for when all rows have gone by. */
export async function* backupText(
	tables: TableHead[],
	rowsOf: (table: TableHead) => AsyncIterable<Buffer>,
	manifestOf: (tables: Manifest['tables']) => Manifest,
): AsyncGenerator<Buffer> {
	const whole = createHash('sha256');
	const told = (bytes: Buffer) => {
		whole.update(bytes);
		return bytes;
	};
	yield told(Buffer.from(`${MAGIC}\n`));
	const facts: Manifest['tables'] = [];
	for (const table of tables) {
		yield told(json(table));
		const measured = measure();
		for await (const block of rowsOf(table)) {
			measured.take(block);
			yield told(block);
		}
		facts.push({ ...table, ...measured.facts() });
		yield told(END_OF_ROWS);
	}
	yield told(json({ manifest: manifestOf(facts) }));
	yield json({ sha256: whole.digest('hex') });
}

function measure() {
	const hash = createHash('sha256');
	let rows = 0;
	return {
		take(block: Buffer) {
			hash.update(block);
			// COPY writes a line feed inside a value as two characters, so each one ends a row.
			for (let at = block.indexOf(NEW_LINE); at >= 0; at = block.indexOf(NEW_LINE, at + 1)) rows++;
		},
		facts: () => ({ rows, sha256: hash.digest('hex') }),
	};
}

type Take = (table: TableHead, rows: AsyncGenerator<Buffer>) => Promise<void>;

/**
 * Reads a backup from its beginning to its end, gives each table's rows to `take`, and returns the manifest that all of it agrees with.
 * Throws StartFault with the name of a file that is cut, altered or none of ours; by then `take` may have seen much of it.
 */
export async function readBackup(path: string, take: Take = drain): Promise<Manifest> {
	const name = basename(path);
	const altered = new StartFault(
		`Файл «${name}» изменён или повреждён: контрольные суммы не сходятся. Возьмите другую копию.`,
	);
	const cut = new StartFault(
		`Файл «${name}» обрезан: конца копии в нём нет. Возьмите другую копию.`,
	);
	const file = createReadStream(path);
	const text = file.pipe(createGunzip());
	file.once('error', (error) => text.destroy(error));
	const source = takenApart(text, cut, altered);
	try {
		if ((await source.line()) !== MAGIC)
			throw new StartFault(`Файл «${name}» не похож на резервную копию этой программы.`);
		const facts: Manifest['tables'] = [];
		for (;;) {
			const told = parsed(await source.line(), altered);
			if (Value.Check(Head, told)) {
				const measured = measure();
				await take(told, passing(source.rows(), measured.take));
				facts.push({ ...told, ...measured.facts() });
				continue;
			}
			const { manifest } = told as { manifest?: unknown };
			const sum = source.sum();
			const last = parsed(await source.line(), altered) as { sha256?: unknown };
			if (!Value.Check(ManifestShape, manifest) || last.sha256 !== sum || !(await source.ended()))
				throw altered;
			if (JSON.stringify(manifest.tables) !== JSON.stringify(facts)) throw altered;
			return manifest;
		}
	} catch (error) {
		throw explained(error, name, cut, altered);
	} finally {
		file.destroy();
		text.destroy();
	}
}

const drain: Take = async (_table, rows) => {
	for await (const _ of rows);
};

async function* passing(rows: AsyncGenerator<Buffer>, see: (block: Buffer) => void) {
	for await (const block of rows) {
		see(block);
		yield block;
	}
}

function parsed(line: string, altered: StartFault): object {
	try {
		const told: unknown = JSON.parse(line);
		if (typeof told === 'object' && told !== null) return told;
	} catch {
		// Told below.
	}
	throw altered;
}

function explained(error: unknown, name: string, cut: StartFault, altered: StartFault): unknown {
	const { code = '' } = error as { code?: string };
	if (code === 'Z_BUF_ERROR') return cut;
	if (code === 'Z_DATA_ERROR') {
		const foreign = /incorrect header check/.test((error as Error).message);
		return foreign
			? new StartFault(`Файл «${name}» не похож на резервную копию этой программы.`)
			: altered;
	}
	if (/^E[A-Z]+$/.test(code) && 'path' in (error as object))
		return new StartFault(`Файл «${name}» не читается (${code}).`);
	return error;
}

/** The text in lines of JSON and stretches of rows; `sum` is the SHA-256 of what has been taken so far. */
function takenApart(text: AsyncIterable<Buffer>, cut: StartFault, altered: StartFault) {
	const pieces = text[Symbol.asyncIterator]();
	const hash = createHash('sha256');
	let rest: Buffer = Buffer.alloc(0);
	const more = async (): Promise<boolean> => {
		const { value, done } = await pieces.next();
		if (done) return false;
		rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
		return true;
	};
	const cutOff = (length: number): Buffer => {
		const taken = rest.subarray(0, length);
		hash.update(taken);
		rest = rest.subarray(length);
		return taken;
	};
	return {
		async line(): Promise<string> {
			let end = rest.indexOf(NEW_LINE);
			while (end < 0) {
				if (rest.length > MOST_LINE_BYTES) throw altered;
				if (!(await more())) throw cut;
				end = rest.indexOf(NEW_LINE);
			}
			return cutOff(end + 1)
				.toString('utf8')
				.trimEnd();
		},
		/** All up to `\.` on a line of its own, which no row is: COPY writes a backslash as two. */
		async *rows(): AsyncGenerator<Buffer> {
			while (rest.length < END_OF_ROWS.length) if (!(await more())) throw cut;
			if (!rest.subarray(0, END_OF_ROWS.length).equals(END_OF_ROWS))
				for (;;) {
					const at = rest.indexOf(LAST_ROW_ENDS);
					const end = at < 0 ? rest.length - END_OF_ROWS.length : at + 1;
					if (end > 0) yield cutOff(end);
					if (at >= 0) break;
					if (!(await more())) throw cut;
				}
			cutOff(END_OF_ROWS.length);
		},
		sum: () => hash.copy().digest('hex'),
		ended: async () => rest.length === 0 && !(await more()),
	};
}
