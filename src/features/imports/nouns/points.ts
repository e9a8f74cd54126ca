import { sql } from 'drizzle-orm';
import { phoneOf } from '#src/features/clients/contacts/phones.ts';
import { itemsBeside, mailKey, phoneKey } from '#src/features/imports/columns/lists.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { recordset, type Stored } from './noun.ts';

/** Whose phones and mails change: a client's own where there is no contact. */
export type PointsChange = {
	clientId: number;
	contactId: number | null;
	was: Stored;
	values: Stored;
};

type Point = {
	client: number;
	contact: number | null;
	kind: string;
	value: string;
	e164: string | null;
	extension: string | null;
	key: string;
	position: number;
};

/** Adds phones and mails of many records behind those that they have, and takes away what is no more said. */
export async function writePoints(tx: Tx, changes: PointsChange[]): Promise<void> {
	const gone = changes.flatMap((change) => pointsIn(change, 'was', 'values'));
	const added = changes.flatMap((change) => pointsIn(change, 'values', 'was'));
	if (gone.length > 0)
		await tx.execute(sql`
			delete from contact_points p using ${recordset(gone)}
				as v(client bigint, contact bigint, kind text, value text)
			where p.client_id = v.client and p.contact_id is not distinct from v.contact
				and p.kind = v.kind and p.value = v.value`);
	if (added.length === 0) return;
	await tx.execute(sql`
		insert into contact_points
			(client_id, contact_id, kind, value, e164, extension, search_key, position)
		select client, contact, kind, value, e164, extension, key, position from ${recordset(added)}
			as v(client bigint, contact bigint, kind text, value text, e164 text, extension text,
				key text, position int)`);
}

function pointsIn(
	change: PointsChange,
	inside: 'was' | 'values',
	outside: 'was' | 'values',
): Point[] {
	const { clientId: client, contactId: contact } = change;
	const about = { client, contact };
	const own = (field: 'phones' | 'emails', key: typeof phoneKey) =>
		itemsBeside(change[inside][field], change[outside][field], key);
	const before = (field: string) => String(change[outside][field] ?? '').split('\n').length;
	return [
		...own('phones', phoneKey).map((typed, at) => {
			const { value, e164, extension, searchKey: key } = phoneOf(typed);
			const position = before('phones') + at;
			return { ...about, kind: 'phone', value, e164, extension, key, position };
		}),
		...own('emails', mailKey).map((value, at) => {
			const key = value.toLowerCase();
			const position = before('emails') + at;
			return { ...about, kind: 'email', value, e164: null, extension: null, key, position };
		}),
	];
}
