import { sql } from 'drizzle-orm';
import { findActor } from '#src/features/access/queries.ts';
import type { Acting, Actor } from '#src/features/access/rights.ts';
import { addCollaborator } from '#src/features/deals/collaborators/collaborators.ts';
import { editDeal } from '#src/features/deals/deal/editing.ts';
import { noteDeal } from '#src/features/deals/notes/notes.ts';
import { setRequiredFields } from '#src/features/deals/pipelines/stages.ts';
import { setDealProducts } from '#src/features/deals/products/products.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { type Chance, chance } from './chance.ts';
import { CAMPAIGNS, DEAL_TAGS, NOTES, PRODUCTS } from './words.ts';

const SEED = 20_261_124;
const DAY_MS = 86_400_000;

type Living = { id: number; version: number; login: string };

/**
 * Gives the open deals of the demo company what a manager adds to them day by day, around `now`: products,
 * campaigns and tags, notes, somebody who helps; and has one state demand the amount. The same every time.
 */
export async function enrichDeals(tx: Tx, now: Date): Promise<void> {
	const luck = chance(SEED);
	const { rows } = await tx.execute<Living>(sql`
		select d.id, d.version, p.login from deals d join people p on p.id = d.owner_id
		where d.closed_on is null order by d.id`);
	const people = new Map<string, Actor>();
	for (const login of ['anna', 'boris', 'vera', 'gleb', 'ada'])
		people.set(login, (await findActor(tx, login)) as Actor);
	const by = (login: string, daysAgo: number): Acting => {
		const actor = people.get(login) as Actor;
		return {
			actor,
			actorId: actor.id,
			door: 'seed',
			now: new Date(now.getTime() - daysAgo * DAY_MS),
		};
	};
	for (const [n, deal] of rows.entries()) {
		if (n % 5 === 1) await sell(tx, by(deal.login, 3), deal, luck);
		if (n % 4 === 2) await describe(tx, by(deal.login, 2), deal, luck);
		if (n % 9 === 1) await noteDeal(tx, by(deal.login, 1), deal.id, luck.pick(NOTES));
		if (n % 11 === 1) await help(tx, by(deal.login, 4), deal, people, luck);
	}
	const closing = sql`select id from stages where kind = 'open' order by position desc offset 1 limit 1`;
	const { rows: stages } = await tx.execute<{ id: number }>(closing);
	if (stages[0]) await setRequiredFields(tx, by('ada', 0), stages[0].id, ['amount']);
}

async function sell(tx: Tx, acting: Acting, deal: Living, luck: Chance): Promise<void> {
	const from = luck.below(PRODUCTS.length);
	const lines = Array.from({ length: 1 + luck.below(4) }, (_, k) => {
		const [name, price] = PRODUCTS[(from + k) % PRODUCTS.length] as (typeof PRODUCTS)[number];
		return { row: k + 1, name, quantity: String(1 + luck.below(6)), price };
	});
	const amountFromProducts = luck.next() < 0.7;
	const { id, version } = deal;
	deal.version = await setDealProducts(tx, acting, id, { version, lines, amountFromProducts });
}

async function describe(tx: Tx, acting: Acting, deal: Living, luck: Chance): Promise<void> {
	deal.version = await editDeal(tx, acting, deal.id, deal.version, {
		campaign: luck.pick(CAMPAIGNS),
		tags: [luck.pick(DEAL_TAGS)],
		...(luck.next() < 0.3 ? { note: luck.pick(NOTES) } : {}),
	});
}

async function help(
	tx: Tx,
	acting: Acting,
	deal: Living,
	people: Map<string, Actor>,
	luck: Chance,
): Promise<void> {
	const others = [...people.values()].filter(({ id }) => id !== acting.actorId);
	const helper = { version: deal.version, personId: luck.pick(others).id };
	deal.version = await addCollaborator(tx, acting, deal.id, helper);
}
