import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { TakenEvent } from '#src/features/calendar/ical/reading.ts';
import { personsWords } from '#src/features/calendar/words.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { planInteraction, type Target } from '#src/features/interactions/actions.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { planOf } from './merge.ts';
import { keepOrigin } from './origins.ts';

const MAX_SUMMARY = 300;
const OWN_UID = /^interaction-(\d{1,15})@moi-prodazhi$/;

/** An interaction that an event turned out to be. */
export type Acquainted = { id: number; version: number; isNew: boolean };

/**
 * Finds out which interaction an event is: one of the actor's own by its UID, or else a new meeting with
 * the client whose people are invited, if the actor knows exactly one such. Null for a stranger.
 */
export async function acquaint(
	tx: Tx,
	acting: Acting,
	taken: TakenEvent,
): Promise<Acquainted | null> {
	const own = await findOwn(tx, acting.actor.id, taken);
	if (own !== null) return { ...own, isNew: false };
	// What is private stays with its person: a meeting here is read by whoever leads them.
	if (taken.cancelled || taken.isPrivate || taken.mails.length === 0) return null;
	const clients = await clientsOf(tx, acting, taken.mails);
	const [clientId] = clients;
	if (clientId === undefined || clients.length > 1) return null;
	return await takeIn(tx, acting, taken, { target: { clientId }, kindId: null });
}

async function findOwn(
	tx: Tx,
	personId: number,
	{ uid, occurrence }: TakenEvent,
): Promise<{ id: number; version: number } | null> {
	const { rows } = await tx.execute<{ id: number; version: number }>(sql`
		select i.id, i.version from interactions i where i.owner_id = ${personId}
			and (i.calendar_uid = ${uid}
				or (i.calendar_uid is null and i.id = ${OWN_UID.exec(uid)?.[1] ?? null}))
			and not exists (select from calendar_links l
				where l.person_id = ${personId} and l.interaction_id = i.id)
			and (${occurrence}::text is null or not exists (select from calendar_origins o
				where o.interaction_id = i.id and o.occurrence <> ${occurrence}))
		order by (i.status = 'planned') desc, i.id limit 1`);
	return rows[0] ?? null;
}

async function clientsOf(tx: Tx, { actor }: Acting, mails: string[]): Promise<number[]> {
	const { rows } = await tx.execute<{ id: number }>(sql`
		select distinct c.id from contact_points cp join clients c on c.id = cp.client_id
		where cp.kind = 'email' and cp.search_key = any(${sql.param(mails)}::text[])
			and c.archived_at is null and ${clientVisibleTo(actor)} limit 2`);
	return rows.map(({ id }) => id);
}

/** What an event is to become: of which deal or client, and of which kind (a meeting unless told). */
export type Intake = { target: Target; kindId: number | null };

/**
 * Makes an interaction of the actor's out of an event; its UID stays with it, so that the same event is
 * known when it comes again. Of a private one the time alone is taken. Throws as planInteraction does.
 */
export async function takeIn(
	tx: Tx,
	acting: Acting,
	taken: TakenEvent,
	{ target, kindId }: Intake,
): Promise<Acquainted> {
	const { rows } = await tx.execute<{ id: number; name: string }>(sql`
		select id, name from interaction_kinds
		where ${kindId === null ? sql`code = 'meeting'` : sql`id = ${kindId}`}`);
	const kind = rows[0];
	const { isPrivate, lengthMinutes } = taken;
	const words = personsWords(taken.description, []).slice(0, 10_000).trim();
	const title = (!isPrivate && taken.summary) || kind?.name || taken.uid;
	const id = await planInteraction(tx, acting, target, {
		kindId: kind?.id ?? 0,
		summary: title.slice(0, MAX_SUMMARY),
		description: isPrivate ? null : words || null,
		place: isPrivate ? null : (taken.place?.slice(0, 300) ?? null),
		lengthMinutes,
		ownerId: acting.actor.id,
		plan: planOf(taken),
	});
	await tx.execute(sql`update interactions set calendar_uid = ${taken.uid} where id = ${id}`);
	await keepOrigin(tx, id, taken);
	return { id, version: 1, isNew: true };
}
