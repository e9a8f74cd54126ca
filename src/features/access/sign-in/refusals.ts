import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { Way } from '#src/features/access/tables.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';

/** A sign-in that came to nothing. */
export type Refusal = {
	way: Way;
	/** A key of the locale files. */
	why: string;
	login: string;
	address: string;
	detail?: string;
};

const MINUTE_MS = 60_000;
const KEPT_MS = 86_400_000;
const MOST_PATH = 200;

/**
 * Writes a refused sign-in into the history: of one kind, one login and one address once a minute, for
 * whoever is not signed in must not be able to fill it.
 */
export async function noteRefusal(db: Sql, refusal: Refusal, now: Date): Promise<void> {
	const { why, address } = refusal;
	const login = refusal.login.slice(0, 100);
	await transact(db, async (tx) => {
		await tx.execute(
			sql`delete from sign_in_refusals where at < ${new Date(now.getTime() - KEPT_MS)}`,
		);
		const { rowCount } = await tx.execute(sql`
			insert into sign_in_refusals (at, why, login, address)
			select ${now}::timestamptz, ${why}, ${login}, ${address} where not exists (
				select from sign_in_refusals where address = ${address} and login = ${login} and why = ${why}
					and at > ${new Date(now.getTime() - MINUTE_MS)})`);
		if (rowCount === 1) await recordRefusal(tx, { ...refusal, login }, now);
	});
}

/** The event of a refusal, by itself. */
export async function recordRefusal(tx: Sql, refusal: Refusal, now: Date): Promise<void> {
	const by = { actorId: null, door: 'form', now, ip: refusal.address } as const;
	await record(tx, by, { type: 'session.refused', data: refusal });
}

/**
 * Writes into the history that somebody was forbidden to change what they asked for: the same once a minute,
 * for whoever tries again and again must not be able to fill it.
 */
export async function noteForbidden(
	db: Sql,
	acting: Acting,
	{ url }: { url: string },
): Promise<void> {
	// What stands behind the question mark may be anything.
	const path = (url.split('?')[0] as string).slice(0, MOST_PATH);
	const { rows } = await db.execute(sql`
		select from events where actor_id = ${acting.actorId} and type = 'access.refused'
			and at > ${momentOf(acting)} - interval '1 minute' and data->>'path' = ${path} limit 1`);
	if (rows.length === 0) await record(db, acting, { type: 'access.refused', data: { path } });
}
