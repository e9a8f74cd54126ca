import { sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';

/** A tag of the company's one directory. */
export type Tag = { id: number; name: string; colour: string };

/** What can be tagged. */
export type Tagged = 'client' | 'deal';

const LINKS = {
	client: { table: sql`client_tags`, column: sql`client_id` },
	deal: { table: sql`deal_tags`, column: sql`deal_id` },
} as const;
/** As many as a field can suggest; more typing helps the person better than a longer list. */
const SUGGESTED = 300;

/** The tags that a field suggests, by name. */
export async function listTags(db: Sql): Promise<Tag[]> {
	const { rows } = await db.execute<Tag>(
		sql`select id, name, colour from tags order by name, id limit ${SUGGESTED}`,
	);
	return rows;
}

/** The tags of one record, by name. Whoever asks has loaded the record, and so may see it. */
export async function tagsOf(db: Sql, noun: Tagged, id: number): Promise<Tag[]> {
	const { table, column } = LINKS[noun];
	const { rows } = await db.execute<Tag>(sql`
		select t.id, t.name, t.colour from ${table} l join tags t on t.id = l.tag_id
		where l.${column} = ${id} order by t.name, t.id`);
	return rows;
}

/** Tags as a field holds them: «опт, сети». */
export function tagText(tags: { name: string }[]): string {
	return tags.map(({ name }) => name).join(', ');
}

/** The names of these tags with one more, or without it; case does not matter. */
export function tagsWith(tags: { name: string }[], name: string, remove: boolean): string[] {
	const others = tags.map((one) => one.name);
	const rest = others.filter((one) => one.toLowerCase() !== name.toLowerCase());
	return remove ? rest : [...rest, name];
}

/**
 * Gives a record, locked by the caller, these tags and no others; a name that is not known yet makes a new
 * tag. Case does not matter. Returns the old and the new tags as text for the event, null where nothing
 * changed.
 */
export async function setTags(
	tx: Tx,
	noun: Tagged,
	id: number,
	names: readonly string[],
): Promise<FieldChange | null> {
	const { table, column } = LINKS[noun];
	const before = await tagsOf(tx, noun, id);
	// In one order for everybody: two people who make the same new tags must not wait for each other.
	const wanted = sql.param([...names].sort());
	await tx.execute(sql`
		insert into tags (name) select name from unnest(${wanted}::text[]) n(name)
		where not exists (
			select from tags t where lower(t.name collate "russian") = lower(n.name collate "russian")
		)
		on conflict (lower(name collate "russian")) do nothing`);
	await tx.execute(sql`
		with wanted as (
			select id from tags where lower(name collate "russian") in (
				select lower(name collate "russian") from unnest(${wanted}::text[]) n(name))
		), gone as (
			delete from ${table} where ${column} = ${id} and tag_id not in (select id from wanted)
		)
		insert into ${table} (${column}, tag_id) select ${id}::bigint, id from wanted
		on conflict do nothing`);
	const after = await tagsOf(tx, noun, id);
	const [from, to] = [tagText(before), tagText(after)];
	return from === to ? null : [from || null, to || null];
}
