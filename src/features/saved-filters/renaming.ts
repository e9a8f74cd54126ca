import { sql } from 'drizzle-orm';
import type { Tx } from '#src/platform/db/client.ts';

/**
 * Saved filters that ask in `field` for what has another name now, or has gone into another record, ask for
 * that; where `to` is empty, they do not ask for it any more. `parts`: the values that one field holds.
 * Nobody has changed them: their versions stay.
 */
export async function replaceInFilters(
	tx: Tx,
	field: string,
	[from, to]: [from: string, to: string],
	parts: (asked: string) => string[] = (asked) => [asked],
): Promise<void> {
	const { rows } = await tx.execute<{ id: number; query: string }>(sql`
		select id, query from saved_filters where query like ${`%${field}=%`} order by id for update`);
	for (const { id, query } of rows) {
		const asked = new URLSearchParams(query);
		const values = parts(asked.get(field) ?? '');
		if (!values.includes(from)) continue;
		const now = new Set(values.map((value) => (value === from ? to : value)).filter(Boolean));
		if (now.size === 0) asked.delete(field);
		else asked.set(field, [...now].join(','));
		await tx.execute(sql`update saved_filters set query = ${`${asked}`} where id = ${id}`);
	}
}
