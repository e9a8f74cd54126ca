import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';

type NounOf<Type extends string> = Type extends `${infer Noun}.${string}` ? Noun : never;

/** What an event is about, as the first word of its type says. Its row has it in a column of its own. */
export function nounOf<Type extends string>(type: Type): NounOf<Type> {
	return type.slice(0, type.indexOf('.')) as NounOf<Type>;
}

/** Has the database know of nouns that every screen shows: whatever changes of them is told to everybody. */
export async function showEverywhere(db: Sql, nouns: readonly string[]): Promise<void> {
	await db.execute(sql`
		insert into everywhere_nouns select unnest(${sql.param(nouns)}::text[]) on conflict do nothing`);
}
