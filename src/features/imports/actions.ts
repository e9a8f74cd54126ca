import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { listPipelines } from '#src/features/deals/queries.ts';
import { FEED_COLUMNS, feedsFor, isFed } from '#src/features/imports/columns/columns.ts';
import {
	insteadOf,
	KEPT,
	listSubstitutes,
	listUnknownNames,
	NOTHING,
} from '#src/features/imports/columns/instead.ts';
import { FileFault, sentence } from '#src/features/imports/console/messages.ts';
import {
	type Look,
	lookAt,
	storedCells,
	storeFile,
	withStoredFile,
} from '#src/features/imports/files/spool.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Conflict, Forbidden, InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { extraNames } from './extra-fields.ts';
import { findImportToEdit, type ImportRecord } from './queries.ts';
import type { AskedReading, Choice, Feeds, ImportStatus } from './tables.ts';

/** A file that lies on this machine while its request lasts. */
export type NewImport = {
	feeds: Feeds;
	path: string;
	fileName: string;
	bytes: number;
	reading: AskedReading;
};

/**
 * Takes a file in: it goes to the database, nothing of it is brought in yet. Returns the import's id. Throws
 * Forbidden for a noun that is not the actor's to bring in, RuleBroken for a file that is no table.
 */
export async function receiveImport(
	sqlOrTx: Sql,
	acting: Acting,
	{ feeds, path, fileName, bytes, reading }: NewImport,
): Promise<number> {
	const { actor } = acting;
	if (!feedsFor(actor).includes(feeds)) throw new Forbidden('error.forbidden');
	const look = await looked(acting, () => lookAt(path, reading));
	return await transact(sqlOrTx, async (tx) => {
		const { rows } = await tx.execute<{ id: number }>(sql`
			insert into imports (owner_id, feeds, file_name, kind, bytes, reading, headers, fingerprint, created_at)
			values (${actor.id}, ${feeds}, ${fileName}, ${look.kind}, ${bytes}, ${json(look.reading)},
				${json(look.headers)}, ${look.fingerprint}, ${momentOf(acting)}) returning id`);
		const id = rows[0]?.id as number;
		await storeFile(tx, id, path);
		await storeSample(tx, id, look);
		return id;
	});
}

// What is wrong with a file is told in the person's language, in the form that sent it.
async function looked(acting: Acting, look: () => Promise<Look>): Promise<Look> {
	try {
		return await look();
	} catch (error) {
		if (!(error instanceof FileFault)) throw error;
		const { key, args } = error.fault;
		throw new RuleBroken('import.refused', { why: sentence(key, args, acting.actor.language) });
	}
}

async function storeSample(tx: Tx, importId: number, { sample, headers }: Look): Promise<void> {
	await tx.execute(sql`delete from import_rows where import_id = ${importId}`);
	const rows = sample.map((row) => ({ line: row.line, cells: storedCells(row, headers) }));
	await tx.execute(sql`
		insert into import_rows (import_id, line, cells)
		select ${importId}::bigint, line, cells from jsonb_to_recordset(${json(rows)}) as v(line int, cells jsonb)`);
}

const json = (value: unknown) => sql`${JSON.stringify(value)}::jsonb`;

const WAITING: readonly ImportStatus[] = ['mapping', 'checked', 'failed'];

/** Reads the file in another way: encoding, delimiter, line of the headings. Throws like chooseColumns. */
export async function rereadImport(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	reading: AskedReading,
): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		await mine(tx, acting, id, version, WAITING);
		// A large file takes seconds, for which nobody else is kept waiting but by this import.
		const look = await looked(acting, () =>
			withStoredFile(tx, id, (path) => lookAt(path, reading)),
		);
		await storeSample(tx, id, look);
		await tx.execute(sql`
			update imports set reading = ${json(look.reading)}, headers = ${json(look.headers)},
				fingerprint = ${look.fingerprint}, choice = null, status = 'mapping', fault = null,
				rows = null, done_rows = 0, counts = '{}', version = version + 1
			where id = ${id}`);
	});
}

/** Whether the queue does what is ordered, or whoever orders it: never both. */
export type Work = 'queued' | 'by hand';

/**
 * Says what each column is, by what records are known and what happens to known ones; the check begins.
 * Throws NotFound, Conflict for a stale version, RuleBroken when it is under way or done, InvalidForm where a
 * field that is needed has no column.
 */
export async function chooseColumns(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	choice: Choice,
	work: Work = 'queued',
): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		const found = await mine(tx, acting, id, version, WAITING);
		await checkChoice(tx, acting, found, choice);
		await tx.execute(sql`
			update imports set choice = ${json(choice)}, status = 'checking', fault = null, rows = null,
				done_rows = 0, done_line = 0, counts = '{}', worker = null, version = version + 1
			where id = ${id}`);
		if (work === 'queued') await enqueueWork(tx, 'import.check', id);
	});
}

/**
 * Says what stands for the names of an import that nobody has, in their order; it is checked again with them.
 * Throws like chooseColumns, and InvalidForm for what cannot stand there.
 */
export async function putNames(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	values: readonly (string | undefined)[],
): Promise<void> {
	const found = await transact(sqlOrTx, (tx) => mine(tx, acting, id, version, ['checked']));
	if (found.choice === null) throw new RuleBroken('import.notNow');
	const names = await listUnknownNames(sqlOrTx, found);
	const lists = await listSubstitutes(sqlOrTx, acting.actor, names, found.choice.pipeline);
	for (const [at, { field }] of names.entries()) {
		const known = [KEPT, NOTHING, ...(lists[field] ?? []).map(({ value }) => value)];
		if (!known.includes(values[at] ?? ''))
			throw new InvalidForm({ [`n${at}`]: { key: 'field.choice' } }, {});
	}
	const instead = insteadOf(names, values);
	await chooseColumns(sqlOrTx, acting, id, version, { ...found.choice, instead });
}

async function checkChoice(
	tx: Tx,
	{ actor: { language } }: Acting,
	{ feeds, headers }: ImportRecord,
	choice: Choice,
): Promise<void> {
	const { fields, ways, known } = FEED_COLUMNS[feeds];
	const extra = (await extraNames(tx, feeds)).map(({ field }) => field);
	const chosen = choice.fields.filter((field) => field !== '');
	const many = new Set(fields.filter((one) => one.many).map(({ field }) => field));
	const unknown = chosen.some(
		(field) => !extra.includes(field) && !fields.some((one) => one.field === field),
	);
	const fits = choice.fields.length === headers.length && ways.includes(choice.way);
	if (unknown || !fits || !known.includes(choice.known))
		throw new InvalidForm({ way: { key: 'field.choice' } }, {});
	if (choice.pipeline !== undefined) await checkPipeline(tx, choice.pipeline);
	const twice = chosen.find((field, at) => !many.has(field) && chosen.indexOf(field) !== at);
	const missing = fields.find(({ required, field }) => required && !isFed(field, fields, chosen));
	const named = (field: string) => {
		const label = fields.find((one) => one.field === field)?.label;
		return label ? translate(language, label) : field;
	};
	if (missing) throw new RuleBroken('import.columnMissing', { field: named(missing.field) });
	if (twice) throw new RuleBroken('import.columnTwice', { field: named(twice) });
}

async function checkPipeline(tx: Tx, name: string): Promise<void> {
	if (!(await listPipelines(tx)).some((pipeline) => pipeline.name === name))
		throw new InvalidForm({ pipeline: { key: 'field.choice' } }, {});
}

/** Begins to bring in what was checked. Throws like chooseColumns. */
export async function startImport(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	work: Work = 'queued',
): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		await mine(tx, acting, id, version, ['checked']);
		await tx.execute(sql`
			update imports set status = 'running', done_rows = 0, done_line = 0, counts = '{}', worker = null,
				started_at = ${momentOf(acting)}, version = version + 1
			where id = ${id}`);
		if (work === 'queued') await enqueueWork(tx, 'import.run', id);
	});
}

/**
 * Stops what is under way: a check at once, an import after the rows that it is at. What is in stays in, and
 * can be undone. Throws like chooseColumns.
 */
export async function cancelImport(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
): Promise<ImportStatus> {
	return await transact(sqlOrTx, async (tx) => {
		const { status } = await mine(tx, acting, id, version, ['checking', 'running']);
		const next = status === 'checking' ? 'mapping' : 'cancelling';
		await tx.execute(sql`
			update imports set status = ${next}, version = version + 1,
				worker = case when ${next === 'mapping'} then null else worker end
			where id = ${id}`);
		if (next === 'cancelling') await enqueueWork(tx, 'import.run', id);
		return next;
	});
}

/** Begins to take back what an import has done, as far as nobody has touched it since. Throws like chooseColumns. */
export async function undoImport(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		await mine(tx, acting, id, version, ['done', 'cancelled']);
		await tx.execute(sql`
			update imports set status = 'undoing', done_rows = 0, worker = null, version = version + 1
			where id = ${id}`);
		await enqueueWork(tx, 'import.undo', id);
	});
}

/** Throws a file away of which nothing was brought in. Throws like chooseColumns. */
export async function removeImport(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		const { fileName } = await mine(tx, acting, id, version, WAITING);
		await tx.execute(sql`delete from imports where id = ${id}`);
		await record(tx, acting, { type: 'import.removed', data: { importId: id, file: fileName } });
	});
}

// Administrators see all imports and may stop or undo them; whose rights count is the owner's all the same.
async function mine(
	tx: Tx,
	{ actor }: Acting,
	id: number,
	version: number,
	statuses: readonly ImportStatus[],
): Promise<ImportRecord> {
	const found = await findImportToEdit(tx, actor, id);
	if (found.version !== version) throw new Conflict({ version: found.version, at: null, by: null });
	if (!statuses.includes(found.status)) throw new RuleBroken('import.notNow');
	return found;
}

// One after the other, whoever orders them: two imports at once would fight for the same clients.
async function enqueueWork(tx: Tx, task: string, id: number): Promise<void> {
	await enqueue(tx, task, { id }, { key: `import:${id}`, queue: 'imports', attempts: 8 });
}
