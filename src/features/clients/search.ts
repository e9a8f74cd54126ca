import { type SQL, sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/auth/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { type ClientName, clientVisibleTo } from './queries.ts';
import { type PhoneWritings, type Reading, readingsOf, wrongAllowed } from './search-words.ts';

/*
 * The one search for clients: by the words of their names, of their contacts and mails, by ИНН and phones.
 * Who sees few people's clients has those looked through; who sees everybody's, an index. What a text says
 * exactly (in any form of its words, in either keyboard layout) comes first; only where there is none, what
 * it says with one letter wrong, and only then with two.
 */

/** Owners up to whom an actor's clients are looked through one by one, not the company's index. */
const FEW_OWNERS = 20;

/** The ids of the clients that an actor sees (`id`): for reading them first, where `clientVisibleTo` judges one. */
export function clientsVisibleTo(actor: Actor): SQL {
	return sql`select c.id from clients c where ${visibleTo(actor, sql`c.owner_id`)}
		union select d.client_id from deals d
			where d.client_id is not null and ${visibleTo(actor, sql`d.owner_id`)}
		union select d.client_id from deal_collaborators helping join deals d on d.id = helping.deal_id
			where d.client_id is not null and helping.person_id = ${actor.id}`;
}

/** How far what is found may be from what was typed. */
export type Closeness = 'exact' | 'alike' | 'either';

/**
 * A query of the clients (`client_id`) that a text finds among those that the actor sees; `alike`: with
 * letters wrong; `either`: so only where nothing is found exactly.
 */
export function clientsFound(actor: Actor, typed: string, closeness: Closeness = 'either'): SQL {
	const readings = readingsOf(typed);
	if (readings.length === 0) return sql`select null::bigint as client_id where false`;
	const few = actor.scope !== 'all' && actor.scope.length <= FEW_OWNERS;
	const stage = (match: SQL, earlier: string[]) => {
		const notYet = earlier.map((name) => sql`and not exists (select from ${sql.raw(name)})`);
		return sql`materialized (select s.client_id from client_search s
			where (${match}) and ${
				few
					? sql`s.client_id in (select id from mine)`
					: sql`exists (
				select from clients c where c.id = s.client_id and ${clientVisibleTo(actor)})`
			}
			${sql.join(notYet, sql` `)})`;
	};
	const exact = sql`exact as ${stage(
		either(readings, (one) => exactly(one, few)),
		[],
	)}`;
	const wrong = ([1, 2] as const).map((most) => either(readings, (one) => nearly(one, most)));
	const first = closeness === 'either' ? ['exact'] : [];
	const alike = [
		sql`near as ${stage(wrong[0] as SQL, first)}`,
		sql`far as ${stage(wrong[1] as SQL, [...first, 'near'])}`,
	];
	const parts = closeness === 'exact' ? [exact] : closeness === 'alike' ? alike : [exact, ...alike];
	const names = { exact: ['exact'], alike: ['near', 'far'], either: ['exact', 'near', 'far'] };
	const mine = few ? [sql`mine as materialized (${clientsVisibleTo(actor)})`] : [];
	return sql`with ${sql.join([...mine, ...parts], sql`, `)} ${sql.join(
		names[closeness].map((name) => sql`select client_id from ${sql.raw(name)}`),
		sql` union all `,
	)}`;
}

const either = (readings: Reading[], match: (reading: Reading) => SQL): SQL =>
	sql.join(readings.map(match), sql` or `);

const all = (parts: SQL[]): SQL => sql`(${sql.join(parts, sql` and `)})`;

// Of few clients the texts are read: an index of everybody's would find more than those.
function exactly(reading: Reading, few: boolean): SQL {
	const plain = few ? sql` || ''` : sql``;
	return all([...reading.words.map((word) => wordSql(word, plain)), ...otherParts(reading, plain)]);
}

function wordSql(word: string, plain: SQL): SQL {
	if (word.length < 3) return sql`s.words${plain} like ${`% ${word}%`}`;
	return sql`(s.words${plain} like ${`%${word}%`}
		or s.vector @@ plainto_tsquery('russian', ${word}))`;
}

function otherParts({ mails, numbers }: Reading, plain: SQL): SQL[] {
	const escaped = (text: string) => text.replace(/[\\%_]/g, '\\$&');
	return [
		...mails.map((mail) => sql`s.words${plain} like ${`%${escaped(mail)}%`}`),
		...numbers.map((number) => numberSql(number, plain)),
	];
}

function numberSql({ within, ahead }: PhoneWritings, plain: SQL): SQL {
	const patterns = [...within.map((one) => `%${one}%`), ...ahead.map((one) => `% ${one}%`)];
	const found = patterns.map((pattern) => sql`s.numbers${plain} like ${pattern}`);
	const named = within.slice(0, 1).map((one) => sql`s.words${plain} like ${`%${one}%`}`);
	return sql`(${sql.join([...found, ...named], sql` or `)})`;
}

// Words of the company's that are like the typed one: what they are forms of is found in the documents.
function nearly(reading: Reading, most: 1 | 2): SQL {
	const { words } = reading;
	const allowed = words.map(wrongAllowed);
	if (!allowed.some((one) => one >= most)) return sql`false`;
	const parts = words.map((word, at) => {
		const wrong = Math.min(allowed[at] as number, most);
		if (wrong === 0) return wordSql(word, sql``);
		return sql`s.vector @@ (plainto_tsquery('russian', ${word}) || to_tsquery('simple', ${`${word}:*`}) || (
			select coalesce(string_agg(form::text, ' | '), '')::tsquery
			from words_alike(${word}, ${wrong}::int) word, plainto_tsquery('russian', word) form
			where form::text <> ''))`;
	});
	return all([...parts, ...otherParts(reading, sql``)]);
}

/**
 * How well a found client fits, as a digit, 1 the best: by its name as a whole, from its beginning, by all
 * words in the name, by anything else. SQL on `w` (client_search).
 */
export function fitSql(typed: string): SQL {
	const named = readingsOf(typed).filter(({ name }) => name !== '');
	if (named.length === 0) return sql`5::int`;
	const any = (match: (reading: Reading) => SQL) => sql.join(named.map(match), sql` or `);
	return sql`case
		when ${any(({ name }) => sql`w.bare = ${name}`)} then 1
		when ${any(({ name }) => sql`starts_with(w.bare, ${name})`)} then 2
		when ${any(({ words }) => all(words.map((word) => sql`' ' || w.bare like ${`% ${word}%`}`)))} then 3
		when ${any(({ words }) => all(words.map((word) => sql`w.bare like ${`%${word}%`}`)))} then 4
		else 5 end`;
}

/** Of very many found only so many are weighed: more typing helps the person better than more reading. */
const WEIGHED = 5_000;

/** Clients that a text finds, archived ones aside, the best first; `limit` at most. */
export async function suggestClients(
	db: Sql,
	actor: Actor,
	typed: string,
	limit: number,
): Promise<ClientName[]> {
	const { rows } = await db.execute<ClientName>(sql`
		select c.id, c.name, c.inn
		from (select client_id from (${clientsFound(actor, typed)}) found limit ${WEIGHED}) found
		join clients c on c.id = found.client_id join client_search w on w.client_id = c.id
		where c.archived_at is null
		order by ${fitSql(typed)}, c.name, c.id limit ${limit}`);
	return rows;
}
