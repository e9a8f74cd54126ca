import { sql } from 'drizzle-orm';
import type { Colleague } from '#src/features/access/queries.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { type Voices, voicesSql } from '#src/features/clients/history/history-filter.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { type Point, pointsOf } from '#src/features/clients/record.ts';
import type { ProductLine } from '#src/features/deals/products/products.ts';
import { type DealView, findDealWith } from '#src/features/deals/queries.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** Somebody to talk to at the deal's client. */
export type DealContact = {
	id: number;
	name: string;
	position: string | null;
	role: string | null;
	points: Point[];
};

/** A deal with all that its page shows around it. */
export type DealAround = DealView & {
	products: ProductLine[];
	collaborators: { id: number; name: string }[];
	contacts: DealContact[];
	/** The client's own phones and mails. */
	points: Point[];
	/** Whether the actor may open the client's card. */
	clientKnown: boolean;
	/** How long it stood in each state that it has left, in seconds. */
	stood: { stageId: number; seconds: number }[];
	/** It and all deals that were merged into it: whose history its own is. */
	family: number[];
	/** Who speaks in that. */
	voices: Voices;
	/** The open state that it was closed from the last time. */
	closedFrom: number | null;
};

const MOST_CONTACTS = 20;

/** Reads a deal with that in one statement. Throws NotFound for a deal that the actor may not see. */
export async function findDealAround(db: Sql, actor: Actor, dealId: number): Promise<DealAround> {
	return await findDealWith<Omit<DealAround, keyof DealView>>(
		db,
		actor,
		dealId,
		sql`, (
			select coalesce(jsonb_agg(jsonb_build_object('productId', pr.id, 'name', pr.name,
				'quantity', dp.quantity::text, 'price', dp.price::text) order by dp.position, pr.name, pr.id), '[]')
			from deal_products dp join products pr on pr.id = dp.product_id where dp.deal_id = d.id
		) as products, (
			select coalesce(jsonb_agg(jsonb_build_object('id', h.id, 'name', h.name) order by h.name, h.id), '[]')
			from deal_collaborators dc join people h on h.id = dc.person_id where dc.deal_id = d.id
		) as collaborators, (
			select coalesce(jsonb_agg(to_jsonb(found)), '[]') from (
				select co.id, co.name, co.position, co.role, ${pointsOf('contact')} as points
				from contacts co where co.client_id = d.client_id and co.archived_at is null
				order by co.name collate "russian", co.id limit ${MOST_CONTACTS}
			) found
		) as contacts, ${pointsOf('client')} as points,
		coalesce(${clientVisibleTo(actor)}, false) and d.client_id is not null as "clientKnown", (
			select coalesce(jsonb_agg(jsonb_build_object('stageId', left_stage, 'seconds', seconds)), '[]')
			from (
				select from_stage_id as left_stage, sum(seconds_in_previous) as seconds from stage_changes
				where deal_id = d.id and seconds_in_previous is not null group by 1
			) stood
		) as stood, (
			select (e.data->>'from')::bigint from events e
			where e.deal_id = d.id and e.type in ('deal.won', 'deal.lost') and d.closed_on is not null
			order by e.id desc limit 1
		) as "closedFrom", (select jsonb_agg(id) from deal_family(d.id) family(id)) as family,
		${voicesSql(sql`deal_family(d.id) family(id) join events e on e.deal_id = family.id`, sql`true`)} as voices`,
	);
}

/** Everybody who may be asked to help with a deal: who works here, does not own it and does not help yet. */
export async function listFreeColleagues(db: Sql, dealId: number): Promise<Colleague[]> {
	const { rows } = await db.execute<Colleague>(sql`
		select p.id, p.name from people p
		where p.active and p.id <> (select owner_id from deals where id = ${dealId})
			and not exists (
				select from deal_collaborators dc where dc.deal_id = ${dealId} and dc.person_id = p.id
			)
		order by p.name collate "russian", p.id`);
	return rows;
}

/** How many interactions deals have, planned and over. */
export async function countSteps(db: Sql, dealIds: number[]): Promise<Map<number, number>> {
	const { rows } = await db.execute<{ id: number; n: number }>(sql`
		select deal_id as id, count(*)::int as n from interactions
		where deal_id = any(${sql.param(dealIds)}::bigint[]) group by 1`);
	return new Map(rows.map(({ id, n }) => [id, n]));
}

/** Who has a deal now, and whether the actor still sees it: for who has just given it away. */
export async function findReceiver(
	db: Sql,
	actor: Actor,
	dealId: number,
): Promise<{ name: string; seen: boolean }> {
	const { rows } = await db.execute<{ name: string; seen: boolean }>(sql`
		select p.name, ${dealVisibleTo(actor)} as seen
		from deals d join people p on p.id = d.owner_id where d.id = ${dealId}`);
	return rows[0] as { name: string; seen: boolean };
}
