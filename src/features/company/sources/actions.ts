import { eq, type SQL, sql } from 'drizzle-orm';
import { type Acting, demand } from '#src/features/access/rights.ts';
import { replaceInFilters } from '#src/features/saved-filters/renaming.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { holdNameFree } from '#src/platform/db/names.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, NotFound, RuleBroken } from '#src/platform/errors.ts';
import { changesBetween } from '#src/platform/history/changes.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';
import { type SourceKind, sources } from './tables.ts';

/** A word for where clients and deals come from, as an administrator sees it. */
export type SourceRecord = {
	id: number;
	kind: SourceKind;
	name: string;
	active: boolean;
	version: number;
};
/** How many records say a word. */
export type SourceUses = { deals: number; clients: number };

const SOURCES = sql`sources`;

/** All words by kind and name, those out of use too. */
export async function listSourceRecords(db: Sql): Promise<SourceRecord[]> {
	const { rows } = await db.execute<SourceRecord>(
		sql`select id, kind, name, active, version from sources order by kind desc, name, id`,
	);
	return rows;
}

/** One word. Throws NotFound. */
export async function findSource(db: Sql, sourceId: number): Promise<SourceRecord> {
	return await find(db, sourceId, sql``);
}

async function find(db: Sql, sourceId: number, lock: SQL): Promise<SourceRecord> {
	const { rows } = await db.execute<SourceRecord>(
		sql`select id, kind, name, active, version from sources where id = ${sourceId} ${lock}`,
	);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** Locks a source for the rest of the transaction. Throws NotFound. */
export async function lockSource(tx: Tx, sourceId: number): Promise<void> {
	await find(tx, sourceId, sql`for update`);
}

async function findSourceToEdit(
	tx: Tx,
	acting: Acting,
	sourceId: number,
	version: number,
): Promise<SourceRecord> {
	demand(acting, 'catalogs');
	const source = await find(tx, sourceId, sql`for update`);
	if (source.version !== version) throw await conflictOn(tx, 'source', source);
	return source;
}

const says = (column: SQL, name: string) =>
	sql`lower(${column} collate "russian") = lower(${name}::text collate "russian")`;

/** Counts the records that say a word, whatever its case. */
export async function countSourceUses(
	db: Sql,
	{ kind, name }: Pick<SourceRecord, 'kind' | 'name'>,
): Promise<SourceUses> {
	const clients =
		kind === 'source'
			? sql`(select count(*)::int from clients where ${says(sql`source`, name)})`
			: sql`0`;
	const { rows } = await db.execute<SourceUses>(sql`
		select ${clients} as clients, (
			select count(*)::int from deals where ${says(kind === 'source' ? sql`source` : sql`campaign`, name)}
		) as deals`);
	return rows[0] as SourceUses;
}

/** Adds a word before anybody uses it. Returns its id. Throws Forbidden, InvalidForm for one that is there. */
export async function addSource(
	sqlOrTx: Sql,
	acting: Acting,
	{ kind, name }: { kind: SourceKind; name: string },
): Promise<number> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		await holdNameFree(tx, SOURCES, name, null, sql`kind = ${kind}`);
		const [made] = await tx.insert(sources).values({ kind, name }).returning({ id: sources.id });
		const sourceId = made?.id as number;
		await record(tx, acting, { type: 'source.added', data: { sourceId, kind, name } });
		return sourceId;
	});
}

async function change(
	tx: Tx,
	sourceId: number,
	edit: { name: string } | { active: boolean },
): Promise<void> {
	await tx
		.update(sources)
		.set({ ...edit, version: nextVersion(sources.version) })
		.where(eq(sources.id, sourceId));
}

/**
 * Renames a word, in the clients, deals and saved filters that say it too. Returns the version. Throws
 * Forbidden, NotFound, Conflict, InvalidForm for another's name: then one goes into the other.
 */
export async function editSource(
	sqlOrTx: Sql,
	acting: Acting,
	sourceId: number,
	version: number,
	edit: { name: string },
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findSourceToEdit(tx, acting, sourceId, version);
		const { kind } = found;
		await holdNameFree(tx, SOURCES, edit.name, sourceId, sql`kind = ${kind}`);
		const changes = changesBetween(found, edit, ['name']);
		if (changes === null) return version;
		await change(tx, sourceId, edit);
		const uses = await respell(tx, kind, found.name, edit.name);
		await record(tx, acting, {
			type: 'source.edited',
			data: { sourceId, kind, name: found.name, changes, ...uses },
		});
		return version + 1;
	});
}

// The word stands in the records themselves, for an import brings what it likes.
async function respell(tx: Tx, kind: SourceKind, from: string, to: string): Promise<SourceUses> {
	const column = kind === 'source' ? sql`source` : sql`campaign`;
	const changed = async (table: SQL) => {
		const { rowCount } = await tx.execute(sql`
			update ${table} set ${column} = ${to}, version = version + 1
			where ${says(column, from)} and ${column} <> ${to}`);
		return rowCount ?? 0;
	};
	await replaceInFilters(tx, kind, [from, to]);
	return {
		deals: await changed(sql`deals`),
		clients: kind === 'source' ? await changed(sql`clients`) : 0,
	};
}

/** Offers a word, or offers it no more; who says it goes on saying it. Returns it. Throws Forbidden, NotFound, Conflict. */
export async function useSource(
	sqlOrTx: Sql,
	acting: Acting,
	sourceId: number,
	version: number,
	active: boolean,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findSourceToEdit(tx, acting, sourceId, version);
		const { kind, name } = found;
		const changes = changesBetween(found, { active }, ['active']);
		if (changes === null) return name;
		await change(tx, sourceId, { active });
		await record(tx, acting, { type: 'source.edited', data: { sourceId, kind, name, changes } });
		return name;
	});
}

/**
 * Puts a word into another of its kind: who said it says the other. Returns both and how many records that
 * were. Throws Forbidden, NotFound, Conflict, InvalidForm for one that there is not, or itself.
 */
export async function mergeSource(
	sqlOrTx: Sql,
	acting: Acting,
	sourceId: number,
	version: number,
	intoId: number,
): Promise<{ name: string; into: string } & SourceUses> {
	return await transact(sqlOrTx, async (tx) => {
		const { kind, name } = await findSourceToEdit(tx, acting, sourceId, version);
		const { rows } = await tx.execute<{ name: string }>(sql`
			select name from sources where id = ${intoId} and kind = ${kind} and id <> ${sourceId} for update`);
		const into = rows[0]?.name;
		if (into === undefined) throw new InvalidForm({ intoId: { key: 'field.choice' } }, {});
		await tx.delete(sources).where(eq(sources.id, sourceId));
		const told = { name, into, ...(await respell(tx, kind, name, into)) };
		await record(tx, acting, { type: 'source.merged', data: { sourceId, intoId, kind, ...told } });
		return told;
	});
}

/** Takes a word away that nobody says. Returns it. Throws Forbidden, NotFound, Conflict, RuleBroken with the counts. */
export async function removeSource(
	sqlOrTx: Sql,
	acting: Acting,
	sourceId: number,
	version: number,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { kind, name } = await findSourceToEdit(tx, acting, sourceId, version);
		const uses = await countSourceUses(tx, { kind, name });
		if (uses.deals + uses.clients > 0) throw new RuleBroken('source.inUse', { name, ...uses });
		await tx.delete(sources).where(eq(sources.id, sourceId));
		await record(tx, acting, { type: 'source.removed', data: { sourceId, kind, name } });
		return name;
	});
}
