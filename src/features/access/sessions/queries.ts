import { sql } from 'drizzle-orm';
import type { Way } from '#src/features/access/tables.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** A place where somebody is signed in. */
export type SessionLine = {
	id: string;
	personId: number;
	person: string;
	way: Way;
	address: string | null;
	agent: string | null;
	createdAt: Date;
	seenAt: Date;
};

const COLUMNS = sql`s.id, s.person_id as "personId", p.name as person, s.way, s.address, s.agent,
	s.created_at as "createdAt", s.seen_at as "seenAt"`;

/** Where a person is signed in, the last used first. */
export async function listSessions(db: Sql, personId: number, now: Date): Promise<SessionLine[]> {
	const { rows } = await db.execute<SessionLine>(sql`
		select ${COLUMNS} from sessions s join people p on p.id = s.person_id
		where s.person_id = ${personId} and s.expires_at > ${now}
		order by s.seen_at desc, s.created_at desc limit 100`);
	return rows;
}

/** So many sessions are listed at most. */
export const MOST_SESSIONS = 1_000;

/** Where anybody is signed in, by person, or those whose name or login is like a pattern; for administrators. */
export async function listAllSessions(
	db: Sql,
	now: Date,
	words: string | null = null,
): Promise<SessionLine[]> {
	const { rows } = await db.execute<SessionLine>(sql`
		select ${COLUMNS} from sessions s join people p on p.id = s.person_id
		where s.expires_at > ${now} and p.active
			and (${words}::text is null or translate(lower(p.name), 'ё', 'е') like ${words} or lower(p.login) like ${words})
		order by p.name collate "russian", p.id, s.seen_at desc limit ${MOST_SESSIONS + 1}`);
	return rows;
}
