import { type SQL, sql } from 'drizzle-orm';
import type { Noun } from '#src/events.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { readKeyset, readPlace, type SortBy } from '#src/platform/db/keyset.ts';
import { textMatches } from '#src/platform/db/text-search.ts';
import type { AuditWords } from './words.ts';

/** An event as it stands, with the name of who did it. */
export type AuditEvent = {
	id: number;
	type: string;
	noun: string;
	/** Of what the event is about; null where it has none, or is about nothing that has one. */
	recordId: number | null;
	at: Date;
	actorId: number | null;
	actorName: string | null;
	door: string;
	ip: string | null;
	dealId: number | null;
	clientId: number | null;
	interactionId: number | null;
	data: Record<string, unknown>;
};

/** What of the log is looked at; null: all of it. */
export type AuditFilter = {
	personId: number | null;
	noun: string | null;
	record: { noun: string; id: number } | null;
	/** Words of a deal's title or a client's name. */
	named: string | null;
	from: Date | null;
	before: Date | null;
};

/** Of so many records of a name the log is read, the newest: a word that all have means none of them. */
const MOST_NAMED = 50;
const BY_TIME: SortBy = { by: sql`e.at`, type: 'moment' };

/**
 * A page of the log, newest first, and where the next one begins. Whoever may read the log reads all of it.
 * Throws BadRequest for a place that no link of ours names.
 */
export async function listAudit(
	db: Sql,
	filter: AuditFilter,
	{ after, limit }: { after: string | null; limit: number },
): Promise<{ rows: AuditEvent[]; next: string | null }> {
	return await readKeyset<AuditEvent>(db, {
		columns: sql`e.id, e.type, e.noun, e.record_id as "recordId", e.at, e.actor_id as "actorId", p.name as "actorName", e.door, e.ip,
			e.deal_id as "dealId", e.client_id as "clientId", e.interaction_id as "interactionId", e.data`,
		from: sql`events e`,
		where: conditions(filter),
		sorting: { ...BY_TIME, descending: true },
		id: sql`e.id`,
		after: after === null ? null : readPlace(after, BY_TIME),
		limit,
		details: sql`join events e on e.id = k.id left join people p on p.id = e.actor_id`,
	});
}

function conditions({ personId, noun, record, named, from, before }: AuditFilter): SQL {
	const parts: SQL[] = [];
	if (personId !== null) parts.push(sql`e.actor_id = ${personId}`);
	if (noun !== null) parts.push(sql`e.noun = ${noun}`);
	if (record !== null) parts.push(ofRecord(record));
	if (named !== null) parts.push(ofNamed(named));
	if (from !== null) parts.push(sql`e.at >= ${from}`);
	if (before !== null) parts.push(sql`e.at < ${before}`);
	return parts.length > 0 ? sql.join(parts, sql` and `) : sql`true`;
}

function ofRecord({ noun, id }: { noun: string; id: number }): SQL {
	if (noun === 'deal') return sql`e.deal_id = ${id}`;
	if (noun === 'client') return sql`e.client_id = ${id}`;
	return sql`e.noun = ${noun} and e.record_id = ${id}`;
}

// By their ids, as an array: an `or` would be looked for along the whole log, from its newest line on.
function ofNamed(typed: string): SQL {
	const events = (key: SQL, table: SQL, name: SQL) => sql`
		select id from events where ${key} = any(array(
			select id from ${table} where ${textMatches(name, typed)} order by id desc limit ${MOST_NAMED}))`;
	return sql`e.id = any(array(
		${events(sql`deal_id`, sql`deals`, sql`title_search`)}
		union all ${events(sql`client_id`, sql`clients`, sql`name_search`)}))`;
}

/** Everybody who can have done something, by name. */
export async function listActors(db: Sql): Promise<{ id: number; name: string }[]> {
	const { rows } = await db.execute<{ id: number; name: string }>(
		sql`select id, name from people order by name collate "russian", id`,
	);
	return rows;
}

/** What can be named: records of nouns by their ids, roles also by their codes. */
export type Named = Noun | 'roleCode';

/** Names by what they name and by id. */
export type Names = Map<string, Map<string, string>>;

const ROLE_CODES = { table: sql`roles`, name: sql`coalesce(name, code)` };

/** The names of these records, in one statement; those that are gone have none. */
export async function readNames(
	db: Sql,
	wanted: Map<string, Set<string>>,
	{ nouns }: AuditWords,
): Promise<Names> {
	const parts = [...wanted].flatMap(([noun, ids]) => {
		const [key, type] = noun === 'roleCode' ? [sql`code`, sql`text`] : [sql`id`, sql`bigint`];
		const found = noun === 'roleCode' ? ROLE_CODES : nouns.get(noun)?.named;
		if (found === undefined) return [];
		const given = sql`${sql.param([...ids])}::${type}[]`;
		return [
			sql`select ${noun}::text, ${key}::text, ${found.name} from ${found.table} where ${key} = any(${given})`,
		];
	});
	if (parts.length === 0) return new Map();
	const { rows } = await db.execute<{ noun: string; key: string; name: string }>(
		sql`select * from (${sql.join(parts, sql` union all `)}) n(noun, key, name)`,
	);
	const byNoun = Map.groupBy(rows, ({ noun }) => noun);
	return new Map(
		[...byNoun].map(([noun, some]) => [noun, new Map(some.map(({ key, name }) => [key, name]))]),
	);
}
