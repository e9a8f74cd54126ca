import { type SQL, sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';

/**
 * What a person would leave behind: open deals, plans, what repeats, clients, all of them theirs; and open deals of
 * others that they help with.
 */
export type Belongings = {
	deals: number;
	interactions: number;
	clients: number;
	/** Series that will come to something more. */
	series: number;
	helping: number;
};

const open = sql`closed_on is null and archived_at is null`;
const belongingsOf = (id: SQL): SQL => sql`
	(select count(*)::int from deals where owner_id = ${id} and ${open}) as deals,
	(select count(*)::int from interactions where owner_id = ${id} and status = 'planned') as interactions,
	(select count(*)::int from clients where owner_id = ${id} and archived_at is null) as clients,
	(select count(*)::int from interaction_series s where s.owner_id = ${id} and s.ended_on is null and exists (
		select from graphile_worker.jobs j where j.key = 'series.extend:' || s.id)) as series,
	(select count(*)::int from deal_collaborators h join deals d on d.id = h.deal_id
		where h.person_id = ${id} and d.closed_on is null and d.archived_at is null) as helping`;

/** Counts what a person would leave behind. */
export async function countBelongings(db: Sql, personId: number): Promise<Belongings> {
	const { rows } = await db.execute<Belongings>(
		sql`select ${belongingsOf(sql`${personId}::bigint`)}`,
	);
	return rows[0] as Belongings;
}

/** Whether somebody has to take over. */
export const needsHeir = (left: Belongings): boolean =>
	left.deals + left.interactions + left.clients + left.series > 0;

/** What somebody left behind; `imports`: files that are being brought in for them, or give them something. */
type LeftBehind = Belongings & { imports: number };
/** Who does not work here and left something behind. */
export type Orphans = { id: number; name: string } & LeftBehind;

const MOST = 500;
// What a job works on, and what waits for somebody who is here to say yes and names who is not.
const FOUND = sql`
	with under_way as materialized (
		select owner_id, status, choice#>'{instead,owner}' as named from imports
		where status in ('checking', 'checked', 'running', 'cancelling', 'undoing')
	)
	select p.id, p.name, left_behind.* from people p cross join lateral (
		select ${belongingsOf(sql`p.id`)}, (
			select count(*)::int from under_way u where u.owner_id = p.id and u.status <> 'checked'
				or u.status in ('checking', 'checked', 'running')
				and exists (select from jsonb_each_text(u.named) said where lower(said.value) = lower(p.login))) as imports
	) left_behind
	where not p.active and deals + interactions + clients + series + helping + imports > 0`;

/** Who does not work here and has something that somebody has to look after; by name. */
export async function listOrphans(db: Sql): Promise<Orphans[]> {
	const { rows } = await db.execute<Orphans>(
		sql`${FOUND} order by p.name collate "russian", p.id limit ${MOST}`,
	);
	return rows;
}

/** How much of each kind is left behind, by anybody. */
export async function countOrphans(db: Sql): Promise<LeftBehind> {
	const sums = KINDS.map(
		(kind) => sql`coalesce(sum(${sql.identifier(kind)}), 0)::int as ${sql.identifier(kind)}`,
	);
	const { rows } = await db.execute<LeftBehind>(
		sql`select ${sql.join(sums, sql`, `)} from (${FOUND}) found`,
	);
	return rows[0] as LeftBehind;
}

export const KINDS = ['deals', 'interactions', 'clients', 'series', 'helping', 'imports'] as const;
