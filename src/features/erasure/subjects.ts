import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';

/** Of whom what is known can be erased. */
export const SUBJECTS = ['client', 'contact', 'person'] as const;
export type SubjectNoun = (typeof SUBJECTS)[number];

/** Whose values go. A company is no person: of it only its contacts are. */
export type Subject = {
	noun: SubjectNoun;
	id: number;
	/** As it is called now; absent where only the history is left of it. */
	name: string | null;
	version: number;
	/** A company, of which the contacts alone are erased. */
	company: boolean;
	/** Clients that are people themselves, with those that were merged into them. */
	clients: number[];
	contacts: number[];
	deals: number[];
	steps: number[];
	person: { id: number; login: string; active: boolean; role: string } | null;
	/** What they were ever called here, and their mails: letters and rows of files tell of them by no other sign. */
	names: string[];
};

type Found = Pick<Subject, 'name' | 'version'> & { legalKind?: string };

/** Finds of whom something is known, also where only the history knows. Throws NotFound. */
export async function findSubject(db: Sql, noun: SubjectNoun, id: number): Promise<Subject> {
	if (noun === 'person') return await findPersonSubject(db, id);
	return noun === 'client' ? await findClientSubject(db, id) : await findContactSubject(db, id);
}

/** The id of the person with this login. Throws NotFound. */
export async function personOf(db: Sql, login: string): Promise<number> {
	const { rows } = await db.execute<{ id: number }>(
		sql`select id from people where lower(login) = lower(${login})`,
	);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0].id;
}

async function findPersonSubject(db: Sql, id: number): Promise<Subject> {
	type Row = { name: string; version: number; login: string; active: boolean; role: string };
	const { rows } = await db.execute<Row>(
		sql`select name, version, login, active, role from people where id = ${id}`,
	);
	const [found] = rows;
	if (found === undefined) throw new NotFound('error.notFound');
	const { login, active, role } = found;
	const names = await namesIn(db, sql`noun = 'person' and record_id = ${id}`, [found.name]);
	const subject = whole('person', id, found, names);
	return { ...subject, person: { id, login, active, role } };
}

async function findClientSubject(db: Sql, id: number): Promise<Subject> {
	const { rows } = await db.execute<Found & { family: number[] }>(sql`
		with recursive up as (
			select id, merged_into from clients where id = ${id}
			union select c.id, c.merged_into from clients c join up on c.id = up.merged_into
		), down as (
			select id from up where merged_into is null
			union select c.id from clients c join down on c.merged_into = down.id
		)
		select name, version, legal_kind as "legalKind", (select array_agg(id order by id) from down) as family
		from clients where id = ${id}`);
	const [found] = rows;
	// Of one that was removed for good nobody knows any more whether it was a company.
	const family = (found?.family ?? [id]).map(Number);
	const company = found?.legalKind === 'company' || found?.legalKind === 'government';
	const these = sql`any(${sql.param(family)}::bigint[])`;
	const contacts = await idsOf(db, sql`select id from contacts where client_id = ${these}`);
	if (company) {
		const names = await contactNames(db, contacts);
		const steps = await stepsOfContacts(db, contacts);
		return { ...whole('client', id, found, names), company, contacts, steps };
	}
	const deals = await idsOf(db, sql`select id from deals where client_id = ${these}`);
	const steps = await idsOf(
		db,
		sql`select id from interactions where client_id = ${these}
			or deal_id = any(${sql.param(deals)}::bigint[]) or contact_id = any(${sql.param(contacts)}::bigint[])`,
	);
	const { rows: called } = await db.execute<{ name: string }>(sql`
		select name from clients where id = ${these} union select name from contacts where client_id = ${these}
		union select value from contact_points where client_id = ${these} and kind = 'email'`);
	const names = await namesIn(
		db,
		sql`client_id = ${these} and noun in ('client', 'contact')`,
		called.map(({ name }) => name),
	);
	if (found === undefined && !(await isTold(db, sql`client_id = ${id}`)))
		throw new NotFound('error.notFound');
	return { ...whole('client', id, found, names), clients: family, contacts, deals, steps };
}

async function findContactSubject(db: Sql, id: number): Promise<Subject> {
	const { rows } = await db.execute<Found>(
		sql`select name, version from contacts where id = ${id}`,
	);
	if (rows[0] === undefined && !(await isTold(db, ofContacts([id]))))
		throw new NotFound('error.notFound');
	const names = await contactNames(db, [id]);
	const steps = await stepsOfContacts(db, [id]);
	return { ...whole('contact', id, rows[0], names), contacts: [id], steps };
}

const whole = (
	noun: SubjectNoun,
	id: number,
	found: Found | undefined,
	names: string[],
): Subject => ({
	...{ noun, id, name: found?.name ?? null, version: found?.version ?? 1, names },
	...{ company: false, clients: [], contacts: [], deals: [], steps: [], person: null },
});

/** The events of contacts, wherever the client that they were at is now. */
export const ofContacts = (ids: readonly number[]) =>
	sql`(noun = 'contact' and type <> 'contact.erased' and record_id = any(${sql.param(ids)}::bigint[]))`;

const stepsOfContacts = (db: Sql, ids: number[]) =>
	idsOf(db, sql`select id from interactions where contact_id = any(${sql.param(ids)}::bigint[])`);

async function contactNames(db: Sql, ids: number[]): Promise<string[]> {
	const { rows } = await db.execute<{ name: string }>(
		sql`select name from contacts where id = any(${sql.param(ids)}::bigint[])
			union select value from contact_points where contact_id = any(${sql.param(ids)}::bigint[]) and kind = 'email'`,
	);
	const now = rows.map(({ name }) => name);
	return ids.length === 0 ? now : await namesIn(db, ofContacts(ids), now);
}

async function idsOf(db: Sql, query: ReturnType<typeof sql>): Promise<number[]> {
	const { rows } = await db.execute<{ id: number }>(query);
	return rows.map(({ id }) => id);
}

async function isTold(db: Sql, which: ReturnType<typeof sql>): Promise<boolean> {
	const { rows } = await db.execute<{ told: boolean }>(
		sql`select exists (select from events where ${which}) as told`,
	);
	return rows[0]?.told === true;
}

// Shorter ones would be found in what speaks of somebody else.
const LEAST_NAME = 4;

async function namesIn(db: Sql, which: ReturnType<typeof sql>, now: string[]): Promise<string[]> {
	const { rows } = await db.execute<{ name: string }>(sql`
		select distinct name #>> '{}' as name from events, jsonb_path_query(data,
			'strict $.** ? (@.type() == "object").keyvalue() ? (@.key == "name" || @.key == "names" || @.key == "emails" || @.key == "email").value') value,
			jsonb_path_query(value, 'lax $[*] ? (@.type() == "string")') name
		where ${which}`);
	const all = [...now, ...rows.map(({ name }) => name)];
	return [...new Set(all)].filter((name) => name.length >= LEAST_NAME);
}
