import { type SQL, sql } from 'drizzle-orm';
import { type Actor, editable, visibleTo } from '#src/features/access/rights.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { Forbidden, NotFound, RuleBroken } from '#src/platform/errors.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';

export type InteractionKind = {
	id: number;
	code: string;
	name: string;
	icon: string;
	/** Suggested for the step after one of this kind: of this kind (null: the same), in so many working days. */
	nextKindId: number | null;
	nextInDays: number;
	lengthMinutes: number | null;
	active: boolean;
	position: number;
	version: number;
};

/** The kinds of interactions that are offered, in order; with `all` those, too, that are not any more. */
export async function listKinds(db: Sql, which?: 'all'): Promise<InteractionKind[]> {
	const { rows } = await db.execute<InteractionKind>(sql`
		select id, code, name, icon, next_kind_id as "nextKindId", next_in_days as "nextInDays",
			length_minutes as "lengthMinutes", active, position, version
		from interaction_kinds where active or ${which === 'all'} order by position, id`);
	return rows;
}

/** What a step without words is called: by its kind. */
export async function summaryOf(
	db: Sql,
	{ kindId }: { kindId?: number },
	viewer: Viewer,
): Promise<string> {
	const kinds = kindId === undefined ? [] : await listKinds(db);
	const kind = kinds.find((one) => one.id === kindId);
	return kind?.name ?? translate(viewer.language, 'interaction.step');
}

/** An interaction as the screens show it: of a deal, or of a client without one. */
export type InteractionView = {
	id: number;
	dealId: number | null;
	dealTitle: string | null;
	dealVersion: number | null;
	dealOwnerId: number | null;
	/** The state that the deal stands in. */
	stageId: number | null;
	/** Whether the deal is neither won nor lost; false without one. */
	dealOpen: boolean;
	clientId: number | null;
	clientName: string | null;
	contactId: number | null;
	contactName: string | null;
	kindId: number;
	kindName: string;
	kindIcon: string;
	nextInDays: number;
	/** Suggested after it, of the kinds that are offered. */
	nextKindId: number;
	summary: string;
	description: string | null;
	place: string | null;
	plannedOn: string | null;
	plannedAt: Date | null;
	lengthMinutes: number | null;
	remindMinutes: number | null;
	seriesId: number | null;
	occurrence: string | null;
	/** The rule of its series, as RFC 5545 writes it. */
	seriesRule: string | null;
	ownerId: number;
	ownerName: string;
	authorName: string | null;
	status: 'planned' | 'done' | 'cancelled';
	outcome: string | null;
	completedAt: Date | null;
	completedByName: string | null;
	version: number;
	/** Whether the actor may change it, or only read. */
	editable: boolean;
};

/**
 * What an InteractionView is read from: interactions `i` with `d`, `c`, `k`, `p` and more joined to them. Without an
 * actor it is not told whether it may be changed: the caller knows.
 */
export const viewFor = (actor: Actor | null) => sql`
	select ${actor ? editable(actor, interactionVisibleTo) : sql`true`} as editable, i.id, i.deal_id as "dealId", d.title as "dealTitle", d.version as "dealVersion",
		d.owner_id as "dealOwnerId", d.stage_id as "stageId",
		(d.id is not null and d.closed_on is null) as "dealOpen",
		c.id as "clientId", c.name as "clientName", i.contact_id as "contactId", co.name as "contactName",
		i.kind_id as "kindId", k.name as "kindName", k.icon as "kindIcon",
		k.next_in_days as "nextInDays", i.summary, i.description, i.place, coalesce(
			(select id from interaction_kinds where active and id = k.next_kind_id), case when k.active then k.id end,
			(select id from interaction_kinds where active order by position, id limit 1)) as "nextKindId",
		i.planned_on as "plannedOn", i.planned_at as "plannedAt", i.length_minutes as "lengthMinutes",
		i.remind_minutes as "remindMinutes", i.series_id as "seriesId", i.occurrence,
		(select rule from interaction_series where id = i.series_id) as "seriesRule",
		i.owner_id as "ownerId", p.name as "ownerName", a.name as "authorName", i.status, i.outcome,
		i.completed_at as "completedAt", b.name as "completedByName", i.version
	from interactions i
	left join deals d on d.id = i.deal_id
	join interaction_kinds k on k.id = i.kind_id
	join people p on p.id = i.owner_id
	left join people a on a.id = i.author_id
	left join people b on b.id = i.completed_by
	left join clients c on c.id = coalesce(d.client_id, i.client_id)
	left join contacts co on co.id = i.contact_id`;

/**
 * Whether an actor sees an interaction: their own, one of a deal that they see, one of their client's
 * without a deal. For interactions `i` with the deal `d` and the client `c` joined to the left, as in viewFor.
 */
export function interactionVisibleTo(actor: Actor): SQL {
	if (actor.scope === 'all') return sql`true`;
	return sql`(${visibleTo(actor, sql`i.owner_id`)} or ${dealVisibleTo(actor)}
		or (i.deal_id is null and ${visibleTo(actor, sql`c.owner_id`)}))`;
}

/** An interaction that the actor may see. Throws NotFound for any other. */
export async function findInteraction(db: Sql, actor: Actor, id: number): Promise<InteractionView> {
	const { rows } = await db.execute<InteractionView>(
		sql`${viewFor(actor)} where i.id = ${id} and ${interactionVisibleTo(actor)}`,
	);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/**
 * The same, locked together with its deal for the rest of the transaction; always the deal first. Throws
 * NotFound, Forbidden for one that the actor sees but may not change, RuleBroken where its deal is in the archive.
 */
export async function findInteractionToEdit(
	tx: Tx,
	actor: Actor,
	id: number,
): Promise<InteractionView> {
	const { rows: deals } = await tx.execute<{ archived: boolean }>(sql`
		select archived_at is not null as archived from deals
		where id = (select deal_id from interactions where id = ${id}) for update`);
	await tx.execute(sql`select from interactions where id = ${id} for update`);
	const step = await findInteraction(tx, actor, id);
	if (!step.editable) throw new Forbidden('error.readOnly');
	if (deals[0]?.archived) throw new RuleBroken('deal.archived');
	return step;
}

/** An interaction that the actor may change, for its forms. Throws NotFound, Forbidden for one that they only see. */
export async function findEditableInteraction(
	db: Sql,
	actor: Actor,
	id: number,
): Promise<InteractionView> {
	const step = await findInteraction(db, actor, id);
	if (!step.editable) throw new Forbidden('error.readOnly');
	return step;
}

/** What is planned on a deal, the nearest first. Days end with the viewer's day. */
export async function listPlanned(
	db: Sql,
	dealId: number,
	timeZone: string,
): Promise<InteractionView[]> {
	const { rows } = await db.execute<InteractionView>(sql`
		${viewFor(null)} where i.deal_id = ${dealId} and i.status = 'planned'
		order by coalesce(i.planned_at, (i.planned_on + 1)::timestamp at time zone ${timeZone}), i.id limit 100`);
	return rows;
}

/** Who changed an interaction last, and when; for telling the person whose change came second. */
export async function lastStepChange(
	db: Sql,
	step: { id: number; dealId: number | null; clientId: number | null },
): Promise<{ at: Date; by: string | null; byId: number | null } | null> {
	const { rows } = await db.execute<{ at: Date; by: string | null; byId: number | null }>(sql`
		select e.at, p.name as by, p.id as "byId" from events e left join people p on p.id = e.actor_id
		where ${step.dealId === null ? sql`e.client_id = ${step.clientId}` : sql`e.deal_id = ${step.dealId}`}
			and (e.interaction_id = ${step.id}
				or e.data->'cancelled' @> ${JSON.stringify([{ id: step.id }])}::jsonb
				or e.data->'returned' @> ${JSON.stringify([{ id: step.id }])}::jsonb)
		order by e.id desc limit 1`);
	return rows[0] ?? null;
}

export type Choice = { id: number; name: string };
/** What a form of a step offers: kinds, contacts of its client, everybody who works here. */
export type Choices = { kinds: InteractionKind[]; contacts: Choice[]; people: Choice[] };

/**
 * Reads what a form of a step offers, in one statement; what the step `held` has already is offered too,
 * though it may be out of use.
 */
export async function readChoices(
	db: Sql,
	clientId: number | null,
	held?: { kindId: number; contactId: number | null; ownerId: number },
): Promise<Choices> {
	const { rows } = await db.execute<Choices>(sql`
		select (
			select json_agg(json_build_object('id', k.id, 'code', k.code, 'name', k.name, 'icon', k.icon,
				'nextKindId', k.next_kind_id, 'nextInDays', k.next_in_days,
				'lengthMinutes', k.length_minutes, 'active', k.active, 'position', k.position,
				'version', k.version) order by k.position, k.id)
			from interaction_kinds k where k.active or k.id = ${held?.kindId ?? null}
		) as kinds, (
			select coalesce(json_agg(json_build_object('id', c.id, 'name', c.name)
				order by c.name collate "russian", c.id), '[]')
			from contacts c where c.client_id = ${clientId}
				and (c.archived_at is null or c.id = ${held?.contactId ?? null})
		) as contacts, (
			select json_agg(json_build_object('id', p.id, 'name', p.name)
				order by p.name collate "russian", p.id)
			from people p where p.active or p.id = ${held?.ownerId ?? null}
		) as people`);
	return rows[0] as Choices;
}

/** The name of a client that the actor may see, and whose it is. Throws NotFound for any other. */
export async function findClientToPlan(
	db: Sql,
	actor: Actor,
	clientId: number,
): Promise<Choice & { ownerId: number | null }> {
	const { rows } = await db.execute<Choice & { ownerId: number | null }>(sql`
		select c.id, c.name, c.owner_id as "ownerId" from clients c
		where c.id = ${clientId} and c.merged_into is null and ${clientVisibleTo(actor)}`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** What is planned on a deal beside one step, the nearest first; null: nothing else. */
export async function nextBeside(
	db: Sql,
	step: { id: number; dealId: number | null },
	timeZone: string,
): Promise<InteractionView | null> {
	if (step.dealId === null) return null;
	const planned = await listPlanned(db, step.dealId, timeZone);
	return planned.find(({ id }) => id !== step.id) ?? null;
}

/** So much of a step is kept under a request's key. */
export type StepKept = Pick<InteractionView, 'id' | 'dealId' | 'clientId' | 'stageId' | 'version'>;

/** Of a step what its answer is drawn from: so much is kept of it. */
export const keptOf = ({ id, dealId, clientId, stageId, version }: StepKept): StepKept => ({
	id,
	dealId,
	clientId,
	stageId,
	version,
});
