import { sql } from 'drizzle-orm';
import { type Acting, type Actor, visibleTo } from '#src/features/auth/rules.ts';
import { clientVisibleTo, findClientByName } from '#src/features/clients/queries.ts';
import type { Target } from '#src/features/interactions/actions.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { findCalendarStep } from './links.ts';
import type { TakenEvent } from './reading.ts';
import { takeIn } from './strangers.ts';
import { takeHere } from './taking.ts';

/** What an event can become a step of: clients whose people are invited, and their open deals. */
export type Suggestion = { id: string; name: string };

const MOST = 20;

/** To whom the mails of an event belong, among those whom the actor knows. */
export async function suggestTargets(
	db: Sql,
	actor: Actor,
	events: TakenEvent[],
): Promise<Suggestion[]> {
	const mails = [...new Set(events.flatMap((event) => event.mails))].slice(0, 200);
	const { rows } = await db.execute<Suggestion>(sql`
		with found as (
			select distinct c.id, c.name from contact_points cp join clients c on c.id = cp.client_id
			where cp.kind = 'email' and cp.search_key = any(${sql.param(mails)}::text[])
				and c.archived_at is null and ${clientVisibleTo(actor)} limit ${MOST}
		)
		select 'deal:' || d.id as id, f.name || ' · ' || d.title as name
		from found f join deals d on d.client_id = f.id
		where d.closed_on is null and ${visibleTo(actor, sql`d.owner_id`)}
		union all select 'client:' || id, name from found
		order by 1 desc limit ${MOST}`);
	return rows;
}

/** Which of these events a person has taken in already: interaction by UID. */
export async function takenAlready(
	db: Sql,
	personId: number,
	events: TakenEvent[],
): Promise<Map<string, number>> {
	const uids = sql.param(events.map(({ uid }) => uid));
	const { rows } = await db.execute<{ uid: string; id: number }>(sql`
		select calendar_uid as uid, id from interactions
		where calendar_uid = any(${uids}::text[]) and owner_id = ${personId}`);
	return new Map(rows.map(({ uid, id }) => [uid, id]));
}

/** What the person chose for an event: one of the suggestions, or a client by name. */
export type Choice = {
	target?: string | undefined;
	clientName?: string | undefined;
	kindId: number;
};

/**
 * Takes an event in as an interaction of the actor's; one that was taken in before follows what the event
 * says now. Returns the interaction's id. Throws InvalidForm without a known client, RuleBroken for one
 * that is called off, and what the verbs of interactions throw.
 */
export async function takeEvent(
	sqlOrTx: Sql,
	acting: Acting,
	event: TakenEvent,
	choice: Choice,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const known = (await takenAlready(tx, acting.actor.id, [event])).get(event.uid);
		if (known !== undefined) {
			const step = await findCalendarStep(tx, acting.actor.id, known);
			if (step === null || step.status !== 'planned')
				throw new RuleBroken('interaction.notPlanned');
			await takeHere(tx, acting, step, event);
			return known;
		}
		if (event.cancelled) throw new RuleBroken('calendar.calledOff');
		const target = await targetOf(tx, acting.actor, choice);
		return (await takeIn(tx, acting, event, { target, kindId: choice.kindId })).id;
	});
}

async function targetOf(tx: Sql, actor: Actor, { target, clientName }: Choice): Promise<Target> {
	const [, noun, id] = /^(deal|client):(\d{1,15})$/.exec(target ?? '') ?? [];
	if (noun === 'deal') return Number(id);
	if (noun === 'client') return { clientId: Number(id) };
	if (clientName === undefined)
		throw new InvalidForm({ clientName: { key: 'field.required' } }, {});
	const clientId = await findClientByName(tx, actor, clientName);
	if (clientId === null) throw new InvalidForm({ clientName: { key: 'calendar.noClient' } }, {});
	return { clientId };
}
