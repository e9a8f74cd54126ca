import { sql } from 'drizzle-orm';
import type { Actor } from '#src/features/access/rights.ts';
import type { StageKind } from '#src/features/deals/pipelines/tables.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** A deal as a line on the card of its client. */
export type ClientDeal = {
	id: number;
	title: string;
	amount: string | null;
	currency: string;
	stageName: string;
	stageKind: StageKind;
	colour: string;
	ownerName: string;
	closedOn: string | null;
	nextPlannedOn: string | null;
	nextPlannedAt: Date | null;
};

/** How many deals of how much money, by currency. */
export type DealSum = { currency: string; deals: number; amount: string };

/** The deals of a client that an actor sees. */
export type ClientDeals = {
	/** The open ones first, the nearest step on top; then the closed ones, the latest first. */
	deals: ClientDeal[];
	total: number;
	open: DealSum[];
	/** Won since the day asked for. */
	won: DealSum[];
	lastDoneAt: Date | null;
};

/**
 * The deals of a client whom the caller has loaded, `limit` of them, and the totals over all. `wonSince`: the
 * first day whose won deals count.
 */
export async function readDealsOfClient(
	db: Sql,
	actor: Actor,
	clientId: number,
	{ wonSince, limit }: { wonSince: string; limit: number },
): Promise<ClientDeals> {
	const { rows } = await db.execute<ClientDeals>(sql`
		with mine as materialized (
			select d.id, d.title, d.amount, d.currency, d.stage_id, d.owner_id, d.closed_on,
				d.next_planned_on, d.next_planned_at, d.last_done_at, s.kind
			from deals d join stages s on s.id = d.stage_id
			where d.client_id = ${clientId} and d.archived_at is null and ${dealVisibleTo(actor)}
		)
		select coalesce((select jsonb_agg(shown) from (
				select m.id, m.title, m.amount::text, m.currency, s.name as "stageName",
					s.kind as "stageKind", s.colour, p.name as "ownerName", m.closed_on as "closedOn",
					m.next_planned_on as "nextPlannedOn", m.next_planned_at as "nextPlannedAt"
				from mine m join stages s on s.id = m.stage_id join people p on p.id = m.owner_id
				order by m.closed_on is not null, m.closed_on desc,
					coalesce(m.next_planned_at, (m.next_planned_on + 1)::timestamp at time zone 'UTC'), m.id
				limit ${limit}
			) shown), '[]') as deals,
			(select count(*)::int from mine) as total,
			${sums(sql`closed_on is null`)} as open,
			${sums(sql`kind = 'won' and closed_on >= ${wonSince}::date`)} as won,
			(select max(last_done_at) from mine) as "lastDoneAt"`);
	const read = rows[0] as ClientDeals;
	return {
		...read,
		// Out of JSON, which has no moments.
		deals: read.deals.map((deal) => ({
			...deal,
			nextPlannedAt: deal.nextPlannedAt && new Date(deal.nextPlannedAt),
		})),
	};
}

const sums = (where: ReturnType<typeof sql>) => sql`coalesce((
	select jsonb_agg(summed) from (
		select currency, count(*)::int as deals, coalesce(sum(amount), 0)::text as amount
		from mine where ${where} group by currency order by currency
	) summed), '[]')`;
