import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { SessionEnd } from '#src/event-shapes.ts';
import { findActor } from '#src/features/access/queries.ts';
import { type Acting, demand } from '#src/features/access/rights.ts';
import type { Limits } from '#src/features/access/sign-in/ways.ts';
import type { Way } from '#src/features/access/tables.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, NotFound } from '#src/platform/errors.ts';
import { type By, record } from '#src/platform/history/record.ts';

const SEEN_EVERY_MINUTES = 5;
const HOUR_MS = 3_600_000;

/** The id under which a session's secret is kept: the secret itself is nowhere in the database. */
export function sessionIdOf(secret: string): string {
	return createHash('sha256').update(secret).digest('hex');
}

/** By which way and from where somebody comes in, and the session that the browser had before. */
export type Entry = {
	way: Way;
	limits: Limits;
	address: string;
	agent: string;
	before?: string | undefined;
	/** What the directory said: whose word the session stands on. */
	account?: {
		issuer: string;
		subject: string;
		sid?: string | undefined;
		/** Seals the token under the session's id. */
		sealed?: (sessionId: string) => string;
		/** When it saw the person prove who they are, which may be long ago. */
		provenAt?: Date | undefined;
	};
};

export type StartedSession = { secret: string; expiresAt: Date };

/** Starts a session for a person and returns its secret for the cookie. The one before ends. */
export async function startSession(
	db: Sql,
	personId: number,
	entry: Entry,
	now: Date,
): Promise<StartedSession> {
	const secret = randomBytes(32).toString('base64url');
	const id = sessionIdOf(secret);
	const { limits, account } = entry;
	const expiresAt = hoursAfter(now, limits.idleHours);
	await transact(db, async (tx) => {
		const before = sessionIdOf(entry.before ?? '');
		const { rows: replaced } = await tx.execute<{ personId: number }>(sql`
			with gone as (
				delete from sessions where expires_at < ${now} or id = ${before}
				returning id, person_id, expires_at)
			select person_id as "personId" from gone where id = ${before} and expires_at >= ${now}`);
		await tx.execute(sql`
			insert into sessions (id, person_id, created_at, seen_at, expires_at, ends_at, way, address, agent,
				issuer, subject, sid, sealed_id_token, proven_at)
			values (${id}, ${personId}, ${now}, ${now}, ${expiresAt}, ${hoursAfter(now, limits.hours)},
				${entry.way}, ${entry.address}, ${entry.agent.slice(0, 300)},
				${account?.issuer ?? null}, ${account?.subject ?? null}, ${account?.sid ?? null},
				${account?.sealed?.(id) ?? null}, ${earlier(account?.provenAt, now)})`);
		const by = { actorId: personId, door: 'form', now, ip: entry.address } as const;
		for (const one of replaced) await recordEnd(tx, by, 'again', Number(one.personId), 1);
		await record(tx, by, { type: 'session.started', data: { way: entry.way } });
	});
	return { secret, expiresAt };
}

const earlier = (told: Date | undefined, now: Date) => (told && told < now ? told : now);

const hoursAfter = (now: Date, hours: number) => new Date(now.getTime() + hours * HOUR_MS);

/** The demo sign-in: whoever has this login. Throws InvalidForm where nobody has it. */
export async function signInByName(
	db: Sql,
	login: string,
	entry: Entry,
	now: Date,
): Promise<StartedSession> {
	return await transact(db, async (tx) => {
		const person = await findActor(tx, login);
		if (person === null) throw new InvalidForm({ login: { key: 'signIn.unknown' } }, { login });
		return await startSession(tx, person.id, entry, now);
	});
}

/** What of a session the directory needs to end its own. */
export type EndedSession = { id: string; way: Way; sealedIdToken: string | null };

/** Ends the session of a secret; null for one that is not there, which is fine. */
export async function endSession(
	db: Sql,
	secret: string,
	at: Pick<By, 'now' | 'ip'>,
): Promise<EndedSession | null> {
	return await transact(db, async (tx) => {
		const { rows } = await tx.execute<EndedSession & { personId: number }>(sql`
			delete from sessions where id = ${sessionIdOf(secret)}
			returning id, way, sealed_id_token as "sealedIdToken", person_id as "personId"`);
		if (rows[0] === undefined) return null;
		const { personId, ...ended } = rows[0];
		await recordEnd(tx, { actorId: personId, door: 'form', ...at }, 'out', personId, 1);
		return ended;
	});
}

/** Writes that sessions of a person ended, which their streams are told by; of none, nothing. */
export async function recordEnd(
	tx: Sql,
	by: By,
	why: SessionEnd,
	personId: number,
	sessions: number,
): Promise<void> {
	if (sessions > 0)
		await record(tx, by, { type: 'session.ended', data: { why, personId, sessions } });
}

/** Ends one of the actor's own sessions. Throws NotFound for any other. */
export async function endSessionOf(db: Sql, acting: Acting, id: string): Promise<void> {
	await transact(db, async (tx) => {
		const { rowCount } = await tx.execute(
			sql`delete from sessions where id = ${id} and person_id = ${acting.actor.id}`,
		);
		if (rowCount !== 1) throw new NotFound('error.notFound');
		await recordEnd(tx, acting, 'list', acting.actor.id, 1);
	});
}

/** Ends all of the actor's sessions but this one; returns how many. */
export async function endOtherSessions(db: Sql, acting: Acting, id: string): Promise<number> {
	return await transact(db, async (tx) => {
		const { rowCount } = await tx.execute(
			sql`delete from sessions where id <> ${id} and person_id = ${acting.actor.id}`,
		);
		await recordEnd(tx, acting, 'list', acting.actor.id, rowCount ?? 0);
		return rowCount ?? 0;
	});
}

/** Ends anybody's session, for an administrator. Throws Forbidden, NotFound. */
export async function endAnySession(db: Sql, acting: Acting, id: string): Promise<void> {
	demand(acting, 'people');
	await transact(db, async (tx) => {
		const { rows } = await tx.execute<{ personId: number }>(
			sql`delete from sessions where id = ${id} returning person_id as "personId"`,
		);
		if (rows[0] === undefined) throw new NotFound('error.notFound');
		await recordEnd(tx, acting, 'administrator', Number(rows[0].personId), 1);
	});
}

/** Ends all sessions of a person, for an administrator; returns how many. Throws Forbidden. */
export async function endSessionsOf(db: Sql, acting: Acting, personId: number): Promise<number> {
	demand(acting, 'people');
	return await transact(db, async (tx) => {
		const { rowCount } = await tx.execute(sql`delete from sessions where person_id = ${personId}`);
		await recordEnd(tx, acting, 'administrator', personId, rowCount ?? 0);
		return rowCount ?? 0;
	});
}

/**
 * Ends the sessions that stand on an account of the directory: the one of its session `sid`, or all of the
 * subject's where it names none. Returns how many.
 */
export async function endSessionsByDirectory(
	db: Sql,
	account: { issuer: string; subject: string | undefined; sid: string | undefined },
	now: Date,
): Promise<number> {
	return await transact(db, async (tx) => {
		const { issuer, subject, sid } = account;
		if (subject === undefined && sid === undefined) return 0;
		const { rows } = await tx.execute<{ person_id: number }>(sql`
			delete from sessions where issuer = ${issuer}
				and (${sid ?? null}::text is null or sid = ${sid ?? null})
				and (${subject ?? null}::text is null or subject = ${subject ?? null})
			returning person_id`);
		for (const [personId, ended] of Map.groupBy(rows, (row) => Number(row.person_id)))
			await recordEnd(tx, { actorId: null, door: 'job', now }, 'directory', personId, ended.length);
		return rows.length;
	});
}

/**
 * Notes that a session is in use, which prolongs it up to its end; at most every few minutes, for a reader
 * should not write. Returns when it runs out now, or null where nothing was written.
 */
export async function touchSession(
	db: Sql,
	secret: string,
	session: { seenAt: Date; endsAt: Date },
	limits: Limits,
	now: Date,
): Promise<Date | null> {
	if (now.getTime() - session.seenAt.getTime() < SEEN_EVERY_MINUTES * 60_000) return null;
	const idle = hoursAfter(now, limits.idleHours);
	const expiresAt = new Date(Math.min(idle.getTime(), session.endsAt.getTime()));
	await db.execute(sql`
		update sessions set seen_at = ${now}, expires_at = ${expiresAt} where id = ${sessionIdOf(secret)}`);
	return expiresAt;
}
