import { createHmac } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';
import { StartFault } from '#src/platform/start-fault.ts';

/** What tells a key from another without telling the key. */
export function printOf(key: Buffer): string {
	return createHmac('sha256', key).update('moi-prodazhi').digest('base64url').slice(0, 22);
}

/**
 * Holds that the secrets of this database are sealed by this key; the first that comes is taken for it. Throws StartFault for
 * another one: what it sealed nobody else could open, and it opens nothing of theirs.
 */
export async function holdKey(db: Sql, key: Buffer): Promise<void> {
	const print = printOf(key);
	const known = await keptPrint(db);
	if (known === print) return;
	if (known === null) {
		await db.execute(
			sql`insert into sealing_keys (print) values (${print}) on conflict do nothing`,
		);
		if ((await keptPrint(db)) === print) return;
	}
	throw new StartFault(
		'SECRET_KEY не тот, которым запечатаны пароли в этой базе: верните прежний (или secret.key в DATA_DIR), либо смените его командой npm run rotate-key.',
	);
}

/** The print of the key that the database knows; null: none has sealed anything yet. */
export async function keptPrint(db: Sql): Promise<string | null> {
	const { rows } = await db.execute<{ print: string }>(sql`select print from sealing_keys`);
	return rows[0]?.print ?? null;
}

/** From now on this key is the database's. */
export async function changeKey(tx: Sql, key: Buffer): Promise<void> {
	await tx.execute(sql`
		insert into sealing_keys (print) values (${printOf(key)})
		on conflict (single) do update set print = excluded.print, since = now()`);
}
