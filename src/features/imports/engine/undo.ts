import { sql } from 'drizzle-orm';
import { NOUNS, type NounName } from '#src/features/imports/columns/fields.ts';
import { type Course, courseOf } from '#src/features/imports/nouns/course.ts';
import type { Change, Context, Existing, Stored } from '#src/features/imports/nouns/noun.ts';
import { type ImportRecord, importOfWorker } from '#src/features/imports/queries.ts';
import type { RowResult } from '#src/features/imports/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { LOCKS } from '#src/platform/db/locks.ts';
import { record } from '#src/platform/history/record.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import type { TaskSetting } from '#src/platform/jobs/task.ts';
import { WORK } from './steps.ts';
import { BATCH, breathe, takeImport } from './work.ts';

const SLICE_MS = 10_000;

/** A record that an import has made or changed, and has not been looked at yet. */
type Left = {
	line: number;
	step: number;
	noun: NounName;
	recordId: number;
	created: boolean;
	changes: NonNullable<RowResult['changes']>;
	/** Changed by the import that made it: it goes as a whole. */
	own: boolean;
};

/** Why something stays as it is. */
type Kept = 'touched' | 'inUse' | 'noUndo';
type Verdict = 'removed' | 'restored' | 'own' | Kept;

/**
 * Takes back what an import has done, the last record first: what it made is removed if nobody has touched it
 * since and nothing hangs on it, what it changed is changed back field by field where it still says the
 * same. What stays is noted with the reason. Killed, it goes on where it was.
 */
export async function undoRows(setting: TaskSetting, id: number): Promise<void> {
	const { db } = setting.connection;
	const taken = await takeImport(db, id, ['undoing']);
	if (taken === null) return;
	const until = Date.now() + SLICE_MS;
	for (;;) {
		const goesOn = await db.transaction((tx) => undoBatch(tx, setting, id, taken.worker));
		if (!goesOn) return;
		await breathe();
		if (setting.signal.aborted || Date.now() > until) break;
	}
	await enqueue(db, 'import.undo', { id }, { key: `import:${id}`, queue: 'imports', attempts: 8 });
}

async function undoBatch(
	tx: Tx,
	setting: TaskSetting,
	id: number,
	worker: string,
): Promise<boolean> {
	const found = await importOfWorker(tx, id, worker, true);
	if (found === null) return false;
	await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.imports})`);
	const left = await nextLeft(tx, id);
	const noun = left[0]?.noun;
	if (noun === undefined) {
		await finish(tx, setting, found);
		return false;
	}
	const verdicts = new Map<Left, Verdict>();
	const created = left.filter((one) => one.created);
	const updated = left.filter((one) => !one.created && !one.own);
	for (const one of left) if (one.own) verdicts.set(one, 'own');
	await undoUpdates(tx, setting, found, noun, updated, verdicts);
	await removeCreated(tx, found, noun, created, verdicts);
	const noted = [...verdicts].map(([{ line, step }, undone]) => ({ line, step, undone }));
	await tx.execute(sql`
		update import_records r set undone = v.undone
		from jsonb_to_recordset(${JSON.stringify(noted)}::jsonb) as v(line int, step smallint, undone text)
		where r.import_id = ${id} and r.line = v.line and r.step = v.step`);
	await tx.execute(sql`update imports set done_rows = done_rows + ${left.length} where id = ${id}`);
	return true;
}

// Of one noun at a time, the last noun first: what leans on others goes before them.
async function nextLeft(tx: Sql, id: number): Promise<Left[]> {
	const { rows } = await tx.execute<Left>(sql`
		with left_over as (
			select r.*, array_position(${sql.param(NOUNS)}::text[], r.noun) as place from import_records r
			where r.import_id = ${id} and r.undone is null
		)
		select line, step, noun, record_id as "recordId", created, changes, not created and exists (
			select from import_records m where m.import_id = ${id} and m.noun = left_over.noun
				and m.record_id = left_over.record_id and m.created) as own from left_over
		where place = (select max(place) from left_over)
		order by created, line desc, step desc limit ${BATCH}`);
	return rows;
}

async function undoUpdates(
	tx: Tx,
	{ now }: TaskSetting,
	{ ownerId }: ImportRecord,
	noun: NounName,
	updated: Left[],
	verdicts: Map<Left, Verdict>,
): Promise<void> {
	if (updated.length === 0) return;
	const work = WORK[noun];
	const wanted = {
		...{ ids: [...new Set(updated.map(({ recordId }) => recordId))], refs: [], keys: [] },
		...{ actor: null, lock: true },
	};
	const existing = new Map((await work.load(tx, wanted)).map((was) => [was.id, was]));
	const course = noun === 'deals' ? await courseOf(tx, null, null) : null;
	const changes = new Map<number, Change>();
	for (const one of updated) {
		const was = existing.get(one.recordId);
		const back =
			was &&
			!was.shut &&
			restored(changes.get(was.id)?.values ?? was.values, still(one.changes, course));
		verdicts.set(one, back ? 'restored' : was ? 'touched' : 'noUndo');
		if (was && back) changes.set(was.id, changeBack(was, back));
	}
	if (changes.size === 0) return;
	const by = { actorId: ownerId, door: 'import' as const, now: now() };
	const context: Context = { by, timeZone: 'UTC', course, actor: null };
	await work.update(tx, context, [...changes.values()]);
}

// A state that has been taken away meanwhile takes no deal back.
function still(changes: Left['changes'], course: Course | null): Left['changes'] {
	const before = changes.stage?.[0];
	if (!course || before === undefined) return changes;
	if (course.stages.get(Number(before))?.gone === false) return changes;
	const { stage: _, ...rest } = changes;
	return rest;
}

/** The values with those fields as they were that still say what the import made of them; null if none does. */
function restored(values: Stored, changes: Left['changes']): Stored | null {
	const back = Object.entries(changes).filter(([field, [, to]]) => (values[field] ?? null) === to);
	if (back.length === 0) return null;
	return {
		...values,
		...Object.fromEntries(back.map(([field, [from]]) => [field, from as Stored[string]])),
	};
}

function changeBack(was: Existing, values: Stored): Change {
	const changes = Object.fromEntries(
		Object.entries(values)
			.filter(([field, value]) => (was.values[field] ?? null) !== value)
			.map(([field, value]) => [
				field,
				[was.values[field] ?? null, value] as Left['changes'][string],
			]),
	);
	return { id: was.id, was, values, changes };
}

async function removeCreated(
	tx: Tx,
	found: ImportRecord,
	noun: NounName,
	created: Left[],
	verdicts: Map<Left, Verdict>,
): Promise<void> {
	const remove = WORK[noun].remove;
	const touched = await touchedSince(tx, found, noun, created);
	const free = created.filter(({ recordId }) => !touched.has(recordId));
	const removed = new Set(
		remove && free.length > 0
			? await remove(
					tx,
					free.map(({ recordId }) => recordId),
				)
			: [],
	);
	for (const one of created) {
		const kept: Kept =
			remove === undefined ? 'noUndo' : touched.has(one.recordId) ? 'touched' : 'inUse';
		verdicts.set(one, removed.has(one.recordId) ? 'removed' : kept);
	}
}

const ABOUT: Partial<Record<NounName, ReturnType<typeof sql>>> = {
	clients: sql`e.client_id = v.id`,
	contacts: sql`e.client_id = (select client_id from contacts where id = v.id)
		and e.noun = 'contact' and e.record_id = v.id`,
	deals: sql`e.deal_id = v.id`,
};

// Whatever anybody does to a record leaves an event; those of the import itself do not count.
async function touchedSince(
	tx: Sql,
	{ ownerId, startedAt, finishedAt }: ImportRecord,
	noun: NounName,
	created: Left[],
): Promise<Set<number>> {
	const about = ABOUT[noun];
	if (about === undefined || created.length === 0) return new Set();
	const ids = created.map(({ recordId }) => recordId);
	const { rows } = await tx.execute<{ id: number }>(sql`
		select v.id from unnest(${sql.param(ids)}::bigint[]) v(id)
		where exists (select from events e where ${about} and not (
			e.door = 'import' and e.actor_id = ${ownerId}
			and e.at between ${startedAt} and ${finishedAt ?? startedAt}::timestamptz + interval '1 minute'))`);
	return new Set(rows.map(({ id }) => Number(id)));
}

async function finish(tx: Tx, { now }: TaskSetting, found: ImportRecord): Promise<void> {
	const { id, ownerId, fileName } = found;
	const { rows } = await tx.execute<{ undone: Verdict; count: number }>(sql`
		select undone, count(*)::int as count from import_records where import_id = ${id} group by undone`);
	const count = (verdict: Verdict) => rows.find(({ undone }) => undone === verdict)?.count ?? 0;
	const undone = {
		removed: count('removed'),
		restored: count('restored'),
		kept: count('touched') + count('inUse') + count('noUndo'),
	};
	await tx.execute(sql`
		update imports set status = 'undone', undone = ${JSON.stringify(undone)}::jsonb, worker = null
		where id = ${id}`);
	const by = { actorId: ownerId, door: 'import' as const, now: now() };
	await record(tx, by, {
		type: 'import.undone',
		data: { importId: id, file: fileName, ...undone },
	});
}
