import { eq, sql } from 'drizzle-orm';
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
import { tags } from './tables.ts';

/** A tag as an administrator sees it, with how many records have it. */
export type TagRecord = {
	id: number;
	name: string;
	colour: string;
	deals: number;
	clients: number;
	version: number;
};
/** A tag as an administrator sets it up. */
export type TagEdit = Pick<TagRecord, 'name' | 'colour'>;

const TAGS = sql`tags`;
const COUNTED = sql`id, name, colour, version,
	(select count(*)::int from deal_tags where tag_id = t.id) as deals,
	(select count(*)::int from client_tags where tag_id = t.id) as clients`;

/** All tags by name. */
export async function listTagRecords(db: Sql): Promise<TagRecord[]> {
	const { rows } = await db.execute<TagRecord>(
		sql`select ${COUNTED} from tags t order by name, id`,
	);
	return rows;
}

/** One tag. Throws NotFound. */
export async function findTag(db: Sql, tagId: number): Promise<TagRecord> {
	const { rows } = await db.execute<TagRecord>(
		sql`select ${COUNTED} from tags t where id = ${tagId}`,
	);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** Locks a tag for the rest of the transaction. */
export async function lockTag(tx: Tx, tagId: number): Promise<void> {
	await tx.execute(sql`select from tags where id = ${tagId} for update`);
}

async function findTagToEdit(
	tx: Tx,
	acting: Acting,
	tagId: number,
	version: number,
): Promise<TagRecord> {
	demand(acting, 'catalogs');
	await lockTag(tx, tagId);
	const tag = await findTag(tx, tagId);
	if (tag.version !== version) throw await conflictOn(tx, 'tag', tag);
	return tag;
}

/** Adds a tag before anybody uses it. Returns its id. Throws Forbidden, InvalidForm for a name that is taken. */
export async function addTag(
	sqlOrTx: Sql,
	acting: Acting,
	{ name, colour }: TagEdit,
): Promise<number> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		await holdNameFree(tx, TAGS, name);
		const [made] = await tx.insert(tags).values({ name, colour }).returning({ id: tags.id });
		const tagId = made?.id as number;
		await record(tx, acting, { type: 'tag.added', data: { tagId, name } });
		return tagId;
	});
}

/** Renames and colours a tag wherever it stands. Returns the version. Throws Forbidden, NotFound, Conflict, InvalidForm. */
export async function editTag(
	sqlOrTx: Sql,
	acting: Acting,
	tagId: number,
	version: number,
	edit: TagEdit,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findTagToEdit(tx, acting, tagId, version);
		await holdNameFree(tx, TAGS, edit.name, tagId);
		const changes = changesBetween(found, edit, ['name', 'colour']);
		if (changes === null) return version;
		await tx
			.update(tags)
			.set({ ...edit, version: nextVersion(tags.version) })
			.where(eq(tags.id, tagId));
		await record(tx, acting, { type: 'tag.edited', data: { tagId, changes } });
		return version + 1;
	});
}

/**
 * Puts a tag into another: what had it has the other, once, and saved filters ask for the other. Returns
 * both names and how many records that were. Throws Forbidden, NotFound, Conflict, InvalidForm for a tag
 * that there is not, or itself.
 */
export async function mergeTag(
	sqlOrTx: Sql,
	acting: Acting,
	tagId: number,
	version: number,
	intoId: number,
): Promise<{ name: string; into: string; deals: number; clients: number }> {
	return await transact(sqlOrTx, async (tx) => {
		const { name, deals, clients } = await findTagToEdit(tx, acting, tagId, version);
		const { rows } = await tx.execute<{ name: string }>(
			sql`select name from tags where id = ${intoId} and id <> ${tagId} for update`,
		);
		const into = rows[0]?.name;
		if (into === undefined) throw new InvalidForm({ intoId: { key: 'field.choice' } }, {});
		for (const [table, column] of [
			[sql`deal_tags`, sql`deal_id`],
			[sql`client_tags`, sql`client_id`],
		] as const) {
			await tx.execute(sql`
				insert into ${table} (${column}, tag_id)
				select ${column}, ${intoId}::bigint from ${table} where tag_id = ${tagId}
				on conflict do nothing`);
			await tx.execute(sql`delete from ${table} where tag_id = ${tagId}`);
		}
		await replaceInFilters(tx, 'tag', [String(tagId), String(intoId)]);
		await tx.delete(tags).where(eq(tags.id, tagId));
		const told = { name, into, deals, clients };
		await record(tx, acting, { type: 'tag.merged', data: { tagId, intoId, ...told } });
		return told;
	});
}

/** Takes a tag away that nothing has. Returns its name. Throws Forbidden, NotFound, Conflict, RuleBroken with the counts. */
export async function removeTag(
	sqlOrTx: Sql,
	acting: Acting,
	tagId: number,
	version: number,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { name, deals, clients } = await findTagToEdit(tx, acting, tagId, version);
		if (deals + clients > 0) throw new RuleBroken('tag.inUse', { name, deals, clients });
		await tx.delete(tags).where(eq(tags.id, tagId));
		await record(tx, acting, { type: 'tag.removed', data: { tagId, name } });
		return name;
	});
}
