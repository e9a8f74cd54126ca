import { sql } from 'drizzle-orm';
import { itemsBeside, tagKey } from '#src/features/imports/columns/lists.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { recordset, type Stored } from './noun.ts';

type TagsChange = { id: number; was: Stored; values: Stored };

/** Tags many clients or deals, and takes off what is no more said; a word that is not known makes a tag. */
export async function writeTags(
	tx: Tx,
	noun: 'client' | 'deal',
	changes: TagsChange[],
): Promise<void> {
	const [table, column] =
		noun === 'client' ? [sql`client_tags`, sql`client_id`] : [sql`deal_tags`, sql`deal_id`];
	const gone = linksIn(changes, 'was', 'values');
	const added = linksIn(changes, 'values', 'was');
	if (gone.length > 0)
		await tx.execute(sql`
			delete from ${table} l using ${recordset(gone)} as v(id bigint, name text), tags t
			where l.${column} = v.id and l.tag_id = t.id
				and lower(t.name collate "russian") = lower(v.name collate "russian")`);
	if (added.length === 0) return;
	// In one order for everybody: two who make the same new tags must not wait for each other.
	const names = [...new Map(added.map(({ name }) => [tagKey(name), name])).values()].sort();
	await tx.execute(sql`
		insert into tags (name) select name from unnest(${sql.param(names)}::text[]) n(name)
		where not exists (
			select from tags t where lower(t.name collate "russian") = lower(n.name collate "russian"))
		on conflict (lower(name collate "russian")) do nothing`);
	await tx.execute(sql`
		insert into ${table} (${column}, tag_id) select v.id, t.id
		from ${recordset(added)} as v(id bigint, name text)
		join tags t on lower(t.name collate "russian") = lower(v.name collate "russian")
		on conflict do nothing`);
}

function linksIn(changes: TagsChange[], inside: 'was' | 'values', outside: 'was' | 'values') {
	return changes.flatMap((change) =>
		itemsBeside(change[inside].tags, change[outside].tags, tagKey).map((name) => ({
			id: change.id,
			name,
		})),
	);
}
