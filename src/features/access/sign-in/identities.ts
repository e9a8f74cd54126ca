import { sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { type GroupMapping, givenBy } from '#src/features/access/groups/groups.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { recordEnd } from '#src/features/access/sessions/actions.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { LOCKS } from '#src/platform/db/locks.ts';
import { type By, record } from '#src/platform/history/record.ts';

/** What a directory says of somebody. `subject` under `issuer` is who it is; all else may change. */
export type Claims = {
	issuer: string;
	subject: string;
	login: string;
	name: string | null;
	email: string | null;
	groups: readonly string[];
};

/** When somebody comes, and from which address. */
type At = Pick<By, 'now' | 'ip'>;

/** How those are taken in whom nobody knows yet. */
export type Admission = {
	newPeople: 'active' | 'mapped' | 'waiting';
	linkByLogin: boolean;
	language: string;
	timeZone: string;
};

/** Who signed in, and whether they may come in. */
export type Admitted = {
	personId: number;
	state: 'active' | 'waiting' | 'disabled';
};

/** The login is somebody else's already, and only an administrator can say that both are one. */
export class LoginTaken extends Error {
	readonly personId: number;
	constructor(personId: number) {
		super('login taken');
		this.personId = personId;
	}
}

type Person = {
	id: number;
	login: string;
	name: string;
	email: string | null;
	role: string;
	teamId: number | null;
	active: boolean;
	waiting: boolean;
	rightsMapped: boolean;
};

const COLUMNS = sql`p.id, p.login, p.name, p.email, p.role, p.team_id as "teamId", p.active, p.waiting,
	p.rights_mapped as "rightsMapped"`;
const LEAST_ROLE = 'manager';

/**
 * Finds the person of an account, or makes one at its first sign-in, and brings name, address, role and
 * team up to what the directory says now. Throws LoginTaken.
 */
export async function admit(
	tx: Tx,
	claims: Claims,
	admission: Admission,
	at: At,
): Promise<Admitted> {
	const person = (await findByAccount(tx, claims)) ?? (await firstTime(tx, claims, admission, at));
	await tx.execute(sql`
		update identities set seen_at = ${at.now}
		where issuer = ${claims.issuer} and subject = ${claims.subject}`);
	const { active, waiting } = await bringUp(tx, person, claims, admission, at);
	return { personId: person.id, state: active ? 'active' : waiting ? 'waiting' : 'disabled' };
}

async function findByAccount(tx: Tx, { issuer, subject }: Claims): Promise<Person | null> {
	const { rows } = await tx.execute<Person>(sql`
		select ${COLUMNS} from identities i join people p on p.id = i.person_id
		where i.issuer = ${issuer} and i.subject = ${subject} for update of p`);
	return rows[0] ? read(rows[0]) : null;
}

const read = (row: Person): Person => ({
	...row,
	id: Number(row.id),
	teamId: row.teamId === null ? null : Number(row.teamId),
});

async function firstTime(tx: Tx, claims: Claims, admission: Admission, at: At): Promise<Person> {
	// Two browsers of one person may come for the first time at once.
	await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.admissions})`);
	const known = await findByAccount(tx, claims);
	if (known) return known;
	const { rows } = await tx.execute<Person & { mine: boolean }>(sql`
		select ${COLUMNS}, p.active
			and not exists (select from identities i where i.person_id = p.id and i.issuer = ${claims.issuer})
			and not exists (select from local_passwords l where l.person_id = p.id) as mine
		from people p where lower(p.login) = ${claims.login} order by p.id limit 1 for update of p`);
	const namesake = rows[0];
	if (namesake && !(namesake.mine && admission.linkByLogin))
		throw new LoginTaken(Number(namesake.id));
	const person = namesake ? read(namesake) : await makePerson(tx, claims, admission);
	const { issuer, subject } = claims;
	await tx.execute(sql`
		insert into identities (issuer, subject, person_id, created_at, seen_at)
		values (${issuer}, ${subject}, ${person.id}, ${at.now}, ${at.now})`);
	const by = { actorId: person.id, door: 'form', ...at } as const;
	const { id: personId, login, name, role } = person;
	await record(
		tx,
		by,
		namesake
			? { type: 'person.linked', data: { personId, issuer, subject } }
			: {
					type: 'person.created',
					data: { personId, login, name, role, waiting: person.waiting },
				},
	);
	return person;
}

async function makePerson(tx: Tx, claims: Claims, admission: Admission): Promise<Person> {
	const { login, name, email } = claims;
	const given = givenBy(await listMappings(tx), claims.groups, null);
	const active =
		admission.newPeople === 'active' || (admission.newPeople === 'mapped' && given.role !== null);
	const { rows } = await tx.execute<Person>(sql`
		insert into people as p (login, name, email, role, team_id, language, time_zone, active, waiting,
			rights_mapped)
		values (${login}, ${name ?? login}, ${email}, ${given.role ?? LEAST_ROLE}, ${given.teamId},
			${admission.language}, ${admission.timeZone}, ${active}, ${!active}, ${given.role !== null})
		returning ${COLUMNS}`);
	return read(rows[0] as Person);
}

async function listMappings(tx: Tx): Promise<GroupMapping[]> {
	const { rows } = await tx.execute<GroupMapping>(sql`
		select pattern, role, team_id as "teamId" from group_mappings order by position, id`);
	return rows.map((row) => ({ ...row, teamId: row.teamId === null ? null : Number(row.teamId) }));
}

// Somebody whose role came from a group that they left has no more than anybody else.
async function bringUp(
	tx: Tx,
	person: Person,
	claims: Claims,
	admission: Admission,
	at: At,
): Promise<Person> {
	const given = givenBy(await listMappings(tx), claims.groups, person.teamId);
	const lost = given.role === null && person.rightsMapped;
	const wanted: Person = {
		...person,
		name: claims.name ?? person.name,
		email: claims.email ?? person.email,
		role: given.role ?? (lost ? LEAST_ROLE : person.role),
		teamId: given.teamId ?? person.teamId,
		rightsMapped: given.role !== null,
	};
	if (lost && person.active && admission.newPeople !== 'active')
		Object.assign(wanted, { active: false, waiting: true });
	if (person.waiting && given.role !== null && admission.newPeople === 'mapped')
		Object.assign(wanted, { active: true, waiting: false });
	const changes = changesOf(person, wanted);
	if (Object.keys(changes).length === 0) return person;
	await tx.execute(sql`
		update people set name = ${wanted.name}, email = ${wanted.email}, role = ${wanted.role},
			team_id = ${wanted.teamId}, active = ${wanted.active}, waiting = ${wanted.waiting},
			rights_mapped = ${wanted.rightsMapped}, version = version + 1
		where id = ${person.id}`);
	const { rightsMapped: _, ...told } = changes;
	if (Object.keys(told).length > 0)
		await record(
			tx,
			{ actorId: person.id, door: 'form', ...at },
			{ type: 'person.mapped', data: { personId: person.id, changes: told } },
		);
	return wanted;
}

function changesOf(before: Person, after: Person): Record<string, FieldChange> {
	const names = Object.keys(before) as (keyof Person)[];
	return Object.fromEntries(
		names
			.filter((name) => before[name] !== after[name])
			.map((name) => [name, [before[name], after[name]]]),
	);
}

/** Remembers whom an administrator is to be asked about: an account whose login is a person's already. */
export async function keepWaiting(
	db: Sql,
	{ issuer, subject, login, name, email }: Claims,
	personId: number,
	now: Date,
): Promise<void> {
	await db.execute(sql`
		insert into waiting_accounts (issuer, subject, login, name, email, person_id, at)
		values (${issuer}, ${subject}, ${login}, ${name}, ${email}, ${personId}, ${now})
		on conflict (issuer, subject) do update set login = excluded.login, name = excluded.name,
			email = excluded.email, person_id = excluded.person_id, at = excluded.at`);
}

/** Parts a person from their accounts, so that the next sign-in of the same login is taken for theirs. */
export async function unlinkPerson(tx: Tx, acting: Acting, personId: number): Promise<void> {
	const { rowCount } = await tx.execute(sql`delete from identities where person_id = ${personId}`);
	const ended = await tx.execute(sql`delete from sessions where person_id = ${personId}`);
	if (rowCount)
		await record(tx, acting, { type: 'person.unlinked', data: { personId, accounts: rowCount } });
	else await recordEnd(tx, acting, 'administrator', personId, ended.rowCount ?? 0);
}
