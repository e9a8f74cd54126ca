import { type SQL, sql } from 'drizzle-orm';
import { demandRoles } from '#src/features/access/grants.ts';
import { type Acting, mayErase } from '#src/features/access/rights.ts';
import { codesOf } from '#src/features/audit/fields.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Conflict, Forbidden, InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { UNERASED } from '#src/platform/history/erased.ts';
import { type By, record } from '#src/platform/history/record.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';
import { eventsOf, MARKER, type Place, placesOf } from './places.ts';
import { findSubject, type Subject, type SubjectNoun } from './subjects.ts';

/** Holds that the actor may erase: who sets up people and has everybody's records. Throws Forbidden. */
export function erasersOnly({ actor }: Pick<Acting, 'actor'>): void {
	if (!mayErase(actor)) throw new Forbidden('error.forbidden');
}

/** How many rows of a kind would be overwritten or go. */
export type Tally = { called: MessageKey; rows: number };

/** What would be erased of somebody, by kind; kinds of which there is nothing are left out. */
export async function tallyErasure(db: Sql, subject: Subject): Promise<Tally[]> {
	const sums = new Map<MessageKey, number>();
	const add = (called: MessageKey, rows: number) =>
		sums.set(called, (sums.get(called) ?? 0) + rows);
	for (const { called, table, where } of placesOf(subject))
		add(called, await count(db, sql`${sql.identifier(table)} where ${where}`));
	add('erasure.events', await count(db, sql`events where ${unerased(eventsOf(subject))}`));
	add('erasure.ips', await count(db, sql`events where ${addressesOf(subject)}`));
	return [...sums].map(([called, rows]) => ({ called, rows })).filter(({ rows }) => rows > 0);
}

async function count(db: Sql, from: SQL): Promise<number> {
	const { rows } = await db.execute<{ rows: number }>(
		sql`select count(*)::int as rows from ${from}`,
	);
	return rows[0]?.rows ?? 0;
}

const unerased = (which: SQL) => sql`${which} and ${UNERASED}`;
const addressesOf = ({ person }: Subject) =>
	sql`actor_id = ${person?.id ?? null}::bigint and ip is not null`;

/** What is asked to be erased: its number typed once more, in the version that was looked at. */
export type Asked = { noun: SubjectNoun; id: number; typed: number; version?: number };

/**
 * Overwrites all that is known of somebody, wherever it stands, and notes that it was done. What happened, when and by
 * whom stays. Returns how many rows. Throws Forbidden, NotFound, InvalidForm where the number is another, Conflict for a
 * stale version, NotGranted, RuleBroken for somebody who still works here and for a company of which nobody is known.
 */
export async function erase(
	sqlOrTx: Sql,
	by: By & { actor?: Acting['actor'] },
	{ noun, id, typed, version }: Asked,
): Promise<number> {
	if (by.actor) erasersOnly({ actor: by.actor });
	return await transact(sqlOrTx, async (tx) => {
		// One after the other, and nobody changes meanwhile what is overwritten.
		await tx.execute(sql`select pg_advisory_xact_lock(hashtext('erasure'), 0)`);
		const subject = await lockSubject(tx, noun, id);
		if (typed !== id) throw new InvalidForm({ typed: { key: 'erasure.otherNumber' } }, {});
		if (version !== undefined && version !== subject.version)
			throw new Conflict({ version: subject.version, at: null, by: null });
		if (subject.person?.active) throw new RuleBroken('erasure.works', { name: subject.name ?? '' });
		if (by.actor && subject.person) await demandRoles(tx, by.actor, [subject.person.role]);
		const rows = await overwrite(tx, subject);
		await record(tx, by, happened(subject, rows, await clientOf(tx, subject)));
		return rows;
	});
}

async function lockSubject(tx: Tx, noun: SubjectNoun, id: number): Promise<Subject> {
	const table = { client: 'clients', contact: 'contacts', person: 'people' }[noun];
	await tx.execute(sql`select from ${sql.identifier(table)} where id = ${id} for update`);
	const { clients, deals, steps, contacts } = await findSubject(tx, noun, id);
	for (const [name, ids] of Object.entries({ deals, interactions: steps, clients, contacts }))
		await tx.execute(sql`select from ${sql.identifier(name)}
			where id = any(${sql.param(ids)}::bigint[]) order by id for update`);
	return await findSubject(tx, noun, id);
}

async function overwrite(tx: Tx, subject: Subject): Promise<number> {
	let rows = await eraseEvents(tx, eventsOf(subject));
	await forgetWords(tx, subject);
	for (const place of placesOf(subject)) rows += await apply(tx, place);
	rows += await eraseAddresses(tx, addressesOf(subject));
	return rows;
}

async function apply(tx: Tx, { table, where, set }: Place): Promise<number> {
	const name = sql.identifier(table);
	const { rowCount } = await tx.execute(
		set ? sql`update ${name} set ${set} where ${where}` : sql`delete from ${name} where ${where}`,
	);
	return rowCount ?? 0;
}

/** Overwrites the values of these events by the marker; the address goes too. Returns how many there were. */
export async function eraseEvents(tx: Tx, which: SQL): Promise<number> {
	const { rows: types } = await tx.execute<{ type: string }>(
		sql`select distinct type from events where ${unerased(which)}`,
	);
	await tx.execute(sql`select set_config('app.erasing', 'yes', true)`);
	let erased = 0;
	for (const { type } of types) {
		const { rowCount } = await tx.execute(sql`
			update events set data = erased(data, ${sql.param(codesOf(type))}::text[], ${MARKER}) || '{"erased": true}',
				ip = null
			where ${unerased(which)} and type = ${type}`);
		erased += rowCount ?? 0;
	}
	await tx.execute(sql`select set_config('app.erasing', 'no', true)`);
	return erased;
}

/** Takes the addresses out of these events. Returns of how many. */
export async function eraseAddresses(tx: Tx, which: SQL): Promise<number> {
	await tx.execute(sql`select set_config('app.erasing', 'yes', true)`);
	const { rowCount } = await tx.execute(sql`update events set ip = null where ${which}`);
	await tx.execute(sql`select set_config('app.erasing', 'no', true)`);
	return rowCount ?? 0;
}

// Words that no other client has, also of names that are no more; what is still said is written again at the end of the
// transaction.
async function forgetWords(tx: Tx, { clients, contacts, names }: Subject): Promise<void> {
	await tx.execute(sql`
		with these as (
			select client_id, words from client_search where client_id = any(${sql.param(clients)}::bigint[] || array(
				select client_id from contacts where id = any(${sql.param(contacts)}::bigint[])))
		), said as (
			select words from these union all select search_words(name) from unnest(${sql.param(names)}::text[]) name
		)
		delete from client_words where word in (
			select word from said, string_to_table(words, ' ') word
			where not exists (select from client_search other where other.words like '% ' || word || ' %'
				and other.client_id not in (select client_id from these)))`);
}

async function clientOf(tx: Tx, { noun, id }: Subject): Promise<number | null> {
	if (noun !== 'contact') return null;
	const { rows } = await tx.execute<{ clientId: number }>(
		sql`select client_id as "clientId" from contacts where id = ${id}`,
	);
	return rows[0]?.clientId ?? null;
}

function happened({ noun, id }: Subject, rows: number, clientId: number | null) {
	if (noun === 'client') return { type: 'client.erased', clientId: id, data: { rows } } as const;
	if (noun === 'person') return { type: 'person.erased', data: { personId: id, rows } } as const;
	const about = clientId === null ? {} : { clientId };
	return { type: 'contact.erased', ...about, data: { contactId: id, rows } } as const;
}
