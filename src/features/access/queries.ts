import { sql } from 'drizzle-orm';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import type { Language } from '#src/platform/i18n/translate.ts';
import type { Workdays } from '#src/platform/i18n/work-week.ts';
import { type Actor, type Own, type Owners, visibleTo } from './rights.ts';
import type { Permission, Scope, Way } from './tables.ts';
import { workdaysSql } from './workdays.ts';

type PersonRights = {
	id: number;
	name: string;
	role: string;
	role_name: string | null;
	permissions: Permission[];
	view_scope: Scope;
	edit_scope: Scope;
	language: Language;
	time_zone: string;
	own: Own;
	team: { people: number[]; everyDeal: boolean } | null;
};

/**
 * The people of a person's team and of all teams below it, themselves always: whoever has whatever. Beside them, of no right,
 * whether nobody else has deals: then the company's totals are theirs.
 */
const PEOPLE_BELOW = sql`
	case when 'team' in (r.view_scope, r.edit_scope) then (
		with recursive below(id) as (
			select p.team_id union select t.id from teams t join below on t.parent_id = below.id
		), member(id) as (
			select p.id union select m.id from people m where m.team_id in (select id from below)
		)
		select jsonb_build_object('people', jsonb_agg(id), 'everyDeal', not exists (
			select from people o where o.id not in (select id from member)
				and exists (select from deals d where d.owner_id = o.id)
		)) from member
	) end`;

/** What a person begins with: their own filter, or one that is still shared. */
const OWN = sql`jsonb_build_object('theme', p.theme, 'density', p.density, 'shortcuts', p.shortcuts,
	'boardView', p.board_view, 'filters', coalesce((
		select jsonb_object_agg(o.screen, f.query) from default_filters o join saved_filters f on f.id = o.filter_id
		where o.person_id = p.id and (f.shared or f.owner_id = p.id)), '{}'))`;

const RIGHTS = sql`p.id, p.name, p.role, r.name as role_name, r.permissions, r.view_scope, r.edit_scope,
	p.language, p.time_zone, ${OWN} as own, ${PEOPLE_BELOW} as team`;

type SessionOnly = {
	seen_at: Date;
	ends_at: Date;
	way: Way;
	subject: string | null;
	workdays: Workdays;
	proven_at: Date;
};

/** Whose session it is, until when, and on whose word it stands. */
export type FoundSession = {
	actor: Actor;
	seenAt: Date;
	endsAt: Date;
	way: Way;
	subject: string | null;
	/** When the person proved who they are. */
	provenAt: Date;
	/** When the company works. */
	workdays: Workdays;
};

/** Who has this session, with the people of their team; null when there is none or it has run out. */
export async function findSession(
	db: Sql,
	sessionId: string,
	now: Date,
): Promise<FoundSession | null> {
	const { rows } = await db.execute<PersonRights & SessionOnly>(sql`
		select ${RIGHTS}, s.seen_at, s.ends_at, s.way, s.subject,
			coalesce(s.proven_at, s.created_at) as proven_at, ${workdaysSql(now)} as workdays
		from sessions s join people p on p.id = s.person_id join roles r on r.code = p.role
		where s.id = ${sessionId} and s.expires_at > ${now} and p.active`);
	const row = rows[0];
	if (row === undefined) return null;
	const { seen_at: seenAt, ends_at: endsAt, proven_at: provenAt, way, subject, workdays } = row;
	return { actor: actorOf(row), seenAt, endsAt, way, subject, provenAt, workdays };
}

function actorOf(row: PersonRights): Actor {
	const owners = (scope: Scope): Owners =>
		scope === 'all' ? 'all' : scope === 'team' && row.team ? row.team.people : [row.id];
	return {
		id: row.id,
		name: row.name,
		role: row.role,
		roleName: row.role_name,
		permissions: row.permissions,
		language: row.language,
		timeZone: row.time_zone,
		own: row.own,
		sees: row.view_scope,
		edits: row.edit_scope,
		scope: owners(row.view_scope),
		editScope: owners(row.edit_scope),
		everyDeal:
			row.view_scope === 'all' || (row.view_scope === 'team' && row.team?.everyDeal === true),
	};
}

/** The person of a login as an actor, for commands and for signing in; null when there is none. */
export async function findActor(db: Sql, login: string): Promise<Actor | null> {
	const { rows } = await db.execute<PersonRights>(sql`
		select ${RIGHTS} from people p join roles r on r.code = p.role
		where p.login = ${login} and p.active`);
	return rows[0] ? actorOf(rows[0]) : null;
}

export type PersonRow = {
	login: string;
	name: string;
	role: string;
	roleName: string | null;
	team: string | null;
};

/** Everybody who can sign in, by team and name; for the demo sign-in. */
export async function listPeople(db: Sql): Promise<PersonRow[]> {
	const { rows } = await db.execute<PersonRow>(sql`
		select p.login, p.name, p.role, r.name as "roleName", t.name as team
		from people p join roles r on r.code = p.role left join teams t on t.id = p.team_id
		where p.active
		order by t.name nulls first, r.view_scope = 'own', p.name, p.id`);
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

/**
 * Holds somebody who is to get a record until the end of the transaction: nobody leaves meanwhile. To be asked for after the
 * record itself is locked, as whoever lets a person go does. False where they do not work here, any more or yet.
 */
export async function holdColleague(tx: Tx, personId: number): Promise<boolean> {
	const { rowCount } = await tx.execute(
		sql`select from people where id = ${personId} and active for share`,
	);
	return rowCount === 1;
}

/** The same for somebody who is to own a record. Throws InvalidForm where they do not work here. */
export async function holdOwner(tx: Tx, ownerId: number | null): Promise<void> {
	if (ownerId === null || !(await holdColleague(tx, ownerId)))
		throw new InvalidForm({ ownerId: { key: 'field.choice' } }, {});
}
