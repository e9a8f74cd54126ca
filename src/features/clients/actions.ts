import { type SQL, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { holdOwner } from '#src/features/access/queries.ts';
import { type Acting, can, mayEditOf } from '#src/features/access/rights.ts';
import {
	type ContactFacts,
	insertContact,
	pointValues,
} from '#src/features/clients/contacts/contacts.ts';
import { setPoints } from '#src/features/clients/contacts/points.ts';
import { type ExtraEdit, extraAfter } from '#src/features/company/extra-fields/extra-fields.ts';
import { setTags } from '#src/features/company/tags/tags.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Forbidden } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { findClientByName } from './queries.ts';
import {
	type ClientColumns,
	type ClientRecord,
	clientConflict,
	findClientToEdit,
	type TextColumn,
} from './record.ts';
import { ADDRESS_KINDS } from './tables.ts';

/** The addresses of a client by their fields; of each kind as many as there are lines. */
export type AddressField = `${(typeof ADDRESS_KINDS)[number]}Address`;

/** What a client's form can change: what is not there stays as it is. */
export type ClientEdit = Partial<ClientColumns> &
	Partial<Record<AddressField | 'phones' | 'emails' | 'tags', readonly string[]>> & {
		extra?: ExtraEdit;
	};

/** What a new client starts with. */
export type NewClient = Omit<ClientEdit, 'ownerId'> & {
	name: string;
	contacts?: (Partial<ContactFacts> & { name: string; phone?: string; email?: string })[];
};

/** Makes a client owned by the actor, with its contacts. Returns its id. */
export async function createClient(
	sqlOrTx: Sql,
	acting: Acting,
	{ contacts = [], ...client }: NewClient,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		await holdOwner(tx, acting.actor.id);
		const { rows } = await tx.execute<{ id: number }>(sql`
			insert into clients (name, legal_kind, status, owner_id, created_at, extra,
				${sql.join(
					TEXTS.map(([, column]) => column),
					sql`, `,
				)})
			values (${client.name}, ${client.legalKind ?? 'company'}, ${client.status ?? 'prospect'},
				${acting.actorId}, ${momentOf(acting)},
				${JSON.stringify(extraAfter({}, client.extra ?? {}).values)}::jsonb,
				${sql.join(
					TEXTS.map(([name]) => sql`${client[name] ?? null}`),
					sql`, `,
				)})
			returning id`);
		const clientId = rows[0]?.id as number;
		await setLists(tx, clientId, client);
		for (const { phone, email, ...contact } of contacts)
			await insertContact(tx, acting, clientId, {
				...contact,
				phones: [...(contact.phones ?? []), ...(phone ? [phone] : [])],
				emails: [...(contact.emails ?? []), ...(email ? [email] : [])],
			});
		await record(tx, acting, { type: 'client.created', clientId, data: {} });
		return clientId;
	});
}

const COLUMNS: Record<keyof ClientColumns, SQL> = {
	name: sql`name`,
	legalKind: sql`legal_kind`,
	status: sql`status`,
	ownerId: sql`owner_id`,
	inn: sql`inn`,
	kpp: sql`kpp`,
	ogrn: sql`ogrn`,
	bankName: sql`bank_name`,
	bic: sql`bic`,
	account: sql`account`,
	correspondentAccount: sql`correspondent_account`,
	website: sql`website`,
	segment: sql`segment`,
	region: sql`region`,
	source: sql`source`,
	note: sql`note`,
};
const NOT_TEXTS = ['name', 'legalKind', 'status', 'ownerId'];
const TEXTS = Object.entries(COLUMNS).filter(([name]) => !NOT_TEXTS.includes(name)) as [
	TextColumn,
	SQL,
][];

/**
 * Saves what a form of a client holds; what it does not hold stays as it is, and nothing is written where
 * nothing changed. Returns the version. Throws NotFound, Conflict for a stale version, RuleBroken for a
 * merged client, Forbidden where the actor may not give clients away or not to this person.
 */
export async function editClient(
	sqlOrTx: Sql,
	acting: Acting,
	clientId: number,
	version: number,
	edit: ClientEdit,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const client = await findClientToEdit(tx, acting.actor, clientId);
		if (client.version !== version) throw await clientConflict(tx, clientId, client.version);
		await checkOwner(tx, acting, client, edit);
		const { values, changes: extra } = extraAfter(client.extra, edit.extra ?? {});
		const columns = columnChanges(client, edit);
		const changes = { ...columns, ...(await setLists(tx, clientId, edit, client)), ...extra };
		if (Object.keys(changes).length === 0) return version;
		const sets = Object.entries(columns).map(
			([name, [, to]]) => sql`${COLUMNS[name as keyof ClientColumns]} = ${to}`,
		);
		await tx.execute(sql`
			update clients set ${sql.join([...sets, sql`extra = ${JSON.stringify(values)}::jsonb`], sql`, `)},
				version = version + 1
			where id = ${clientId} and version = ${version}`);
		await record(tx, acting, { type: 'client.edited', clientId, data: { changes } });
		return version + 1;
	});
}

function columnChanges(client: ClientRecord, edit: ClientEdit): Record<string, FieldChange> {
	const changes: Record<string, FieldChange> = {};
	for (const name of Object.keys(COLUMNS) as (keyof ClientColumns)[]) {
		const to = edit[name];
		if (to !== undefined && to !== client[name]) changes[name] = [client[name], to];
	}
	return changes;
}

async function checkOwner(
	tx: Tx,
	{ actor }: Acting,
	client: ClientRecord,
	{ ownerId }: ClientEdit,
): Promise<void> {
	if (ownerId === undefined || ownerId === client.ownerId) return;
	if (!can(actor, 'deals.reassign') || (ownerId !== null && !mayEditOf(actor, ownerId)))
		throw new Forbidden('error.forbidden');
	await holdOwner(tx, ownerId);
}

/** What a client has several of; returns what changed, each list in one line. `before`: as it stands. */
async function setLists(
	tx: Tx,
	clientId: number,
	edit: ClientEdit,
	before: Pick<ClientRecord, 'addresses' | 'points'> = { addresses: [], points: [] },
): Promise<Record<string, FieldChange>> {
	const changes: Record<string, FieldChange> = {};
	const note = (name: string, from: readonly string[], to: readonly string[]) => {
		const told: FieldChange = [from.join('; ') || null, to.join('; ') || null];
		if (told[0] !== told[1]) changes[name] = told;
		return told[0] !== told[1];
	};
	for (const [name, kind] of [
		['phones', 'phone'],
		['emails', 'email'],
	] as const) {
		const to = edit[name];
		if (to !== undefined && note(name, pointValues(before.points, kind), to))
			await setPoints(tx, { clientId, contactId: null }, kind, to);
	}
	for (const kind of ADDRESS_KINDS) {
		const to = edit[`${kind}Address`];
		const from = before.addresses.filter((one) => one.kind === kind).map(({ value }) => value);
		if (to !== undefined && note(`${kind}Address`, from, to))
			await setAddresses(tx, clientId, kind, to);
	}
	const tags = edit.tags && (await setTags(tx, 'client', clientId, edit.tags));
	return tags ? { ...changes, tags } : changes;
}

async function setAddresses(
	tx: Tx,
	clientId: number,
	kind: string,
	values: readonly string[],
): Promise<void> {
	await tx.execute(sql`delete from addresses where client_id = ${clientId} and kind = ${kind}`);
	await tx.execute(sql`
		insert into addresses (client_id, kind, value, position)
		select ${clientId}::bigint, ${kind}, value, position::int
		from unnest(${sql.param(values)}::text[]) with ordinality v(value, position)`);
}

/**
 * The client of this name that the actor knows, or a new one; `meant`: the client that a form was opened for,
 * which counts while its name was left as it is. Two clients may share a name. Returns its id.
 */
export async function findOrCreateClient(
	tx: Sql,
	acting: Acting,
	name: string,
	meant?: number,
): Promise<number> {
	const known = await findClientByName(tx, acting.actor, name, meant);
	return known ?? (await createClient(tx, acting, { name }));
}
