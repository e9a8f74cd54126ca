import { sql } from 'drizzle-orm';
import { type Actor, mayEditOf } from '#src/features/access/rights.ts';
import { findClientByName } from '#src/features/clients/queries.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import type { Target } from '#src/features/interactions/actions.ts';
import { REMINDERS } from '#src/features/interactions/forms.ts';
import { type Choices, readChoices } from '#src/features/interactions/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';

/** An open deal of a client, for choosing what a step belongs to. */
export type OpenDeal = { id: number; title: string };

const MOST = 50;

/** The open deals of whom a name says; `unknown`: the name, where no client has it. */
export type DealsFound = { deals: OpenDeal[]; unknown: string | null };

/** The open deals that the actor sees of the client of this name, as it is typed. */
export async function findDeals(db: Sql, actor: Actor, clientName: string): Promise<DealsFound> {
	if (clientName === '') return { deals: [], unknown: null };
	const clientId = await findClientByName(db, actor, clientName);
	if (clientId === null) return { deals: [], unknown: clientName };
	return { deals: await listOpenDeals(db, actor, clientId), unknown: null };
}

async function listOpenDeals(db: Sql, actor: Actor, clientId: number): Promise<OpenDeal[]> {
	const { rows } = await db.execute<OpenDeal>(sql`
		select d.id, d.title from deals d
		where d.client_id = ${clientId} and d.closed_on is null and d.archived_at is null and ${dealVisibleTo(actor)}
		order by d.id desc limit ${MOST}`);
	return rows;
}

/** What a slot of the calendar says of the step to plan in it. */
export type Slot = { day: string; time: string | null; owner: number | null };

/** What the form offers and suggests. */
export type SlotForm = Choices &
	DealsFound & {
		reminders: typeof REMINDERS;
		values: Record<string, string | number | null>;
	};

/** Reads the form that plans a step in a slot; `clientName` as it was typed, if it was. */
export async function readSlotForm(
	db: Sql,
	actor: Actor,
	{ day, time, owner }: Slot,
	clientName: string,
): Promise<SlotForm> {
	const choices = await readChoices(db, null);
	const meeting = choices.kinds.find(({ code }) => code === 'meeting') ?? choices.kinds[0];
	return {
		...choices,
		...(await findDeals(db, actor, clientName)),
		reminders: REMINDERS,
		values: {
			kindId: meeting?.id ?? null,
			lengthMinutes: time === null ? null : (meeting?.lengthMinutes ?? null),
			plannedDay: day,
			plannedTime: time,
			ownerId: owner !== null && mayEditOf(actor, owner) ? owner : actor.id,
		},
	};
}

/** That a step belongs to no deal, as the form says it. */
export const NO_DEAL = 'none';

/**
 * What a step planned in the calendar belongs to: the deal that was chosen, or the client. Throws
 * InvalidForm for an unknown client, and where the client has open deals and none was chosen or waived.
 */
export async function targetChosen(
	db: Sql,
	actor: Actor,
	{ clientName, dealId }: { clientName: string; dealId?: string | undefined },
): Promise<Target> {
	const clientId = await findClientByName(db, actor, clientName);
	if (clientId === null) throw new InvalidForm({ clientName: { key: 'calendar.noClient' } }, {});
	if (dealId === NO_DEAL) return { clientId };
	const deals = await listOpenDeals(db, actor, clientId);
	if (deals.length === 0) return { clientId };
	const chosen = deals.find(({ id }) => String(id) === dealId);
	if (chosen === undefined) throw new InvalidForm({ dealId: { key: 'calendar.whichDeal' } }, {});
	return chosen.id;
}
