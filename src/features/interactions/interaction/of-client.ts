import { sql } from 'drizzle-orm';
import type { Actor } from '#src/features/access/rights.ts';
import {
	type InteractionView,
	interactionVisibleTo,
	viewFor,
} from '#src/features/interactions/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** What is planned with a client, on any of its deals or on none. */
export type ClientSteps = {
	/** The nearest first. */
	planned: InteractionView[];
	/** When something without a deal was finished last. */
	lastDoneAt: Date | null;
};

const MOST = 50;

/**
 * The planned steps of a client whom the caller has loaded, those that the actor sees. Days end with the
 * viewer's day.
 */
export async function readStepsOfClient(
	db: Sql,
	actor: Actor,
	clientId: number,
	timeZone: string,
): Promise<ClientSteps> {
	const { rows } = await db.execute<InteractionView & { clientDoneAt: Date | null }>(sql`
		with bare as (
			select max(i.completed_at) as at from interactions i left join deals d on false
				left join clients c on c.id = i.client_id
			where i.client_id = ${clientId} and i.deal_id is null and i.status = 'done'
				and ${interactionVisibleTo(actor)}
		), steps as (
			${viewFor(actor)} where i.id = any(array(
				select o.id from deals own join interactions o on o.deal_id = own.id and o.status = 'planned'
				where own.client_id = ${clientId}
				union all select o.id from interactions o
				where o.client_id = ${clientId} and o.deal_id is null and o.status = 'planned'
			)) and ${interactionVisibleTo(actor)}
		)
		select steps.*, bare.at as "clientDoneAt" from bare left join steps on true
		order by coalesce("plannedAt", ("plannedOn" + 1)::timestamp at time zone ${timeZone}), id
		limit ${MOST}`);
	return {
		planned: rows.filter(({ id }) => id !== null),
		lastDoneAt: rows[0]?.clientDoneAt ?? null,
	};
}
