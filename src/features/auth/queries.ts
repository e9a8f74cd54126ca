import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';
import type { Language } from '#src/platform/i18n/translate.ts';
import { type Actor, visibleTo } from './rules.ts';
import type { Role } from './tables.ts';

type SessionRow = {
	id: number;
	name: string;
	role: Role;
	language: Language;
	time_zone: string;
	seen_at: Date;
	team: number[] | null;
};

/**
 * For a head: the people of the team and of all teams below it; null for a head of everybody, so that
 * their totals come out of the company's tallies. Administrators without deals have nothing to leave out.
 */
const PEOPLE_BELOW = sql`
	case when p.role = 'head' then (
		with recursive below(id) as (
			select p.team_id union select t.id from teams t join below on t.parent_id = below.id
		), member(id) as (select m.id from people m where m.team_id in (select id from below))
		select case when exists (
			select from people o where o.id not in (select id from member)
				and (o.role <> 'administrator' or exists (select from deals d where d.owner_id = o.id))
		) then (select array_agg(id) from member) end
	) end`;

/** Who has this session, with the people of their team; null when there is none or it has run out. */
export async function findSession(
	db: Sql,
	sessionId: string,
	now: Date,
): Promise<{ actor: Actor; seenAt: Date } | null> {
	const { rows } = await db.execute<SessionRow>(sql`
		select p.id, p.name, p.role, p.language, p.time_zone, s.seen_at,
			${PEOPLE_BELOW} as team
		from sessions s join people p on p.id = s.person_id
		where s.id = ${sessionId} and s.expires_at > ${now} and p.active`);
	const row = rows[0];
	return row ? { actor: actorOf(row), seenAt: new Date(row.seen_at) } : null;
}

function actorOf(row: Omit<SessionRow, 'seen_at'>): Actor {
	const team = row.team?.map(Number) ?? 'all';
	const scope = row.role === 'administrator' ? 'all' : row.role === 'head' ? team : [row.id];
	return {
		id: row.id,
		name: row.name,
		role: row.role,
		language: row.language,
		timeZone: row.time_zone,
		scope,
	};
}

/** The person of a login as an actor, for commands and for signing in; null when there is none. */
export async function findActor(db: Sql, login: string): Promise<Actor | null> {
	const { rows } = await db.execute<Omit<SessionRow, 'seen_at'>>(sql`
		select p.id, p.name, p.role, p.language, p.time_zone,
			${PEOPLE_BELOW} as team
		from people p where p.login = ${login} and p.active`);
	return rows[0] ? actorOf(rows[0]) : null;
}

export type PersonRow = { login: string; name: string; role: Role; team: string | null };

/** Everybody who can sign in, by team and name; for the demo sign-in. */
export async function listPeople(db: Sql): Promise<PersonRow[]> {
	const { rows } = await db.execute<PersonRow>(sql`
		select p.login, p.name, p.role, t.name as team
		from people p left join teams t on t.id = p.team_id
		where p.active
		order by t.name nulls first, p.role <> 'head', p.name, p.id`);
	return rows;
}

export type Colleague = { id: number; name: string };

/** The people whose records the actor sees, by name; for choosing an owner. */
export async function listColleagues(db: Sql, actor: Actor): Promise<Colleague[]> {
	const { rows } = await db.execute<Colleague>(sql`
		select p.id, p.name from people p
		where p.active and ${visibleTo(actor, sql`p.id`)} order by p.name, p.id`);
	return rows;
}
