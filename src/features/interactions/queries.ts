import { sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/auth/rules.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';

export type InteractionKind = {
	id: number;
	code: string;
	name: string;
	icon: string;
	nextInDays: number;
};

/** The kinds of interactions, in order. */
export async function listKinds(db: Sql): Promise<InteractionKind[]> {
	const { rows } = await db.execute<InteractionKind>(sql`
		select id, code, name, icon, next_in_days as "nextInDays" from interaction_kinds order by position, id`);
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

/** An interaction as the screens show it. */
export type InteractionView = {
	id: number;
	dealId: number;
	dealTitle: string;
	dealVersion: number;
	clientId: number | null;
	clientName: string | null;
	kindId: number;
	kindName: string;
	kindIcon: string;
	nextInDays: number;
	summary: string;
	plannedOn: string | null;
	plannedAt: Date | null;
	lengthMinutes: number | null;
	ownerId: number;
	ownerName: string;
	status: 'planned' | 'done' | 'cancelled';
	outcome: string | null;
	completedAt: Date | null;
	completedByName: string | null;
	version: number;
};

const VIEW = sql`
	select i.id, i.deal_id as "dealId", d.title as "dealTitle", d.version as "dealVersion",
		d.client_id as "clientId", c.name as "clientName", i.kind_id as "kindId", k.name as "kindName",
		k.icon as "kindIcon", k.next_in_days as "nextInDays", i.summary, i.planned_on as "plannedOn",
		i.planned_at as "plannedAt", i.length_minutes as "lengthMinutes", i.owner_id as "ownerId",
		p.name as "ownerName", i.status, i.outcome, i.completed_at as "completedAt",
		b.name as "completedByName", i.version
	from interactions i
	join deals d on d.id = i.deal_id
	join interaction_kinds k on k.id = i.kind_id
	join people p on p.id = i.owner_id
	left join people b on b.id = i.completed_by
	left join clients c on c.id = d.client_id`;

const dated = (row: InteractionView): InteractionView => ({
	...row,
	plannedAt: row.plannedAt && new Date(row.plannedAt),
	completedAt: row.completedAt && new Date(row.completedAt),
});

/** An interaction of a deal that the actor may see. Throws NotFound for any other. */
export async function findInteraction(db: Sql, actor: Actor, id: number): Promise<InteractionView> {
	const { rows } = await db.execute<InteractionView>(
		sql`${VIEW} where i.id = ${id} and ${visibleTo(actor, sql`d.owner_id`)}`,
	);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return dated(rows[0]);
}

/** The same, locked together with its deal for the rest of the transaction; always the deal first. */
export async function findInteractionToEdit(
	tx: Tx,
	actor: Actor,
	id: number,
): Promise<InteractionView> {
	const { rows } = await tx.execute<{ id: number }>(sql`
		select d.id from deals d
		where d.id = (select deal_id from interactions where id = ${id})
			and ${visibleTo(actor, sql`d.owner_id`)} for update`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return await findInteraction(tx, actor, id);
}

/** What is planned on a deal, the nearest first. Days end with the viewer's day. */
export async function listPlanned(
	db: Sql,
	dealId: number,
	timeZone: string,
): Promise<InteractionView[]> {
	const { rows } = await db.execute<InteractionView>(sql`
		${VIEW} where i.deal_id = ${dealId} and i.status = 'planned'
		order by coalesce(i.planned_at, (i.planned_on + 1)::timestamp at time zone ${timeZone}), i.id limit 100`);
	return rows.map(dated);
}

/** Who changed an interaction last, and when; for telling the person whose change came second. */
export async function lastStepChange(
	db: Sql,
	step: { id: number; dealId: number },
): Promise<{ at: Date; by: string | null } | null> {
	const { rows } = await db.execute<{ at: Date; by: string | null }>(sql`
		select e.at, p.name as by from events e left join people p on p.id = e.actor_id
		where e.deal_id = ${step.dealId} and e.interaction_id = ${step.id}
		order by e.at desc, e.id desc limit 1`);
	return rows[0] ? { at: new Date(rows[0].at), by: rows[0].by } : null;
}
