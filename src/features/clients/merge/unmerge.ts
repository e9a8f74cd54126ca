import { sql } from 'drizzle-orm';
import { type Acting, can } from '#src/features/access/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Conflict, Forbidden, RuleBroken } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { FOLLOWER_NAMES, listed, movedDeal, nextVersion, writeValues } from './merge.ts';
import { CONTACT_FACTS, MERGED_FIELDS, type MovedRow, type Values } from './plan.ts';
import { findMerge, findMergedClients, hasLaterMerge, type Merge } from './queries.ts';

/** What undoing a merge did: fields that had changed since stay; so do rows that went elsewhere or are gone. */
export type Unmerged = {
	survivorId: number;
	names: string[];
	kept: string[];
	stayed: number;
};

/**
 * Takes a merge back: everything that it moved and that still stands where it put it returns to its old
 * client; the survivor's fields that nobody has changed since get their old values. Throws Forbidden for
 * anybody but an administrator, NotFound, Conflict for a stale version, RuleBroken for a merge that was taken
 * back already or that a later one stands upon.
 */
export async function unmergeClients(
	sqlOrTx: Sql,
	acting: Acting,
	mergeId: number,
	version: number,
): Promise<Unmerged> {
	if (!can(acting.actor, 'merges.undo')) throw new Forbidden('error.forbidden');
	return await transact(sqlOrTx, async (tx) => {
		const merge = await findMerge(tx, mergeId, sql`for update`);
		const { survivorId, mergedIds, snapshot } = merge;
		if (merge.version !== version)
			throw new Conflict({ version: merge.version, at: merge.undoneAt, by: null });
		if (merge.undoneAt !== null) throw new RuleBroken('merge.undoneAlready');
		if (await hasLaterMerge(tx, merge)) throw new RuleBroken('merge.laterFirst');
		await lock(tx, merge);
		const ids = [survivorId, ...mergedIds].sort((a, b) => a - b);
		const found = await findMergedClients(tx, acting.actor, ids, sql`for update of c`);
		const now = found.find(({ id }) => id === survivorId)?.values as Values;
		const { values, kept } = valuesBefore(now, snapshot);
		const deals = await returnFollowers(tx, merge);
		const stayed = deals.stayed + (await returnBelongings(tx, merge));
		await writeValues(tx, survivorId, values);
		await tx.execute(sql`
			update clients set archived_at = null, merged_into = null, version = version + 1
			where id = any(${sql.param(mergedIds)}::bigint[]) and merged_into = ${survivorId}`);
		await tx.execute(sql`
			update client_merges set undone_at = ${momentOf(acting)}, undone_by = ${acting.actorId}, version = version + 1
			where id = ${mergeId}`);
		const data = { mergeId, names: snapshot.names, kept, stayed };
		await record(
			tx,
			acting,
			...ids.map((clientId) => ({ type: 'client.unmerged', clientId, data }) as const),
			...deals.returned.map(({ id, from }) => movedDeal(id, survivorId, from)),
		);
		return { survivorId, names: snapshot.names, kept, stayed };
	});
}

// In the order in which the merge locked.
async function lock(tx: Tx, { snapshot }: Merge): Promise<void> {
	for (const table of FOLLOWER_NAMES) {
		const ids = (snapshot.followers[table] ?? []).map(({ id }) => id);
		await tx.execute(sql`
			select from ${sql.identifier(table)} where id = any(${sql.param(ids)}::bigint[]) order by id for update`);
	}
}

/** The survivor's values without the merge; of what was changed since, the present one, and its name. */
export function valuesBefore(
	now: Values,
	{ before, after }: { before: Values; after: Values },
): { values: Values; kept: string[] } {
	const kept: string[] = [];
	const values = { ...now, extra: { ...now.extra } };
	for (const field of MERGED_FIELDS) {
		if (now[field] === after[field]) Object.assign(values, { [field]: before[field] });
		else if (before[field] !== after[field]) kept.push(field);
	}
	for (const id of new Set([...Object.keys(before.extra), ...Object.keys(after.extra)])) {
		if (now.extra[id] !== after.extra[id]) {
			if (before.extra[id] !== after.extra[id]) kept.push(`extra_${id}`);
		} else if (before.extra[id] === undefined) delete values.extra[id];
		else values.extra[id] = before.extra[id];
	}
	return { values, kept };
}

async function returnFollowers(
	tx: Tx,
	{ survivorId, snapshot }: Merge,
): Promise<{ stayed: number; returned: MovedRow[] }> {
	let stayed = 0;
	let returned: MovedRow[] = [];
	for (const table of FOLLOWER_NAMES) {
		const moved = snapshot.followers[table] ?? [];
		const { rows } = await tx.execute<MovedRow>(sql`
			update ${sql.identifier(table)} t set client_id = m."from" ${nextVersion(table)}
			from jsonb_to_recordset(${listed(moved)}) as m(id bigint, "from" bigint)
			where m.id = t.id and t.client_id = ${survivorId} returning t.id, m."from"`);
		stayed += moved.length - rows.length;
		if (table === 'deals') returned = rows;
	}
	return { stayed, returned };
}

async function returnBelongings(tx: Tx, { survivorId, snapshot }: Merge): Promise<number> {
	const { filled, points, tags, interactionContacts } = snapshot;
	let stayed = 0;
	for (const table of ['contacts', 'addresses'] as const) {
		const { rows } = await tx.execute(sql`
			update ${sql.identifier(table)} t set client_id = m."from"
			from jsonb_to_recordset(${listed(snapshot[table])}) as m(id bigint, "from" bigint)
			where m.id = t.id and t.client_id = ${survivorId} returning t.id`);
		stayed += snapshot[table].length - rows.length;
	}
	const { rows } = await tx.execute(sql`
		update contact_points p set client_id = m."from", contact_id = m."fromContact"
		from jsonb_to_recordset(${listed(points)})
			as m(id bigint, "from" bigint, "fromContact" bigint, "toContact" bigint)
		where m.id = p.id and p.client_id = ${survivorId} and p.contact_id is not distinct from m."toContact"
			and (m."fromContact" is null or exists (select from contacts where id = m."fromContact"))
		returning p.id`);
	stayed += points.length - rows.length;
	// What a contact was given since goes with it.
	await tx.execute(sql`
		update contact_points p set client_id = c.client_id from contacts c
		where c.id = p.contact_id and p.client_id <> c.client_id
			and c.id in (select id from jsonb_to_recordset(${listed(snapshot.contacts)}) as m(id bigint))`);
	await tx.execute(sql`
		update interactions i set contact_id = m."from"
		from jsonb_to_recordset(${listed(interactionContacts)}) as m(id bigint, "from" bigint, "to" bigint)
		where m.id = i.id and i.contact_id = m."to" and exists (select from contacts where id = m."from")`);
	for (const fact of CONTACT_FACTS) {
		const told = filled.flatMap(({ id, facts }) =>
			fact in facts ? [{ id, fact: facts[fact] }] : [],
		);
		if (told.length > 0)
			await tx.execute(sql`
				update contacts c set ${sql.identifier(fact)} = null, version = version + 1
				from jsonb_to_recordset(${listed(told)}) as m(id bigint, fact text)
				where m.id = c.id and c.${sql.identifier(fact)}::text = m.fact`);
	}
	await tx.execute(sql`
		delete from client_tags where client_id = ${survivorId} and tag_id = any(${sql.param(tags)}::bigint[])`);
	return stayed;
}
