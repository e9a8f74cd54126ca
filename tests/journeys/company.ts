import { sql } from 'drizzle-orm';
import { expect } from 'vitest';
import { findActor } from '#src/features/access/queries.ts';
import type { Acting, Actor } from '#src/features/access/rights.ts';
import { createClient } from '#src/features/clients/actions.ts';
import { createDeal, type Move, moveDeal } from '#src/features/deals/actions.ts';
import type { Plan } from '#src/features/interactions/actions.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import type { Database } from '#src/platform/db/client.ts';
import { type Login, NOON } from './desk.ts';

/** The states by their ids: a migrated database has them in this order. */
export const STAGES = {
	interest: 1,
	needs: 2,
	proposal: 3,
	closing: 4,
	contract: 5,
	won: 6,
	lost: 7,
};

const HOUR = 3_600_000;
/** A moment so many hours from noon. */
export const inHours = (hours: number): Plan => ({
	plannedAt: new Date(NOON.getTime() + hours * HOUR),
});

/** Anna sells, Boris is her team-mate, Vera leads them, Gleb is in another team, Ada administers. */
export async function makePeople(db: Database): Promise<void> {
	await db.execute(sql`
		with first as (insert into teams (name) values ('Отдел продаж') returning id),
			second as (insert into teams (name) values ('Регионы') returning id)
		insert into people (login, name, role, team_id) values
			('anna', 'Анна Соколова', 'manager', (select id from first)),
			('boris', 'Борис Лунин', 'manager', (select id from first)),
			('vera', 'Вера Павлова', 'head', (select id from first)),
			('gleb', 'Глеб Астахов', 'manager', (select id from second)),
			('ada', 'Ада Миронова', 'administrator', null)`);
}

/** A person acting by the app's own verbs, outside any browser. */
export async function by(db: Database, login: Login): Promise<Acting> {
	const actor = (await findActor(db, login)) as Actor;
	return { actor, actorId: actor.id, door: 'form', now: NOON };
}

/** What a deal is made of; left out: a call in three hours, 100 000 ₽, the first state. */
export type Order = {
	title: string;
	client?: string;
	stageId?: number;
	amount?: string | null;
	/** Null: nothing planned. */
	plan?: Plan | null;
	summary?: string;
};

/** Makes a client and a deal with its next step. Returns the deal's id. */
export async function makeDeal(db: Database, login: Login, order: Order): Promise<number> {
	const acting = await by(db, login);
	const clientId = await createClient(db, acting, {
		name: order.client ?? `ООО «${order.title}»`,
		contacts: [{ name: 'Мария Ильина', phone: '+7 495 111-22-33', email: 'maria@example.org' }],
	});
	const dealId = await createDeal(db, acting, {
		stageId: order.stageId ?? STAGES.interest,
		title: order.title,
		clientId,
		amount: order.amount === undefined ? '100000.00' : order.amount,
	});
	if (order.plan !== null)
		await planInteraction(db, acting, dealId, {
			kindId: 1,
			summary: order.summary ?? 'Позвонить',
			plan: order.plan ?? inHours(3),
		});
	return dealId;
}

/** Moves a deal as another session would, whatever its version is. */
export async function moveBehind(
	db: Database,
	login: Login,
	move: Omit<Move, 'version'>,
): Promise<void> {
	const { version } = await dealNow(db, move.dealId);
	await moveDeal(db, await by(db, login), { ...move, version });
}

export type DealNow = {
	stageId: number;
	version: number;
	title: string;
	amount: string | null;
	source: string | null;
};

/** How a deal stands in the database. */
export async function dealNow(db: Database, dealId: number): Promise<DealNow> {
	const { rows } = await db.execute<DealNow>(sql`
		select stage_id as "stageId", version, title, amount, source from deals where id = ${dealId}`);
	return rows[0] as DealNow;
}

/** Waits until a deal is stored in a state: the page shows a move before it is saved. */
export async function seeStored(db: Database, dealId: number, stageId: number): Promise<void> {
	await expect.poll(async () => (await dealNow(db, dealId)).stageId).toBe(stageId);
}
