import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';

type NounOf<Type extends string> = Type extends `${infer Noun}.${string}` ? Noun : never;

/** What an event is about, as the first word of its type says. Its row has it in a column of its own. */
export function nounOf<Type extends string>(type: Type): NounOf<Type> {
	return type.slice(0, type.indexOf('.')) as NounOf<Type>;
}

/**
 * Has the database know of nouns that every screen shows: whatever changes of them is told to everybody. Writes only
 * what it does not know yet: a start must not need a database that can be written.
 */
export async function showEverywhere(db: Sql, nouns: readonly string[]): Promise<void> {
	const { rows } = await db.execute<{ noun: string }>(sql`
		select noun from unnest(${sql.param(nouns)}::text[]) noun except select noun from everywhere_nouns`);
	if (rows.length === 0) return;
	await db.execute(sql`
		insert into everywhere_nouns select unnest(${sql.param(rows.map(({ noun }) => noun))}::text[])
		on conflict do nothing`);
}
