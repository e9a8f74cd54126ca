import { type SQL, sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/access/rights.ts';
import { type ClientName, clientFoundBy } from '#src/features/clients/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { type PhoneWritings, type Reading, readingsOf, wrongAllowed } from './words.ts';

/*
 * The one search for clients: by the words of their names, of their contacts and mails, by ИНН and phones.
 * Who sees few people's clients has those looked through; who sees everybody's, an index. What a text says
 * exactly (in any form of its words, in either keyboard layout) comes first; only where there is none, what
 * it says with one letter wrong, and only then with two.
 */

/** Owners up to whom an actor's clients are looked through one by one, not the company's index. */
const FEW_OWNERS = 10;

const LISTED = sql`id, name, inn, owner_id, segment, region, status, archived_at`;

/**
 * The clients that an actor sees, with what lists are ordered and narrowed by: for reading them first, where
 * `clientVisibleTo` judges one. Own ones come from an index alone; whoever else's are looked up one by one.
 */
export function clientsVisibleTo(actor: Actor): SQL {
	const owned = (columns: SQL) =>
		sql`select ${columns} from clients where ${visibleTo(actor, sql`owner_id`)}`;
	return sql`${owned(LISTED)}
		union all select c.* from (
			select client_id from (
				select d.client_id from deals d
				where d.client_id is not null and ${visibleTo(actor, sql`d.owner_id`)}
				union select d.client_id from deal_collaborators helping join deals d on d.id = helping.deal_id
				where d.client_id is not null and helping.person_id = ${actor.id}
			) dealt where client_id not in (${owned(sql`id`)})
		) others
		cross join lateral (select ${LISTED} from clients where id = others.client_id offset 0) c`;
}

/** How far what is found may be from what was typed. */
export type Closeness = 'exact' | 'alike' | 'either';

/**
 * A query of the clients (`client_id`, `archived`) that a text finds among those that the actor sees;
 * `alike`: with letters wrong; `either`: so only where nothing is found exactly. `weighed` adds what they
 * are ordered by, the best first: `fit`, then `bare`, the name without its legal form. `among`: a query of few
 * clients that the actor sees (`id`), where no others are meant.
 */
export function clientsFound(
	actor: Actor,
	typed: string,
	closeness: Closeness = 'either',
	weighed = false,
	among?: SQL,
): SQL {
	const readings = readingsOf(typed);
	const columns = sql`s.client_id, s.archived ${weighed ? sql`, ${fitSql(readings)} as fit, s.bare` : sql``}`;
	if (readings.length === 0) return sql`select ${columns} from client_search s where false`;
	const fewOwners = actor.scope !== 'all' && actor.scope.length <= FEW_OWNERS;
	const stages = STAGES.filter(({ of }) => closeness === 'either' || of === closeness);
	const few = (fewOwners || among !== undefined) && closeness !== 'exact';
	const alike = few ? ownWordsAlike : companyWordsAlike;
	const meant = among && sql`s.client_id in (${among})`;
	const parts = stages.map(({ name, match }, at) => {
		const earlier = stages.slice(0, at).map((one) => sql.raw(one.name));
		const notYet = earlier.map((one) => sql`and not exists (select from ${one})`);
		return sql`${sql.raw(name)} as materialized (
			select ${columns} from client_search s
			where (${either(readings, (reading) => match(reading, alike))})
				and ${clientFoundBy(actor)} ${meant ? sql`and ${meant}` : sql``} ${sql.join(notYet, sql` `)})`;
	});
	const found = stages.map(({ name }) => sql`select * from ${sql.raw(name)}`);
	return sql`with ${sql.join([...(few ? [ownWordsSql(sql`${clientFoundBy(actor)} ${meant ? sql`and ${meant}` : sql``}`)] : []), ...parts], sql`, `)}
		${sql.join(found, sql` union all `)}`;
}

type Alike = (typed: string, wrong: number) => SQL;

const STAGES: { name: string; of: Closeness; match: (reading: Reading, alike: Alike) => SQL }[] = [
	{ name: 'exact', of: 'exact', match: exactly },
	{ name: 'near', of: 'alike', match: (reading, alike) => nearly(reading, 1, alike) },
	{ name: 'far', of: 'alike', match: (reading, alike) => nearly(reading, 2, alike) },
];

// Of all words of a company of a million more are nearly the typed one than anybody wants; of a person's they are few.
const companyWordsAlike: Alike = (typed, wrong) => sql`words_alike(${typed}, ${wrong}::int)`;
const ownWordsAlike: Alike = (typed, wrong) => sql`(
	select word from own_words where word_is_alike(word, ${typed}, ${wrong}::int) limit 200)`;

// Words of the clients that are meant, for who sees few of them.
function ownWordsSql(meant: SQL): SQL {
	return sql`own_words as materialized (
		select distinct word from client_search s, string_to_table(s.words, ' ') word where ${meant} and word <> ''
	)`;
}

const either = (readings: Reading[], match: (reading: Reading) => SQL): SQL =>
	sql.join(readings.map(match), sql` or `);

const all = (parts: SQL[]): SQL => sql`(${sql.join(parts, sql` and `)})`;

function exactly(reading: Reading): SQL {
	return all([...reading.words.map(wordSql), ...otherParts(reading)]);
}

function wordSql(word: string): SQL {
	if (word.length < 3) return sql`s.words like ${`% ${word}%`}`;
	return sql`(s.words like ${`%${word}%`} or s.vector @@ plainto_tsquery('russian', ${word}))`;
}

function otherParts({ mails, numbers }: Reading): SQL[] {
	const escaped = (text: string) => text.replace(/[\\%_]/g, '\\$&');
	return [
		...mails.map((mail) => sql`s.words like ${`%${escaped(mail)}%`}`),
		...numbers.map((number) => numberSql(number)),
	];
}

function numberSql({ within, ahead }: PhoneWritings): SQL {
	const patterns = [...within.map((one) => `%${one}%`), ...ahead.map((one) => `% ${one}%`)];
	const found = patterns.map((pattern) => sql`s.numbers like ${pattern}`);
	const named = within.slice(0, 1).map((one) => sql`s.words like ${`%${one}%`}`);
	return sql`(${sql.join([...found, ...named], sql` or `)})`;
}

// Words that are like the typed one: what they are forms of is found in the documents.
function nearly(reading: Reading, most: 1 | 2, alike: Alike): SQL {
	const { words } = reading;
	const allowed = words.map(wrongAllowed);
	if (!allowed.some((one) => one >= most)) return sql`false`;
	const parts = words.map((word, at) => {
		const wrong = Math.min(allowed[at] as number, most);
		if (wrong === 0) return wordSql(word);
		return sql`s.vector @@ (plainto_tsquery('russian', ${word}) || to_tsquery('simple', ${`${word}:*`}) || (
			select coalesce(string_agg(form::text, ' | '), '')::tsquery
			from ${alike(word, wrong)} alike(word), plainto_tsquery('russian', word) form
			where form::text <> ''))`;
	});
	return all([...parts, ...otherParts(reading)]);
}

// How well a found client fits, 1 the best: by its name as a whole, from its beginning, by the beginnings of
// words in it, by their insides, by anything else.
function fitSql(readings: Reading[]): SQL {
	const named = readings.filter(({ name }) => name !== '');
	if (named.length === 0) return sql`5`;
	const any = (match: (reading: Reading) => SQL) => sql.join(named.map(match), sql` or `);
	return sql`case
		when ${any(({ name }) => sql`s.bare = ${name}`)} then 1
		when ${any(({ name }) => sql`starts_with(s.bare, ${name})`)} then 2
		when ${any(({ words }) => all(words.map((word) => sql`' ' || s.bare like ${`% ${word}%`}`)))} then 3
		when ${any(({ words }) => all(words.map((word) => sql`s.bare like ${`%${word}%`}`)))} then 4
		else 5 end`;
}

/** Clients that a text finds, archived ones aside, the best first; `limit` at most. */
export async function suggestClients(
	db: Sql,
	actor: Actor,
	typed: string,
	limit: number,
): Promise<ClientName[]> {
	const { rows } = await db.execute<ClientName>(sql`
		select c.id, c.name, c.inn from (
			select client_id, fit, bare from (${clientsFound(actor, typed, 'either', true)}) found
			where not archived order by fit, bare, client_id limit ${limit}
		) found join clients c on c.id = found.client_id
		order by found.fit, found.bare, found.client_id`);
	return rows;
}
