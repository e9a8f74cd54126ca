import { type SQL, sql } from 'drizzle-orm';
import { type Actor, can } from '#src/features/access/rights.ts';
import type { Fault, Reason } from '#src/features/imports/console/messages.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import {
	type Choice,
	type Counts,
	DOUBTFUL,
	type Feeds,
	type ImportStatus,
	type Reading,
	type RowChoice,
	type RowResult,
	type RowVerdict,
	type Undone,
} from './tables.ts';

/** An import as its page and its jobs know it. */
export type ImportRecord = {
	id: number;
	ownerId: number;
	ownerName: string;
	ownerLogin: string;
	feeds: Feeds;
	fileName: string;
	kind: 'csv' | 'xlsx';
	bytes: number;
	status: ImportStatus;
	reading: Reading;
	headers: string[];
	fingerprint: string;
	choice: Choice | null;
	fault: Fault | null;
	rows: number | null;
	doneRows: number;
	doneLine: number;
	counts: Counts;
	undone: Undone | null;
	version: number;
	createdAt: Date;
	startedAt: Date | null;
	finishedAt: Date | null;
};

const COLUMNS = sql`i.id, i.owner_id as "ownerId", p.name as "ownerName", p.login as "ownerLogin", i.feeds,
	i.file_name as "fileName", i.kind, i.bytes, i.status, i.reading, i.headers, i.fingerprint, i.choice, i.fault,
	i.rows, i.done_rows as "doneRows", i.done_line as "doneLine", i.counts, i.undone, i.version,
	i.created_at as "createdAt", i.started_at as "startedAt", i.finished_at as "finishedAt"`;

/** Whose imports an actor sees: their own; administrators all. */
const importVisibleTo = (actor: Actor): SQL =>
	can(actor, 'imports.all') ? sql`true` : sql`i.owner_id = ${actor.id}`;

/** An import that the actor may see. Throws NotFound for any other. */
export async function findImport(db: Sql, actor: Actor, id: number): Promise<ImportRecord> {
	const { rows } = await db.execute<ImportRecord>(sql`
		select ${COLUMNS} from imports i join people p on p.id = i.owner_id
		where i.id = ${id} and ${importVisibleTo(actor)}`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** An import that the actor may see, locked for the rest of the transaction. Throws NotFound. */
export async function findImportToEdit(tx: Sql, actor: Actor, id: number): Promise<ImportRecord> {
	await tx.execute(sql`select from imports where id = ${id} for update`);
	return await findImport(tx, actor, id);
}

/** An import for the job that works on it, which has taken it under this name; null when another one has. */
export async function importOfWorker(
	db: Sql,
	id: number,
	worker: string,
	lock = false,
): Promise<ImportRecord | null> {
	const { rows } = await db.execute<ImportRecord>(sql`
		select ${COLUMNS} from imports i join people p on p.id = i.owner_id
		where i.id = ${id} and i.worker = ${worker} ${lock ? sql`for update of i` : sql``}`);
	return rows[0] ?? null;
}

export const IMPORTS_SHOWN = 50;

/** The imports that an actor sees, the newest first, from behind an id; one more than are shown. */
export async function listImports(
	db: Sql,
	actor: Actor,
	before: number | null,
): Promise<ImportRecord[]> {
	const { rows } = await db.execute<ImportRecord>(sql`
		select ${COLUMNS} from imports i join people p on p.id = i.owner_id
		where ${importVisibleTo(actor)} and ${before === null ? sql`true` : sql`i.id < ${before}`}
		order by i.id desc limit ${IMPORTS_SHOWN + 1}`);
	return rows;
}

/** What was chosen last for a file of this shape: by the person, or else by anybody. */
export async function rememberedChoice(
	db: Sql,
	actor: Actor,
	fingerprint: string,
	feeds: Feeds,
): Promise<Choice | null> {
	const { rows } = await db.execute<{ choice: Choice }>(sql`
		select choice from imports where fingerprint = ${fingerprint} and feeds = ${feeds} and choice is not null
		order by (owner_id = ${actor.id}) desc, id desc limit 1`);
	return rows[0]?.choice ?? null;
}

/** A row of a file and what becomes of it. */
export type ImportRow = {
	line: number;
	cells: string[];
	verdict: RowVerdict | null;
	reasons: Reason[];
	results: RowResult[];
};

export type RowsQuery = { verdict: RowChoice | null; after: number; limit: number };

/** Rows of an import from behind a line, in their order; of one verdict or of all. */
export async function listRows(
	db: Sql,
	importId: number,
	{ verdict, after, limit }: RowsQuery,
): Promise<ImportRow[]> {
	const { rows } = await db.execute<ImportRow>(sql`
		select line, cells, verdict, reasons, results from import_rows
		where import_id = ${importId} and line > ${after}
			and ${verdict === null ? sql`true` : chosen(verdict)}
		order by line limit ${limit}`);
	return rows;
}

const chosen = (rows: RowChoice): SQL =>
	rows === DOUBTFUL
		? sql`verdict <> 'rejected' and jsonb_path_exists(results, '$[*] ? (exists(@.doubts) || exists(@.notices))')`
		: sql`verdict = ${rows}`;

/** Why a record stays although its import was undone. */
export type KeptRecord = {
	line: number;
	noun: string;
	recordId: number;
	name: string;
	why: 'touched' | 'inUse' | 'noUndo';
};

/** What stayed when an import was undone, in the order of the file. */
export async function listKept(db: Sql, importId: number, limit: number): Promise<KeptRecord[]> {
	const { rows } = await db.execute<KeptRecord>(sql`
		select k.line, k.noun, k.record_id as "recordId", k.undone as why, coalesce((
			select result->>'name' from jsonb_array_elements(r.results) result
			where (result->>'step')::int = k.step), '') as name
		from import_records k join import_rows r on r.import_id = k.import_id and r.line = k.line
		where k.import_id = ${importId} and k.undone in ('touched', 'inUse', 'noUndo')
		order by k.line, k.step limit ${limit}`);
	return rows.map((row) => ({ ...row, recordId: Number(row.recordId) }));
}

/** Names of what the changes of rows point at, by noun and id. */
export async function namesOf(
	db: Sql,
	ids: Record<'people' | 'clients' | 'stages' | 'lossReasons' | 'products', number[]>,
): Promise<Map<string, string>> {
	const named = (table: SQL, noun: string, wanted: number[]) => sql`
		select ${noun} || ' ' || id as key, name from ${table} where id = any(${sql.param(wanted)}::bigint[])`;
	const { rows } = await db.execute<{ key: string; name: string }>(sql`
		${named(sql`people`, 'people', ids.people)} union all ${named(sql`clients`, 'clients', ids.clients)}
		union all ${named(sql`stages`, 'stages', ids.stages)}
		union all ${named(sql`loss_reasons`, 'lossReasons', ids.lossReasons)}
		union all ${named(sql`products`, 'products', ids.products)}`);
	return new Map(rows.map(({ key, name }) => [key, name]));
}
