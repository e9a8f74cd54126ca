import { type SQL, sql } from 'drizzle-orm';
import { InvalidForm } from '#src/platform/errors.ts';
import type { Tx } from './client.ts';

/**
 * Holds that no other record of a directory has this name, case aside; `among`: only those count. Who adds
 * or renames at the same time waits. Throws InvalidForm.
 */
export async function holdNameFree(
	tx: Tx,
	table: SQL,
	name: string,
	self: number | null = null,
	among: SQL = sql`true`,
): Promise<void> {
	// One after the other: a unique index would refuse the second one without a word for people.
	await tx.execute(sql`lock table ${table} in share row exclusive mode`);
	const { rows } = await tx.execute(sql`
		select from ${table} where ${among} and id is distinct from ${self}::bigint
			and lower(name collate "russian") = lower(${name}::text collate "russian") limit 1`);
	if (rows.length > 0) throw new InvalidForm({ name: { key: 'field.taken' } }, {});
}
