import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Database, Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { record } from '#src/platform/events/record.ts';
import { findActor } from './queries.ts';
import type { Actor } from './rules.ts';

const SESSION_DAYS = 14;
const SEEN_EVERY_MINUTES = 5;

/** The id under which a session's secret is kept: the secret itself is nowhere in the database. */
export function sessionIdOf(secret: string): string {
	return createHash('sha256').update(secret).digest('hex');
}

/**
 * Starts a session for a login and returns its secret for the cookie. Throws InvalidForm where
 * nobody has that login. The session `before`, if the browser had one, ends.
 */
export async function startSession(
	db: Database,
	login: string,
	now: Date,
	before?: string,
): Promise<{ secret: string; expiresAt: Date; actor: Actor }> {
	const secret = randomBytes(32).toString('base64url');
	const expiresAt = expiryFrom(now);
	const actor = await transact(db, async (tx) => {
		const person = await findActor(tx, login);
		if (person === null) throw new InvalidForm({ login: { key: 'signIn.unknown' } }, { login });
		await tx.execute(sql`
			delete from sessions where expires_at < ${now} or id = ${sessionIdOf(before ?? '')}`);
		await tx.execute(sql`
			insert into sessions (id, person_id, seen_at, expires_at)
			values (${sessionIdOf(secret)}, ${person.id}, ${now}, ${expiresAt})`);
		await record(
			tx,
			{ actorId: person.id, door: 'form', now },
			{ type: 'session.started', data: {} },
		);
		return person;
	});
	return { secret, expiresAt, actor };
}

const expiryFrom = (now: Date) => new Date(now.getTime() + SESSION_DAYS * 86_400_000);

/** Ends a session; one that is not there is fine. */
export async function endSession(db: Database, secret: string, now: Date): Promise<void> {
	await transact(db, async (tx) => {
		const { rows } = await tx.execute<{ person_id: number }>(
			sql`delete from sessions where id = ${sessionIdOf(secret)} returning person_id`,
		);
		for (const row of rows)
			await record(
				tx,
				{ actorId: row.person_id, door: 'form', now },
				{ type: 'session.ended', data: {} },
			);
	});
}

/**
 * Notes that a session is in use, which prolongs it; at most every few minutes, for a reader should not
 * write. Returns when it runs out now, or null where nothing was written.
 */
export async function touchSession(
	db: Sql,
	secret: string,
	seenAt: Date,
	now: Date,
): Promise<Date | null> {
	if (now.getTime() - seenAt.getTime() < SEEN_EVERY_MINUTES * 60_000) return null;
	const expiresAt = expiryFrom(now);
	await db.execute(sql`
		update sessions set seen_at = ${now}, expires_at = ${expiresAt} where id = ${sessionIdOf(secret)}`);
	return expiresAt;
}
