import { sql } from 'drizzle-orm';
import { type Acting, type Actor, visibleTo } from '#src/features/access/rights.ts';
import type { TakenEvent } from '#src/features/calendar/ical/reading.ts';
import { findCalendarStep } from '#src/features/calendar/sync/links.ts';
import { changesThere } from '#src/features/calendar/sync/merge.ts';
import {
	findOrigins,
	isOutdated,
	keepOrigin,
	meant,
	type Origin,
} from '#src/features/calendar/sync/origins.ts';
import { takeIn } from '#src/features/calendar/sync/strangers.ts';
import { clientVisibleTo, findClientByName } from '#src/features/clients/queries.ts';
import { cancelInteraction, type Target } from '#src/features/interactions/actions.ts';
import { editInteraction } from '#src/features/interactions/interaction/editing.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';

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
		where d.closed_on is null and d.archived_at is null and ${visibleTo(actor, sql`d.owner_id`)}
		union all select 'client:' || id, name from found
		order by 1 desc limit ${MOST}`);
	return rows;
}

/** What is known here of an event of a file already. */
export type Known = {
	ids: number[];
	/** What is known is newer than the file. */
	outdated: boolean;
	/** Of its series other occurrences are here, and not this one. */
	others: boolean;
};

/** What a person has taken in of these events already, in their order; null for one that is new. */
export async function takenAlready(
	db: Sql,
	personId: number,
	events: TakenEvent[],
): Promise<(Known | null)[]> {
	const origins = await findOrigins(
		db,
		personId,
		events.map(({ uid }) => uid),
	);
	return events.map((event) => {
		const found = meant(event, origins);
		const others = origins.some(({ uid }) => uid === event.uid);
		if (found.length === 0 && !(others && event.occurrence !== null)) return null;
		const outdated = found.some((origin) => isOutdated(event, origin));
		return { ids: found.map(({ id }) => id), outdated, others: found.length === 0 };
	});
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
 * that is called off or older than what is known, and what the verbs of interactions throw.
 */
export async function takeEvent(
	sqlOrTx: Sql,
	acting: Acting,
	event: TakenEvent,
	choice: Choice,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const origins = meant(event, await findOrigins(tx, acting.actor.id, [event.uid]));
		if (origins.some((origin) => isOutdated(event, origin)))
			throw new RuleBroken('calendar.outdated');
		for (const origin of origins) await follow(tx, acting, origin, event);
		if (origins[0]) return origins[0].id;
		if (event.cancelled) throw new RuleBroken('calendar.calledOff');
		const target = await targetOf(tx, acting.actor, choice);
		return (await takeIn(tx, acting, event, { target, kindId: choice.kindId })).id;
	});
}

/** Makes a step that was taken in before say what its event says now. */
async function follow(tx: Tx, acting: Acting, { id }: Origin, event: TakenEvent): Promise<void> {
	const step = await findCalendarStep(tx, acting.actor.id, id);
	if (step === null || step.status !== 'planned') throw new RuleBroken('interaction.notPlanned');
	if (event.cancelled) {
		const reason = translate(acting.actor.language, 'calendar.calledOff');
		await cancelInteraction(tx, acting, id, step.version, reason);
	} else {
		const { description, ...changes } = changesThere(step, null, event, []);
		// What was noted here stands, unless the event has something to say.
		const edit = description ? { ...changes, description } : changes;
		if (Object.keys(edit).length > 0) await editInteraction(tx, acting, id, step.version, edit);
	}
	const occurrence = event.occurrence ?? (await occurrenceOf(tx, id));
	await keepOrigin(tx, id, { ...event, occurrence });
}

async function occurrenceOf(tx: Tx, id: number): Promise<string | null> {
	const { rows } = await tx.execute<{ occurrence: string | null }>(
		sql`select occurrence from calendar_origins where interaction_id = ${id}`,
	);
	return rows[0]?.occurrence ?? null;
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
