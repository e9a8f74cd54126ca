import { type SQL, sql } from 'drizzle-orm';
import type { MessageKey } from '#src/platform/i18n/translate.ts';
import { ofContacts, type Subject } from './subjects.ts';

/** What stands where a value stood. */
export const MARKER = 'стёрто';

/** Rows of one table that speak of somebody, and what becomes of them; `called`: what the page says of them. */
export type Place = {
	called: MessageKey;
	table: string;
	where: SQL;
	/** What is written; absent: the rows go. */
	set?: SQL;
};

const among = (ids: readonly number[]) => sql`any(${sql.param(ids)}::bigint[])`;
const words = (names: readonly string[]) => sql.param(names);
const unless = (column: string) =>
	sql`${sql.identifier(column)} = case when ${sql.identifier(column)} is not null then ${MARKER} end`;
const numbered = sql`${'Стёрто № '} || id`;
// As JSON writes it, between its quotes.
const named = (text: SQL, names: readonly string[]) =>
	sql`exists (select from unnest(${words(names)}::text[]) name
		where strpos(${text}, substr(to_jsonb(name)::text, 2, length(to_jsonb(name)::text) - 2)) > 0)`;

/** Where somebody is spoken of, but for the events, in the order in which it is erased: the file of an import is found by its rows. */
export function placesOf(subject: Subject): Place[] {
	return [...ownPlaces(subject), ...stepPlaces(subject), ...sharedPlaces(subject)];
}

function ownPlaces({ clients, contacts, deals, person }: Subject): Place[] {
	const ofClients = sql`client_id = ${among(clients)}`;
	return [
		{
			...{ called: 'erasure.cards', table: 'clients', where: sql`id = ${among(clients)}` },
			set: sql`name = ${numbered}, inn = null, kpp = null, ogrn = null, bank_name = null, bic = null, account = null,
				correspondent_account = null, website = null, note = null, region = null, extra = '{}', external_ref = null,
				version = version + 1`,
		},
		{
			...{ called: 'erasure.contacts', table: 'contacts', where: sql`id = ${among(contacts)}` },
			set: sql`name = ${numbered}, position = null, role = null, born_on = null, note = null, version = version + 1`,
		},
		{
			...{ called: 'erasure.points', table: 'contact_points' },
			where: sql`(${ofClients} or contact_id = ${among(contacts)})`,
		},
		{ called: 'erasure.addresses', table: 'addresses', where: ofClients },
		{
			...{ called: 'erasure.deals', table: 'deals', where: sql`id = ${among(deals)}` },
			set: sql`title = ${numbered}, note = null, ${unless('close_comment')}, extra = '{}', version = version + 1`,
		},
		...(person === null ? [] : personPlaces(person)),
	];
}

function personPlaces({ id, login }: NonNullable<Subject['person']>): Place[] {
	const theirs = sql`person_id = ${id}`;
	const gone = (called: MessageKey, ...tables: string[]) =>
		tables.map((table) => ({ called, table, where: theirs }));
	const known = sql`lower(login) = lower(${login})`;
	return [
		{
			...{ called: 'erasure.people', table: 'people', where: sql`id = ${id}` },
			set: sql`name = ${numbered}, login = 'erased-' || id, email = null, external_ref = null, version = version + 1`,
		},
		...gone('erasure.sessions', 'sessions', 'local_passwords', 'identities'),
		{
			...{ called: 'erasure.sessions', table: 'waiting_accounts' },
			where: sql`(${theirs} or ${known})`,
		},
		{
			...{ called: 'erasure.sessions', table: 'sign_in_refusals', where: known },
			set: sql`login = ${MARKER}, address = ${MARKER}`,
		},
		...gone('erasure.calendars', 'calendar_links', 'calendar_accounts', 'calendar_feeds'),
		...gone('erasure.requests', 'requests_done', 'deal_viewers'),
		{
			...{ called: 'erasure.requests', table: 'held_forms' },
			where: sql`(${theirs} or lower(fields->>'login') = lower(${login}))`,
		},
	];
}

// Only its own calendar server has more of a step than its texts.
function stepPlaces({ steps }: Subject): Place[] {
	const theirs = sql`interaction_id = ${among(steps)}`;
	return [
		{
			...{ called: 'erasure.steps', table: 'interaction_series' },
			where: sql`id in (select series_id from interactions where id = ${among(steps)})`,
			set: sql`summary = ${MARKER}, ${unless('description')}, ${unless('place')}, version = version + 1`,
		},
		{
			...{ called: 'erasure.steps', table: 'interactions', where: sql`id = ${among(steps)}` },
			set: sql`summary = ${MARKER}, ${unless('description')}, ${unless('outcome')}, ${unless('place')}, version = version + 1`,
		},
		{
			...{ called: 'erasure.calendars', table: 'calendar_links' },
			where: sql`(${theirs} or copy_id = ${among(steps)})`,
			set: sql`text = null, stranger = null, fault = null`,
		},
		{ called: 'erasure.calendars', table: 'calendar_round_changes', where: theirs },
	];
}

function sharedPlaces(subject: Subject): Place[] {
	const { clients, contacts, deals, steps, person, names } = subject;
	const mailed = sql`(client_id = ${among(clients)} or deal_id = ${among(deals)} or interaction_id = ${among(steps)}
		or person_id = ${person?.id ?? null}::bigint or author_id = ${person?.id ?? null}::bigint
		or ${named(sql`concat(to_jsonb(subject), content, to_jsonb(name))`, names)})`;
	const rows = importedBy(subject);
	return [
		{ called: 'erasure.mails', table: 'mails', where: sql`status = 'queued' and ${mailed}` },
		{
			...{ called: 'erasure.mails', table: 'mails', where: sql`status <> 'queued' and ${mailed}` },
			set: sql`address = case when person_id is null or person_id = ${person?.id ?? null}::bigint then '' else address end,
				name = case when person_id is null or person_id = ${person?.id ?? null}::bigint then ${MARKER} else name end,
				subject = ${MARKER}, content = '[]', html = null, text = null, error = null`,
		},
		{
			...{ called: 'erasure.imports', table: 'import_chunks' },
			where: sql`import_id in (select import_id from import_rows where ${rows})`,
		},
		{
			...{ called: 'erasure.imports', table: 'import_rows', where: rows },
			set: sql`cells = erased(cells, '{}', ${MARKER}), reasons = '[]', results = (
				select coalesce(jsonb_agg((r - '{changes,doubts,notices}'::text[]) || jsonb_build_object('name', ${MARKER}::text)), '[]')
				from jsonb_array_elements(results) r)`,
		},
		{
			...{ called: 'erasure.imports', table: 'import_records', where: recordsOf(subject) },
			set: sql`changes = '{}'`,
		},
		{
			...{ called: 'erasure.requests', table: 'requests_done' },
			where: sql`(${named(sql`coalesce(result::text, '')`, names)} or exists (
				select from jsonb_path_query(coalesce(result, '{}'), 'lax $.** ? (@.type() == "object")') one
				where one->>'clientId' = any(${sql.param(clients.map(String))}::text[])
					or one->>'contactId' = any(${sql.param(contacts.map(String))}::text[])
					or one->>'dealId' = any(${sql.param(deals.map(String))}::text[])))`,
		},
		{
			...{ called: 'erasure.merges', table: 'client_merges' },
			where: sql`(survivor_id = ${among(clients)} or merged_ids && ${sql.param(clients)}::bigint[])`,
			set: sql`snapshot = erased(snapshot, '{legalKind,status,source,segment}', ${MARKER}) || '{"filled": []}', version = version + 1`,
		},
		{
			...{ called: 'erasure.merges', table: 'client_merges' },
			where: sql`exists (select from jsonb_array_elements(snapshot->'filled') one
				where (one->>'id')::bigint = ${among(contacts)})`,
			set: sql`snapshot = snapshot || '{"filled": []}', version = version + 1`,
		},
		{
			...{ called: 'erasure.merges', table: 'not_duplicates' },
			where: sql`client_ids && (${sql.param(clients)}::bigint[] || array(
				select client_id from contacts where id = ${among(contacts)}))`,
		},
	];
}

const importNouns = ({ clients, contacts, deals, steps, person }: Subject) =>
	Object.entries({
		...{ clients, contacts, deals, interactions: steps },
		people: person === null ? [] : [person.id],
	});

function recordsOf(subject: Subject): SQL {
	const every = importNouns(subject).map(
		([noun, ids]) => sql`(noun = ${noun} and record_id = ${among(ids)})`,
	);
	return sql`(${sql.join(every, sql` or `)})`;
}

// A row that changed nothing left no record, and one that was rejected is known by its cells alone.
function importedBy(subject: Subject): SQL {
	const every = importNouns(subject).map(
		([noun, ids]) => sql`(r->>'noun' = ${noun} and (r->>'id')::bigint = ${among(ids)})`,
	);
	return sql`((import_id, line) in (select import_id, line from import_records where ${recordsOf(subject)})
		or exists (select from jsonb_array_elements(results) r where ${sql.join(every, sql` or `)})
		or cells ?| ${words(subject.names)}::text[])`;
}

/** The events whose values go. */
export function eventsOf({ clients, contacts, deals, steps, person }: Subject): SQL {
	const id = String(person?.id ?? '');
	return sql`(client_id = ${among(clients)} or deal_id = ${among(deals)} or interaction_id = ${among(steps)}
		or ${ofContacts(contacts)}
		or (noun in ('person', 'password', 'session') and data->>'personId' = ${id})
		or (type = 'session.refused' and lower(data->>'login') = lower(${person?.login ?? null}::text)))`;
}
