import { sql } from 'drizzle-orm';
import type { Tx } from '#src/platform/db/client.ts';
import { phoneOf } from './phones.ts';

/** Whose phones and mails: a client's own where there is no contact. */
export type PointsOwner = { clientId: number; contactId: number | null };

/**
 * Gives a client or a contact these phones and mails and no others, in this order; both as typed. Whoever
 * asks holds the lock on the client or the contact.
 */
export async function setPoints(
	tx: Tx,
	{ clientId, contactId }: PointsOwner,
	kind: 'phone' | 'email',
	values: readonly string[],
): Promise<void> {
	await tx.execute(sql`
		delete from contact_points where client_id = ${clientId} and kind = ${kind}
			and contact_id is not distinct from ${contactId}`);
	if (values.length === 0) return;
	const rows = values.map((typed, position) => {
		const { value, e164, extension, searchKey } = kind === 'phone' ? phoneOf(typed) : mailOf(typed);
		return { value, e164, extension, searchKey, position };
	});
	await tx.execute(sql`
		insert into contact_points
			(client_id, contact_id, kind, value, e164, extension, search_key, position)
		select ${clientId}::bigint, ${contactId}::bigint, ${kind}, value, e164, extension, "searchKey", position
		from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as v(
			value text, e164 text, extension text, "searchKey" text, position int)`);
}

function mailOf(typed: string) {
	return { value: typed, e164: null, extension: null, searchKey: typed.toLowerCase() };
}
