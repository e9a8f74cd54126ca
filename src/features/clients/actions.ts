import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/auth/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { record } from '#src/platform/events/record.ts';
import { phoneOf } from './phones.ts';
import { findClientByName } from './queries.ts';
import type { LEGAL_KINDS } from './tables.ts';

/** What a new client starts with. */
export type NewClient = {
	name: string;
	legalKind?: (typeof LEGAL_KINDS)[number];
	inn?: string | null;
	source?: string | null;
	contacts?: { name: string; position?: string; phone?: string; email?: string }[];
};

/** Makes a client owned by the actor, with its contacts. Returns its id. */
export async function createClient(
	sqlOrTx: Sql,
	acting: Acting,
	client: NewClient,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const { rows } = await tx.execute<{ id: number }>(sql`
			insert into clients (name, legal_kind, inn, owner_id, source, created_at)
			values (${client.name}, ${client.legalKind ?? 'company'}, ${client.inn ?? null},
				${acting.actorId}, ${client.source ?? null}, ${acting.now}) returning id`);
		const clientId = rows[0]?.id as number;
		for (const contact of client.contacts ?? []) await addContact(tx, acting, clientId, contact);
		await record(tx, acting, { type: 'client.created', clientId, data: {} });
		return clientId;
	});
}

type Contact = NonNullable<NewClient['contacts']>[number];

async function addContact(
	tx: Sql,
	acting: Acting,
	clientId: number,
	contact: Contact,
): Promise<void> {
	const { rows } = await tx.execute<{ id: number }>(sql`
		insert into contacts (client_id, name, position, created_at)
		values (${clientId}, ${contact.name}, ${contact.position ?? null}, ${acting.now}) returning id`);
	const contactId = rows[0]?.id as number;
	if (contact.phone) {
		const phone = phoneOf(contact.phone);
		await tx.execute(sql`
			insert into contact_points (client_id, contact_id, kind, value, e164, extension, search_key)
			values (${clientId}, ${contactId}, 'phone', ${phone.value}, ${phone.e164}, ${phone.extension},
				${phone.searchKey})`);
	}
	if (contact.email)
		await tx.execute(sql`
			insert into contact_points (client_id, contact_id, kind, value, search_key, position)
			values (${clientId}, ${contactId}, 'email', ${contact.email}, ${contact.email.toLowerCase()}, 1)`);
}

/** The client of this name that the actor knows, or a new one. Returns its id. */
export async function findOrCreateClient(tx: Sql, acting: Acting, name: string): Promise<number> {
	return (
		(await findClientByName(tx, acting.actor, name)) ?? (await createClient(tx, acting, { name }))
	);
}
