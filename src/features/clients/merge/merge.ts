import { sql } from 'drizzle-orm';
import { type Acting, type Actor, mayEditOf } from '#src/features/access/rights.ts';
import { clientConflict } from '#src/features/clients/record.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Forbidden, RuleBroken } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { record } from '#src/platform/history/record.ts';
import { MERGED_FIELDS, type MovedRow, type Plan, planMerge, type Values } from './plan.ts';
import { belongingsOf, columnOf, findMergedClients, type MergedClient } from './queries.ts';

/**
 * Tables whose rows follow their client as they are, in the order in which they are locked. A new one is a
 * line here. `versioned`: the row's own forms show the client, so that an open one must notice.
 */
export const FOLLOWERS = {
	deals: { versioned: true },
	interactions: { versioned: false },
} as const;
export type Follower = keyof typeof FOLLOWERS;
export const FOLLOWER_NAMES = Object.keys(FOLLOWERS) as Follower[];

/** Which clients become one, in what versions they were looked at, and whose value each field takes. */
export type MergeOrder = {
	survivorId: number;
	clients: { id: number; version: number }[];
	/** Ids of clients by field (see MERGED_FIELDS), and by `extra_<id>`; not named: the survivor's, or the first there is. */
	choices: Partial<Record<string, number>>;
};

export type Merged = { mergeId: number; survivorId: number; name: string; names: string[] };

/**
 * Makes two or more clients one: the survivor takes the chosen values and all that the others had; the others
 * are archived and point to it. Throws NotFound, Conflict for a stale version of any of them, Forbidden where
 * one is somebody else's, RuleBroken for archived ones and for less than two.
 */
export async function mergeClients(
	sqlOrTx: Sql,
	acting: Acting,
	{ survivorId, clients, choices }: MergeOrder,
): Promise<Merged> {
	return await transact(sqlOrTx, async (tx) => {
		const ids = [...new Set(clients.map(({ id }) => id))].sort((a, b) => a - b);
		if (ids.length < 2 || !ids.includes(survivorId)) throw new RuleBroken('merge.tooFew');
		// Who changes a deal or a step holds it and then looks at its client: the same way round here.
		for (const table of FOLLOWER_NAMES)
			await tx.execute(sql`
				select from ${sql.identifier(table)} where client_id = any(${sql.param(ids)}::bigint[])
				order by id for update`);
		const found = await findMergedClients(tx, acting.actor, ids, sql`for update of c`);
		await check(tx, acting, found, clients);
		const survivor = found.find(({ id }) => id === survivorId) as MergedClient;
		const others = found.filter(({ id }) => id !== survivorId);
		const mergedIds = others.map(({ id }) => id);
		const plan = planMerge(survivorId, await belongingsOf(tx, survivorId, ids));
		const after = chosen(survivor, others, choices);
		const snapshot = {
			...plan,
			before: survivor.values,
			after,
			names: others.map(({ values }) => String(values.name)),
			followers: await moveFollowers(tx, survivorId, mergedIds),
			interactionContacts: await nameKeptContacts(tx, plan),
			tags: await addTags(tx, survivorId, mergedIds),
		};
		await moveBelongings(tx, survivorId, plan);
		await writeValues(tx, survivorId, after);
		await tx.execute(sql`
			update clients set archived_at = ${momentOf(acting)}, merged_into = ${survivorId}, version = version + 1
			where id = any(${sql.param(mergedIds)}::bigint[])`);
		const { rows } = await tx.execute<{ id: number }>(sql`
			insert into client_merges (survivor_id, merged_ids, snapshot, person_id, at)
			values (${survivorId}, ${sql.param(mergedIds)}::bigint[], ${JSON.stringify(snapshot)}::jsonb,
				${acting.actorId}, ${momentOf(acting)}) returning id`);
		const mergeId = rows[0]?.id as number;
		const { names, followers } = snapshot;
		const moved = {
			contacts: plan.contacts.length,
			...Object.fromEntries(Object.entries(followers).map(([table, all]) => [table, all.length])),
		};
		await record(
			tx,
			acting,
			{ type: 'client.merged', clientId: survivorId, data: { mergeId, names, moved } },
			...followers.deals.map(({ id, from }) => movedDeal(id, from, survivorId)),
		);
		return { mergeId, survivorId, name: String(after.name), names };
	});
}

/** What a deal's history says of another client. */
export function movedDeal(dealId: number, from: number, to: number) {
	const data = { changes: { clientId: [from, to] as [number, number] } };
	return { type: 'deal.edited', dealId, clientId: to, data } as const;
}

async function check(
	tx: Tx,
	{ actor }: Acting,
	found: MergedClient[],
	seen: MergeOrder['clients'],
): Promise<void> {
	for (const { id, version, archivedAt, values } of found) {
		if (seen.some((one) => one.id === id && one.version !== version))
			throw await clientConflict(tx, id, version);
		checkMergeable(actor, {
			archivedAt,
			name: String(values.name),
			ownerId: values.ownerId as number | null,
		});
	}
}

/**
 * Holds that the actor may merge a client. Throws RuleBroken for an archived one, Forbidden for somebody
 * else's: or a deal with a client would be enough to take that client over.
 */
export function checkMergeable(
	actor: Actor,
	{ archivedAt, name, ownerId }: { archivedAt: Date | null; name: string; ownerId: number | null },
): void {
	if (archivedAt !== null) throw new RuleBroken('merge.archived', { name });
	if (ownerId !== null && !mayEditOf(actor, ownerId))
		throw new Forbidden('merge.othersClient', { name });
}

/** The values that the survivor takes: whose each is, was chosen; otherwise its own, or the first that there is. */
export function chosen(
	survivor: MergedClient,
	others: MergedClient[],
	choices: MergeOrder['choices'],
): Values {
	const all = [survivor, ...others];
	const whose = (key: string) => all.find(({ id }) => id === choices[key]);
	const fields = MERGED_FIELDS.map((field) => {
		const owner = whose(field) ?? all.find(({ values }) => values[field] !== null) ?? survivor;
		return [field, owner.values[field]];
	});
	const extraIds = new Set(all.flatMap(({ values }) => Object.keys(values.extra)));
	const extra = [...extraIds].map((id) => {
		const owner = whose(`extra_${id}`) ?? all.find(({ values }) => id in values.extra);
		return [id, owner?.values.extra[id]];
	});
	return {
		...Object.fromEntries(fields),
		extra: Object.fromEntries(extra.filter(([, value]) => value !== undefined)),
	};
}

async function moveFollowers(
	tx: Tx,
	survivorId: number,
	mergedIds: number[],
): Promise<Record<Follower, MovedRow[]>> {
	const moved = {} as Record<Follower, MovedRow[]>;
	for (const table of FOLLOWER_NAMES) {
		const { rows } = await tx.execute<MovedRow>(sql`
			with moving as (
				select id, client_id as "from" from ${sql.identifier(table)}
				where client_id = any(${sql.param(mergedIds)}::bigint[])
			)
			update ${sql.identifier(table)} t set client_id = ${survivorId} ${nextVersion(table)}
			from moving where moving.id = t.id returning t.id, moving."from"`);
		moved[table] = rows;
	}
	return moved;
}

/** Raises the version of rows whose own forms show their client. */
export const nextVersion = (table: Follower) =>
	FOLLOWERS[table].versioned ? sql`, version = t.version + 1` : sql``;

/** Rows of a snapshot as SQL can join them. */
export const listed = (rows: readonly object[]) => sql`${JSON.stringify(rows)}::jsonb`;

async function nameKeptContacts(tx: Tx, { same }: Plan) {
	const { rows } = await tx.execute<{ id: number; from: number; to: number }>(sql`
		update interactions i set contact_id = s.same
		from jsonb_to_recordset(${listed(same)}) as s(id bigint, same bigint)
		where i.contact_id = s.id returning i.id, s.id as "from", s.same as "to"`);
	return rows;
}

async function addTags(tx: Tx, survivorId: number, mergedIds: number[]): Promise<number[]> {
	const { rows } = await tx.execute<{ tagId: number }>(sql`
		insert into client_tags (client_id, tag_id)
		select distinct ${survivorId}::bigint, tag_id from client_tags
		where client_id = any(${sql.param(mergedIds)}::bigint[])
		on conflict do nothing returning tag_id as "tagId"`);
	return rows.map(({ tagId }) => tagId);
}

async function moveBelongings(tx: Tx, survivorId: number, plan: Plan): Promise<void> {
	for (const table of ['contacts', 'addresses'] as const)
		await tx.execute(sql`
			update ${sql.identifier(table)} t set client_id = ${survivorId}
			from jsonb_to_recordset(${listed(plan[table])}) as m(id bigint) where m.id = t.id`);
	await tx.execute(sql`
		update contact_points p set client_id = ${survivorId}, contact_id = m."toContact"
		from jsonb_to_recordset(${listed(plan.points)}) as m(id bigint, "toContact" bigint) where m.id = p.id`);
	await tx.execute(sql`
		update contacts c set position = coalesce(c.position, f.position), role = coalesce(c.role, f.role),
			born_on = coalesce(c.born_on, f.born_on), note = coalesce(c.note, f.note), version = c.version + 1
		from jsonb_to_recordset(${listed(plan.filled.map(({ id, facts }) => ({ id, ...facts })))})
			as f(id bigint, position text, role text, born_on date, note text) where f.id = c.id`);
}

/** Writes a client's fields and raises its version. */
export async function writeValues(tx: Tx, clientId: number, values: Values): Promise<void> {
	const fields = MERGED_FIELDS.map((field) => sql`${columnOf(field)} = ${values[field]}`);
	await tx.execute(sql`
		update clients set ${sql.join(fields, sql`, `)}, extra = ${JSON.stringify(values.extra)}::jsonb,
			version = version + 1
		where id = ${clientId}`);
}
