import { type SQL, sql } from 'drizzle-orm';
import type { AppEvent } from '#src/events.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import type { DealValues } from './plan.ts';

/** How the database names each field of `MERGED`, and as what it takes what JSON says of it. */
const COLUMNS: Record<string, [column: string, type: string]> = {
	title: ['title', 'text'],
	clientId: ['client_id', 'bigint'],
	amount: ['amount', 'numeric'],
	currency: ['currency', 'text'],
	amountFromProducts: ['amount_from_products', 'boolean'],
	pipelineId: ['pipeline_id', 'bigint'],
	stageId: ['stage_id', 'bigint'],
	stageEnteredAt: ['stage_entered_at', 'timestamptz'],
	closedOn: ['closed_on', 'date'],
	closedAt: ['closed_at', 'timestamptz'],
	lossReasonId: ['loss_reason_id', 'bigint'],
	closeComment: ['close_comment', 'text'],
	ownerId: ['owner_id', 'bigint'],
	expectedCloseOn: ['expected_close_on', 'date'],
	probability: ['probability', 'smallint'],
	source: ['source', 'text'],
	campaign: ['campaign', 'text'],
	note: ['note', 'text'],
};

const VALUES = sql.join(
	Object.entries(COLUMNS).map(([field, [column, type]]) => {
		const value = sql.identifier(column);
		return sql`${sql.raw(`'${field}'`)}, d.${type === 'numeric' ? sql`${value}::text` : value}`;
	}),
	sql`, `,
);

/** The fields of a deal that the caller has locked or may see, for merging. */
export async function valuesOf(db: Sql, dealId: number): Promise<DealValues> {
	const { rows } = await db.execute<{ values: DealValues }>(sql`
		select jsonb_build_object(${VALUES}, 'extra', d.extra) as values from deals d where d.id = ${dealId}`);
	return rows[0]?.values as DealValues;
}

/** Writes the fields of a deal and raises its version. */
export async function writeValues(tx: Tx, dealId: number, values: DealValues): Promise<void> {
	const sets = Object.entries(COLUMNS).map(
		([field, [column, type]]) =>
			sql`${sql.identifier(column)} = ${values[field] ?? null}::${sql.raw(type)}`,
	);
	await tx.execute(sql`
		update deals set ${sql.join(sets, sql`, `)}, extra = ${JSON.stringify(values.extra)}::jsonb,
			version = version + 1
		where id = ${dealId}`);
}

export type MergeData = Extract<AppEvent, { type: 'deal.merged' }>['data'];

/** A merge as its undoing knows it: the event that told of it. */
export type Merge = { eventId: number; data: MergeData };

/** How a deal was merged into another one, or null. */
export async function findMerge(
	db: Sql,
	survivorId: number,
	mergedId: number,
): Promise<Merge | null> {
	const { rows } = await db.execute<Merge>(sql`
		select e.id as "eventId", e.data from events e
		where e.deal_id = ${survivorId} and e.type = 'deal.merged' and (e.data->>'mergedId')::bigint = ${mergedId}
		order by e.id desc limit 1`);
	return rows[0] ?? null;
}

/** The deal that was merged last into a deal and still is, with its version; null: none. */
export async function lastMerged(
	db: Sql,
	survivorId: number,
): Promise<{ id: number; title: string; version: number } | null> {
	const { rows } = await db.execute<{ id: number; title: string; version: number }>(sql`
		select m.id, m.title, m.version from deals m where m.merged_into = ${survivorId}
		order by (
			select max(e.id) from events e where e.deal_id = ${survivorId} and e.type = 'deal.merged'
				and (e.data->>'mergedId')::bigint = m.id
		) desc nulls last limit 1`);
	return rows[0] ?? null;
}

/** The deal in which a merged one lives on. */
export async function heirOf(db: Sql, dealId: number): Promise<number> {
	const { rows } = await db.execute<{ id: number }>(sql`select deal_heir(${dealId}) as id`);
	return rows[0]?.id ?? dealId;
}

/** A line of products that came from the other deal. */
export type AddedLine = {
	productId: number;
	product: string;
	quantity: string;
	price: string | null;
	position: number;
};

/**
 * Gives a deal what another one has and it has not: products behind its own, tags, and who helps, `owners` among
 * them but not the `owner`; the other one keeps them too. Where they are not `priced`, in another currency, its prices are none here.
 * Returns what was added.
 */
export async function addBelongings(
	tx: Tx,
	survivorId: number,
	mergedId: number,
	{ priced, owners, owner }: { priced: boolean; owners: number[]; owner: number },
): Promise<{ lines: AddedLine[]; tags: number[]; helpers: number[] }> {
	const price: SQL = priced ? sql`o.price` : sql`null::numeric`;
	const { rows: lines } = await tx.execute<AddedLine>(sql`
		with last as (
			select coalesce(max(position) + 1, 0) as position from deal_products where deal_id = ${survivorId}
		), added as (
			insert into deal_products (deal_id, product_id, quantity, price, position)
			select ${survivorId}, o.product_id, o.quantity, ${price}, last.position + o.position
			from deal_products o, last where o.deal_id = ${mergedId}
			on conflict do nothing returning product_id, quantity, price, position
		)
		select a.product_id as "productId", p.name as product, a.quantity, a.price, a.position
		from added a join products p on p.id = a.product_id order by a.position, a.product_id`);
	const { rows: tags } = await tx.execute<{ id: number }>(sql`
		insert into deal_tags (deal_id, tag_id) select ${survivorId}, tag_id from deal_tags where deal_id = ${mergedId}
		on conflict do nothing returning tag_id as id`);
	// Whoever had one of the two goes on seeing what they worked on.
	const { rows: helpers } = await tx.execute<{ id: number }>(sql`
		insert into deal_collaborators (deal_id, person_id)
		select ${survivorId}, person_id from (
			select person_id from deal_collaborators where deal_id = ${mergedId}
			union select p.id from people p where p.id = any(${sql.param(owners)}::bigint[]) and p.active
		) helping where person_id <> ${owner}
		on conflict do nothing returning person_id as id`);
	return { lines, tags: tags.map(({ id }) => id), helpers: helpers.map(({ id }) => id) };
}

/** What a deal's products cost together, as products.ts writes it. */
export async function sumOf(tx: Tx, dealId: number): Promise<string | null> {
	const { rows } = await tx.execute<{ sum: string | null }>(
		sql`select sum(round(quantity * price, 2))::text as sum from deal_products where deal_id = ${dealId}`,
	);
	return rows[0]?.sum ?? null;
}

/** Whether a deal has products with a price. */
export async function isPriced(db: Sql, dealId: number): Promise<boolean> {
	const { rowCount } = await db.execute(
		sql`select from deal_products where deal_id = ${dealId} and price is not null limit 1`,
	);
	return rowCount === 1;
}
