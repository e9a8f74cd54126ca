import { sql } from 'drizzle-orm';
import type { AppEvent, Door } from '#src/events.ts';
import { afterCommit } from '#src/platform/db/after-commit.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { momentOf } from './clock.ts';
import { nounOf } from './nouns.ts';
import { tell } from './teller.ts';

/** Who does it, by which way, and when: what every verb of the trade is told. */
export type By = {
	actorId: number | null;
	door: Door;
	now: Date;
	/** The moment of the change, where its verb has taken it under the lock already: see clock.ts. */
	at?: Date;
	/** From which address, where somebody sits at one. */
	ip?: string | null;
	/** The open page that it was done on: it is drawn anew by its own answer, and need not be told. */
	tab?: string | null;
};

/**
 * Writes one event row per event, inside the caller's transaction, and has every instance told after its commit
 * whose records changed (see platform/live). An event's moment is the database's, taken
 * while the caller holds the record, and never before the record's last one. Making the demo company tells
 * nobody, for nobody is there: its thousands of changes take a third less.
 */
export async function record(tx: Sql, by: By, ...happened: AppEvent[]): Promise<void> {
	if (happened.length === 0) return;
	const rows = happened.map((event) => ({
		type: event.type,
		noun: nounOf(event.type),
		dealId: 'dealId' in event ? event.dealId : null,
		clientId: 'clientId' in event ? event.clientId : null,
		interactionId: 'interactionId' in event ? event.interactionId : null,
		data: event.data,
	}));
	const at = by.at ? sql`${by.at}::timestamptz` : momentOf(by);
	const { rows: written } = await tx.execute<{ id: number }>(sql`
		with given as (select ${JSON.stringify(rows)}::jsonb as happened, ${at} as at), written as (
			insert into events (type, noun, record_id, at, actor_id, door, ip, deal_id, client_id, interaction_id, data)
			select e.type, e.noun, record_of(e.noun, e.data, e."dealId", e."clientId", e."interactionId"),
				greatest(given.at, last_told(e."dealId", e."clientId")), ${by.actorId}::bigint,
				${by.door}::text, ${by.ip ?? null}::text, e."dealId", e."clientId", e."interactionId", e.data
			from given, jsonb_to_recordset(given.happened) as e(
				type text, noun text, "dealId" bigint, "clientId" bigint, "interactionId" bigint, data jsonb)
			returning id
		)
		select id from written`);
	if (by.door === 'seed') return;
	const ids = written.map(({ id }) => id);
	const stored = { happened: rows, ids, actor: by.actorId, tab: by.tab ?? null };
	afterCommit(tx, (pool) => tell(pool, stored));
}
