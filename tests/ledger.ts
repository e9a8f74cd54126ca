import type { TestDatabase } from './database.ts';

/** Rows and their hash per table: equal before and after means that nothing was written. */
export type Ledger = Record<string, string>;

/** The question, by database: its tables do not change while a test runs. */
const questions = new WeakMap<TestDatabase['pool'], Promise<string>>();

/**
 * Every table of the database, whatever it is called. Only when a session was last seen does not count, nor
 * how tallies lie: a timer folds them, and what they add up is in the deals and clients themselves. Nor that
 * somebody was refused: the audit log tells of it.
 */
export async function ledgerOf({ pool }: TestDatabase): Promise<Ledger> {
	let question = questions.get(pool);
	if (!question) {
		question = questionOf(pool);
		questions.set(pool, question);
	}
	const { rows } = await pool.query<{ name: string; hash: string }>(await question);
	return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]));
}

async function questionOf(pool: TestDatabase['pool']): Promise<string> {
	const { rows } = await pool.query<{ name: string; seen: boolean }>(
		`select relname as name, exists (select from pg_attribute where attrelid = c.oid and attname = 'seen_at') as seen
		from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
			and relname not like '%\\_tallies' order by 1`,
	);
	const parts = rows.map(({ name, seen }) => {
		const line = seen ? `(to_jsonb(t) - 'seen_at')::text` : 't::text';
		const refusals = name === 'events' ? ` where type <> 'access.refused'` : '';
		return `select '${name}' as name, concat(count(*), ' ', sum(hashtextextended(${line}, 0))) as hash from "${name}" t${refusals}`;
	});
	return parts.join(' union all ');
}
