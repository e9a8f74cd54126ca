import { type SQL, sql } from 'drizzle-orm';
import type { Permission, Scope } from '#src/features/access/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { anywhere } from '#src/platform/db/text-search.ts';
import { NotFound } from '#src/platform/errors.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';

/** A person as an administrator sees them. */
export type PersonRecord = {
	id: number;
	name: string;
	login: string;
	email: string | null;
	role: string;
	roleName: string | null;
	teamId: number | null;
	teamName: string | null;
	active: boolean;
	waiting: boolean;
	version: number;
};

const PERSON = sql`p.id, p.name, p.login, nullif(p.email, '') as email, p.role, r.name as "roleName",
	p.team_id as "teamId", t.name as "teamName", p.active, p.waiting, p.version`;
const FROM = sql`people p join roles r on r.code = p.role left join teams t on t.id = p.team_id`;
const MOST = 500;

export type PeopleFilter = {
	q?: string | undefined;
	team?: number | undefined;
	state?: 'active' | 'waiting' | 'left' | undefined;
};

/** People by name, at most five hundred; and how many there are in all. */
export async function listPeopleRecords(
	db: Sql,
	{ q, team, state = 'active' }: PeopleFilter,
): Promise<{ people: PersonRecord[]; count: number }> {
	const parts: SQL[] = [
		state === 'active' ? sql`p.active` : sql`not p.active and p.waiting = ${state === 'waiting'}`,
	];
	if (q) {
		const words = anywhere(q);
		parts.push(sql`(translate(lower(p.name), 'ё', 'е') like ${words} or lower(p.login) like ${words}
			or lower(p.email) like ${words})`);
	}
	if (team) parts.push(sql`p.team_id = ${team}`);
	const { rows } = await db.execute<PersonRecord & { count: number }>(sql`
		select ${PERSON}, count(*) over ()::int as count from ${FROM}
		where ${sql.join(parts, sql` and `)} order by p.name collate "russian", p.id limit ${MOST}`);
	return { people: rows, count: rows[0]?.count ?? 0 };
}

/** One person. Throws NotFound. */
export async function findPerson(db: Sql, personId: number): Promise<PersonRecord> {
	const { rows } = await db.execute<PersonRecord>(
		sql`select ${PERSON} from ${FROM} where p.id = ${personId}`,
	);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** Locks a person for the rest of the transaction; whatever only names them, as its author, need not wait. */
export async function lockPerson(tx: Tx, personId: number): Promise<void> {
	await tx.execute(sql`select from people where id = ${personId} for no key update`);
}

/** A person, locked for the rest of the transaction. Throws NotFound, Conflict for a stale version. */
export async function findPersonToEdit(
	tx: Tx,
	personId: number,
	version: number,
): Promise<PersonRecord> {
	await lockPerson(tx, personId);
	const person = await findPerson(tx, personId);
	if (person.version !== version) throw await conflictOn(tx, 'person', person);
	return person;
}

/** Locks what a person has, finished or not, for the rest of the transaction. */
export async function lockBelongings(tx: Tx, personId: number): Promise<void> {
	const theirs = sql`where owner_id = ${personId} order by id for update`;
	await tx.execute(sql`
		select from deals where id in (
			select id from deals where owner_id = ${personId}
			union select deal_id from deal_collaborators where person_id = ${personId})
		order by id for update`);
	await tx.execute(sql`select from clients ${theirs}`);
	await tx.execute(sql`select from interaction_series ${theirs}`);
	await tx.execute(sql`
		select from interactions where owner_id = ${personId} and status = 'planned' order by id for update`);
}

/** Those who can take over from somebody: everybody else who is in. */
export async function listHeirs(
	db: Sql,
	personId: number,
): Promise<{ id: number; name: string }[]> {
	const { rows } = await db.execute<{ id: number; name: string }>(sql`
		select id, name from people where active and id <> ${personId} order by name collate "russian", id`);
	return rows;
}

/** A team with the one above it and how many people are in it. */
export type TeamRecord = {
	id: number;
	name: string;
	parentId: number | null;
	parentName: string | null;
	depth: number;
	people: number;
	below: number;
	version: number;
};

/** All teams as a tree, by name within each. */
export async function listTeams(db: Sql): Promise<TeamRecord[]> {
	const { rows } = await db.execute<TeamRecord>(sql`
		with recursive tree as (
			select t.id, array[t.name || ' ' || t.id] as path, 0 as depth from teams t where t.parent_id is null
			union all
			select t.id, path || (t.name || ' ' || t.id), depth + 1 from teams t join tree on t.parent_id = tree.id
		)
		select t.id, t.name, t.parent_id as "parentId", above.name as "parentName", tree.depth,
			(select count(*)::int from people p where p.team_id = t.id) as people,
			(select count(*)::int from teams b where b.parent_id = t.id) as below, t.version
		from tree join teams t using (id) left join teams above on above.id = t.parent_id
		order by tree.path`);
	return rows;
}

/** One team. Throws NotFound. */
export async function findTeam(db: Sql, teamId: number): Promise<TeamRecord> {
	const team = (await listTeams(db)).find(({ id }) => id === teamId);
	if (team === undefined) throw new NotFound('error.notFound');
	return team;
}

/** A role with how many people have it. */
export type RoleRecord = {
	id: number;
	code: string;
	name: string | null;
	viewScope: Scope;
	editScope: Scope;
	permissions: Permission[];
	people: number;
	version: number;
};

/** All roles in their order. */
export async function listRoles(db: Sql): Promise<RoleRecord[]> {
	const { rows } = await db.execute<RoleRecord>(sql`
		select r.id, r.code, r.name, r.view_scope as "viewScope", r.edit_scope as "editScope", r.permissions,
			(select count(*)::int from people p where p.role = r.code) as people, r.version
		from roles r order by r.position, r.id`);
	return rows;
}

/** One role. Throws NotFound. */
export async function findRole(db: Sql, roleId: number): Promise<RoleRecord> {
	const role = (await listRoles(db)).find(({ id }) => id === roleId);
	if (role === undefined) throw new NotFound('error.notFound');
	return role;
}
