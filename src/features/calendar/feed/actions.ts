import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { record } from '#src/platform/history/record.ts';

const SECRET_BYTES = 24;

/** What is kept of a feed's secret: its SHA-256, as hex. */
export function feedHash(secret: string): string {
	return createHash('sha256').update(secret).digest('hex');
}

/**
 * Makes the actor's feed, or a new address for it: the old one is dead from here on. Returns the secret,
 * which is told this once and kept nowhere.
 */
export async function makeFeed(sqlOrTx: Sql, acting: Acting): Promise<string> {
	const secret = randomBytes(SECRET_BYTES).toString('base64url');
	await transact(sqlOrTx, async (tx) => {
		await tx.execute(sql`
			insert into calendar_feeds (person_id, secret_hash, created_at)
			values (${acting.actorId}, ${feedHash(secret)}, ${acting.now})
			on conflict (person_id) do update set secret_hash = excluded.secret_hash,
				created_at = excluded.created_at`);
		await record(tx, acting, { type: 'feed.made', data: {} });
	});
	return secret;
}

/** Takes the actor's feed away; its address is dead from here on. */
export async function revokeFeed(sqlOrTx: Sql, acting: Acting): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		const { rowCount } = await tx.execute(
			sql`delete from calendar_feeds where person_id = ${acting.actorId}`,
		);
		if (rowCount) await record(tx, acting, { type: 'feed.revoked', data: {} });
	});
}
