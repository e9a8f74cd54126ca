import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';

const SUGGESTED = 300;

/**
 * Where clients and deals come from, by name: what the fields `source` and `campaign` suggest. A word that
 * is used for the first time joins by itself: see the triggers in drizzle/0004_clients.sql.
 */
export async function listSources(
	db: Sql,
): Promise<Record<'sources' | 'campaigns', { name: string }[]>> {
	const { rows } = await db.execute<{ kind: string; name: string }>(sql`
		(select kind, name from sources where kind = 'source' and active order by name limit ${SUGGESTED})
		union all
		(select kind, name from sources where kind = 'campaign' and active order by name limit ${SUGGESTED})`);
	const of = (kind: string) => rows.filter((row) => row.kind === kind);
	return { sources: of('source'), campaigns: of('campaign') };
}
