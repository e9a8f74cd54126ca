import { type SQL, sql } from 'drizzle-orm';
import { type Actor, editable } from '#src/features/access/rights.ts';
import type { ExtraValues } from '#src/features/company/extra-fields/tables.ts';
import type { LEGAL_KINDS } from '#src/features/company/requisites.ts';
import type { Tag } from '#src/features/company/tags/tags.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { Conflict, Forbidden, NotFound, RuleBroken } from '#src/platform/errors.ts';
import { clientVisibleTo } from './queries.ts';
import type { ADDRESS_KINDS, CLIENT_STATUSES } from './tables.ts';

/** The columns of a client that people fill in, by their names in the code. */
export type ClientColumns = {
	name: string;
	legalKind: (typeof LEGAL_KINDS)[number];
	status: (typeof CLIENT_STATUSES)[number];
	ownerId: number | null;
} & Record<TextColumn, string | null>;
export type TextColumn =
	| 'inn'
	| 'kpp'
	| 'ogrn'
	| 'bankName'
	| 'bic'
	| 'account'
	| 'correspondentAccount'
	| 'website'
	| 'segment'
	| 'region'
	| 'source'
	| 'note';

/** A phone or a mail, of the client itself or of a contact. */
export type Point = {
	kind: 'phone' | 'email';
	value: string;
	e164: string | null;
	extension: string | null;
};
export type Address = { kind: (typeof ADDRESS_KINDS)[number]; value: string };

/** A client as its card and its forms know it. */
export type ClientRecord = ClientColumns & {
	id: number;
	ownerName: string | null;
	extra: ExtraValues;
	archivedAt: Date | null;
	mergedInto: number | null;
	createdAt: Date;
	version: number;
	tags: Tag[];
	addresses: Address[];
	/** The client's own, not its contacts'. */
	points: Point[];
	/** Whether the actor may change it, or only read. */
	editable: boolean;
};

const POINT = sql`jsonb_build_object('kind', cp.kind, 'value', cp.value, 'e164', cp.e164, 'extension', cp.extension)`;

/** The phones and mails of a contact `co`, or of the client `c` itself, in order, as JSON. */
export const pointsOf = (whose: 'contact' | 'client'): SQL => sql`coalesce((
	select jsonb_agg(${POINT} order by cp.kind desc, cp.position, cp.id) from contact_points cp
	where ${whose === 'contact' ? sql`cp.contact_id = co.id` : sql`cp.client_id = c.id and cp.contact_id is null`}
), '[]')`;

/** What a Contact is read from: a contact `co`. */
export const CONTACT = sql`co.id, co.client_id as "clientId", co.name, co.position, co.role,
	co.born_on as "bornOn", co.note, co.archived_at as "archivedAt", co.version,
	${pointsOf('contact')} as points`;
const MOST_CONTACTS = 300;

/** A person at a client, as the card shows it. */
export type Contact = {
	id: number;
	clientId: number;
	name: string;
	position: string | null;
	role: string | null;
	bornOn: string | null;
	note: string | null;
	archivedAt: Date | null;
	version: number;
	points: Point[];
};

// Out of JSON, which has no moments.
const datedContact = (row: Contact): Contact => ({
	...row,
	archivedAt: row.archivedAt && new Date(row.archivedAt),
});

const COLUMNS = sql`c.id, c.name, c.legal_kind as "legalKind", c.status, c.owner_id as "ownerId",
	p.name as "ownerName", c.inn, c.kpp, c.ogrn, c.bank_name as "bankName", c.bic, c.account,
	c.correspondent_account as "correspondentAccount", c.website, c.segment, c.region, c.source,
	c.note, c.extra, c.archived_at as "archivedAt", c.merged_into as "mergedInto",
	c.created_at as "createdAt", c.version,
	coalesce((
		select jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'colour', t.colour) order by t.name)
		from client_tags l join tags t on t.id = l.tag_id where l.client_id = c.id), '[]') as tags,
	coalesce((
		select jsonb_agg(jsonb_build_object('kind', a.kind, 'value', a.value) order by a.position, a.id)
		from addresses a where a.client_id = c.id), '[]') as addresses,
	${pointsOf('client')} as points`;

/** A client that the actor may see, merged ones too. Throws NotFound for any other. */
export async function findClient(db: Sql, actor: Actor, clientId: number): Promise<ClientRecord> {
	const { rows } = await db.execute<ClientRecord>(sql`
		select ${COLUMNS}, ${editable(actor, clientVisibleTo)} as editable
		from clients c left join people p on p.id = c.owner_id
		where c.id = ${clientId} and ${clientVisibleTo(actor)}`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** A client that the actor may change, for its forms. Throws NotFound, Forbidden for one that they only see. */
export async function findEditableClient(
	db: Sql,
	actor: Actor,
	clientId: number,
): Promise<ClientRecord> {
	const client = await findClient(db, actor, clientId);
	if (!client.editable) throw new Forbidden('error.readOnly');
	return client;
}

/** Several of them, by their ids. Throws NotFound if one is not among them. */
export async function findClients(
	db: Sql,
	actor: Actor,
	clientIds: readonly number[],
): Promise<ClientRecord[]> {
	const { rows } = await db.execute<ClientRecord>(sql`
		select ${COLUMNS}, ${editable(actor, clientVisibleTo)} as editable
		from clients c left join people p on p.id = c.owner_id
		where c.id = any(${sql.param(clientIds)}::bigint[]) and ${clientVisibleTo(actor)} order by c.id`);
	if (rows.length < clientIds.length) throw new NotFound('error.notFound');
	return rows;
}

/** The same with its contacts, those in use first. */
export async function findClientCard(
	db: Sql,
	actor: Actor,
	clientId: number,
): Promise<ClientRecord & { contacts: Contact[] }> {
	const { rows } = await db.execute<ClientRecord & { contacts: Contact[] }>(sql`
		select ${COLUMNS}, ${editable(actor, clientVisibleTo)} as editable, coalesce((
				select jsonb_agg(shown) from (
					select ${CONTACT} from contacts co where co.client_id = c.id
					order by co.archived_at nulls first, co.id limit ${MOST_CONTACTS}
				) shown), '[]') as contacts
		from clients c left join people p on p.id = c.owner_id
		where c.id = ${clientId} and ${clientVisibleTo(actor)}`);
	const [client] = rows;
	if (client === undefined) throw new NotFound('error.notFound');
	return { ...client, contacts: client.contacts.map(datedContact) };
}

/**
 * Locks a client for the rest of the transaction. Throws NotFound, Forbidden for one that the actor sees but
 * may not change, RuleBroken for a client that lives on in another.
 */
export async function findClientToEdit(
	tx: Tx,
	actor: Actor,
	clientId: number,
): Promise<ClientRecord> {
	// Locked first, read afterwards: who has waited for another's change must see it.
	await tx.execute(sql`select from clients where id = ${clientId} for update`);
	const client = await findClient(tx, actor, clientId);
	if (!client.editable) throw new Forbidden('error.readOnly');
	if (client.mergedInto !== null) throw new RuleBroken('client.merged');
	return client;
}

/** The living client that a merged one went into, or the client itself. */
export async function heirOf(db: Sql, clientId: number): Promise<number> {
	const { rows } = await db.execute<{ id: number | null }>(
		sql`select client_heir(${clientId}) as id`,
	);
	return rows[0]?.id ?? clientId;
}

/**
 * The Conflict that tells who changed a client or a contact last, and when. `contactId`: only what was done
 * to that contact.
 */
export async function clientConflict(
	db: Sql,
	clientId: number,
	version: number,
	contactId: number | null = null,
): Promise<Conflict> {
	const what =
		contactId === null
			? sql`e.noun = 'client'`
			: sql`e.noun = 'contact' and e.record_id = ${contactId}`;
	const { rows } = await db.execute<{ at: Date; by: string | null; byId: number | null }>(sql`
		select e.at, p.name as by, p.id as "byId" from events e left join people p on p.id = e.actor_id
		where e.client_id = ${clientId} and ${what} order by e.id desc limit 1`);
	const last = rows[0];
	return new Conflict({ version, at: last?.at ?? null, by: last?.by ?? null }, last?.byId);
}
