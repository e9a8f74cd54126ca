import { sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { type Acting, type Actor, editable } from '#src/features/access/rights.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import {
	CONTACT,
	type Contact,
	clientConflict,
	findClientToEdit,
	type Point,
} from '#src/features/clients/record.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Forbidden, NotFound } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { setPoints } from './points.ts';

/** What people say of a contact; phones and mails as typed, the first ones first. */
export type ContactFacts = {
	name: string;
	position: string | null;
	role: string | null;
	bornOn: string | null;
	note: string | null;
	phones: string[];
	emails: string[];
};

/** A contact of a client that the actor may see. Throws NotFound for any other. */
export async function findContact(db: Sql, actor: Actor, contactId: number): Promise<Contact> {
	return (await findWithRights(db, actor, contactId)).contact;
}

/** A contact of a client that the actor may change. Throws NotFound, Forbidden for one that they only see. */
export async function findEditableContact(
	db: Sql,
	actor: Actor,
	contactId: number,
): Promise<Contact> {
	const { contact, allowed } = await findWithRights(db, actor, contactId);
	if (!allowed) throw new Forbidden('error.readOnly');
	return contact;
}

async function findWithRights(db: Sql, actor: Actor, contactId: number) {
	const { rows } = await db.execute<Contact & { allowed: boolean }>(sql`
		select ${CONTACT}, ${editable(actor, clientVisibleTo)} as allowed
		from contacts co join clients c on c.id = co.client_id
		where co.id = ${contactId} and ${clientVisibleTo(actor)}`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	const { allowed, ...contact } = rows[0];
	return { contact, allowed };
}

/** What somebody's phones or mails are, as typed. */
export function pointValues(points: readonly Point[], kind: Point['kind']): string[] {
	return points.filter((point) => point.kind === kind).map(({ value }) => value);
}

const EMPTY = { position: null, role: null, bornOn: null, note: null, phones: [], emails: [] };

/**
 * Adds a person to a client. Takes no version: it adds a record and overwrites nothing. Returns the
 * contact's id. Throws NotFound, RuleBroken for a merged client.
 */
export async function addContact(
	sqlOrTx: Sql,
	acting: Acting,
	clientId: number,
	contact: Partial<ContactFacts> & { name: string },
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		await findClientToEdit(tx, acting.actor, clientId);
		const id = await insertContact(tx, acting, clientId, contact);
		const data = { contactId: id, name: contact.name };
		await record(tx, acting, { type: 'contact.added', clientId, data });
		return id;
	});
}

/** Writes a new contact without an event of its own, for whoever makes the client with it. Returns its id. */
export async function insertContact(
	tx: Tx,
	acting: Acting,
	clientId: number,
	contact: Partial<ContactFacts> & { name: string },
): Promise<number> {
	const { phones, emails, ...facts } = { ...EMPTY, ...contact };
	const { rows } = await tx.execute<{ id: number }>(sql`
		insert into contacts (client_id, name, position, role, born_on, note, created_at)
		values (${clientId}, ${facts.name}, ${facts.position}, ${facts.role}, ${facts.bornOn},
			${facts.note}, ${momentOf(acting)}) returning id`);
	const contactId = rows[0]?.id as number;
	await setPoints(tx, { clientId, contactId }, 'phone', phones);
	await setPoints(tx, { clientId, contactId }, 'email', emails);
	return contactId;
}

/**
 * Saves what the form of a contact holds; what it does not hold stays as it is, and nothing is written where
 * nothing changed. Returns the version. Throws NotFound, Conflict for a stale version.
 */
export async function editContact(
	sqlOrTx: Sql,
	acting: Acting,
	contactId: number,
	version: number,
	edit: Partial<ContactFacts>,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const contact = await lockAtVersion(tx, acting.actor, contactId, version);
		const owner = { clientId: contact.clientId, contactId };
		const after = { ...factsOf(contact), ...edit };
		const changes = changesOf(factsOf(contact), after);
		if (Object.keys(changes).length === 0) return version;
		await tx.execute(sql`
			update contacts set name = ${after.name}, position = ${after.position}, role = ${after.role},
				born_on = ${after.bornOn}, note = ${after.note}, version = version + 1
			where id = ${contactId} and version = ${version}`);
		if (changes.phones) await setPoints(tx, owner, 'phone', after.phones);
		if (changes.emails) await setPoints(tx, owner, 'email', after.emails);
		const data = { contactId, name: contact.name, changes };
		await record(tx, acting, { type: 'contact.edited', clientId: contact.clientId, data });
		return version + 1;
	});
}

/** The facts of a contact, as its form holds them. */
export function factsOf(contact: Contact): ContactFacts {
	const { name, position, role, bornOn, note, points } = contact;
	const phones = pointValues(points, 'phone');
	return { name, position, role, bornOn, note, phones, emails: pointValues(points, 'email') };
}

function changesOf(before: ContactFacts, after: ContactFacts): Record<string, FieldChange> {
	const changes: Record<string, FieldChange> = {};
	const told = (value: string | string[] | null) =>
		Array.isArray(value) ? value.join(', ') || null : value;
	for (const name of Object.keys(before) as (keyof ContactFacts)[]) {
		const [from, to] = [told(before[name]), told(after[name])];
		if (from !== to) changes[name] = [from, to];
	}
	return changes;
}

/**
 * Puts a contact out of use, or back. History and steps keep naming it. Returns the version. Throws NotFound,
 * Conflict for a stale version.
 */
export async function archiveContact(
	sqlOrTx: Sql,
	acting: Acting,
	contactId: number,
	version: number,
	archived: boolean,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const { clientId, name, archivedAt } = await lockAtVersion(
			tx,
			acting.actor,
			contactId,
			version,
		);
		if ((archivedAt !== null) === archived) return version;
		await tx.execute(sql`
			update contacts set archived_at = ${archived ? momentOf(acting) : null}, version = version + 1
			where id = ${contactId} and version = ${version}`);
		const type = archived ? 'contact.archived' : 'contact.restored';
		await record(tx, acting, { type, clientId, data: { contactId, name } });
		return version + 1;
	});
}

/** Locks a contact for the rest of the transaction. Throws NotFound, Forbidden. */
export async function lockContact(tx: Tx, actor: Actor, contactId: number): Promise<Contact> {
	await tx.execute(sql`select from contacts where id = ${contactId} for update`);
	return await findEditableContact(tx, actor, contactId);
}

async function lockAtVersion(
	tx: Tx,
	actor: Actor,
	contactId: number,
	version: number,
): Promise<Contact> {
	const contact = await lockContact(tx, actor, contactId);
	if (contact.version !== version)
		throw await clientConflict(tx, contact.clientId, contact.version, contactId);
	return contact;
}
