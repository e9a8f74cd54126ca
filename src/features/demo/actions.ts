import { sql } from 'drizzle-orm';
import { findActor } from '#src/features/access/queries.ts';
import type { Acting, Actor } from '#src/features/access/rights.ts';
import { createClient } from '#src/features/clients/actions.ts';
import { createDeal, moveDeal } from '#src/features/deals/actions.ts';
import {
	type LossReason,
	listLossReasons,
	listStages,
	type Stage,
} from '#src/features/deals/queries.ts';
import { logInteraction, type Plan, planInteraction } from '#src/features/interactions/actions.ts';
import { type InteractionKind, listKinds } from '#src/features/interactions/queries.ts';
import type { Database, Tx } from '#src/platform/db/client.ts';
import { tellTimes } from '#src/platform/history/clock.ts';
import { addDays, dayOf, momentOf } from '#src/platform/i18n/dates.ts';
import { FIVE_DAYS } from '#src/platform/i18n/work-week.ts';
import { addWorkingDays } from '#src/platform/i18n/workdays.ts';
import { type Chance, chance } from './chance.ts';
import { clientFacts, contactFacts, type DemoFields, makeExtraFields } from './clients.ts';
import { enrichDeals } from './deals.ts';
import { CLIENTS, CONTACTS, OUTCOMES, SOURCES, STEPS, TITLES } from './words.ts';

const DEALS = 500;
const ZONE = 'Europe/Moscow';
const SEED = 20_261_123;
/** How many of the deals each of the five has; Ada administers and sells little. */
const SHARES = { anna: 200, boris: 120, vera: 60, gleb: 110, ada: 10 } as const;

type Company = {
	tx: Tx;
	now: Date;
	luck: Chance;
	stages: Stage[];
	kinds: InteractionKind[];
	reasons: LossReason[];
	clients: Map<number, number[]>;
	fields: DemoFields;
};

/**
 * Fills an empty database with the demo company: two teams, five people, so many living deals around
 * `now`, made by the application's own verbs, the same every time. Returns the number of deals.
 */
export async function makeDemoCompany(db: Database, now: Date, deals = DEALS): Promise<number> {
	return await db.transaction(async (tx) => {
		await tellTimes(tx);
		await makePeople(tx);
		const [stages, kinds, reasons] = [
			await listStages(tx),
			await listKinds(tx),
			await listLossReasons(tx),
		];
		const ada = (await findActor(tx, 'ada')) as Actor;
		const fields = await makeExtraFields(tx, actingAt(ada, daysAgo(now, 121)));
		const luck = chance(SEED);
		const company = { ...{ tx, now, luck, stages, kinds, reasons, fields }, clients: new Map() };
		let made = 0;
		for (const [login, share] of Object.entries(SHARES)) {
			const actor = (await findActor(tx, login)) as Actor;
			await makeClients(company, actor);
			const own = Math.round((share * deals) / DEALS);
			for (let n = 0; n < own; n += 1) await makeDeal(company, actor);
			made += own;
		}
		await putRemindersAway(company);
		await enrichDeals(tx, now);
		return made;
	});
}

async function makePeople(tx: Tx): Promise<void> {
	await tx.execute(sql`
		with first as (insert into teams (name) values ('Отдел продаж') returning id),
			second as (insert into teams (name) values ('Отдел по работе с регионами') returning id)
		insert into people (login, name, email, role, team_id)
		select login, name, login || '@demo.example', role, case team when 1 then (select id from first) when 2 then (select id from second) end
		from (values
			('anna', 'Анна Соколова', 'manager', 1), ('boris', 'Борис Лунин', 'manager', 1),
			('vera', 'Вера Павлова', 'head', 1), ('gleb', 'Глеб Астахов', 'manager', 2),
			('ada', 'Ада Миронова', 'administrator', null)
		) p(login, name, role, team)`);
}

const REMINDERS_LEFT_HOURS = 3;

// People at work have seen what they were reminded of; only the last ones are on screen yet.
async function putRemindersAway({ tx, now }: Company): Promise<void> {
	const before = new Date(now.getTime() - REMINDERS_LEFT_HOURS * 3_600_000);
	await tx.execute(
		sql`update interactions set reminded_at = remind_at where remind_at < ${before}`,
	);
}

const CLIENTS_EACH = 16;

async function makeClients(company: Company, actor: Actor): Promise<void> {
	const { luck } = company;
	// Of its own, so that more of it moves no deal.
	const more = chance(SEED + actor.id);
	const ids: number[] = [];
	const from = luck.below(CLIENTS.length);
	for (let n = 0; n < CLIENTS_EACH; n += 1) {
		const [name, legalKind] = CLIENTS[(from + n) % CLIENTS.length] as (typeof CLIENTS)[number];
		const first = luck.below(CONTACTS.length);
		const contacts = Array.from({ length: 1 + luck.below(2) }, (_, k) => {
			const [person, position] = CONTACTS[
				(first + k) % CONTACTS.length
			] as (typeof CONTACTS)[number];
			const number = `${100 + luck.below(900)}-${10 + luck.below(90)}-${10 + luck.below(90)}`;
			return {
				...contactFacts(k, more),
				name: person,
				position,
				phone: `+7 495 ${number}`,
				email: `client${actor.id}-${n}${k ? `-${k + 1}` : ''}@example.org`,
			};
		});
		const acting = actingAt(actor, daysAgo(company.now, 120));
		ids.push(
			await createClient(company.tx, acting, {
				...clientFacts(legalKind, n, more, company.fields),
				name,
				contacts,
				source: luck.pick(SOURCES),
			}),
		);
	}
	company.clients.set(actor.id, ids);
}

// A deal walks from the first state towards where it stands today, with a finished step in each state.
async function makeDeal(company: Company, actor: Actor): Promise<void> {
	const { luck, tx, stages } = company;
	// Older than the plans that are made for it: planNext plans up to nine days back.
	const age = 10 + luck.below(70);
	const start = workingMoment(company, age);
	const dealId = await createDeal(tx, actingAt(actor, start), {
		stageId: (stages[0] as Stage).id,
		title: luck.pick(TITLES),
		clientId: luck.pick(company.clients.get(actor.id) ?? []),
		amount:
			luck.next() < 0.06
				? null
				: `${(1 + luck.below(60)) * (luck.next() < 0.2 ? 50_000 : 7_500)}.00`,
		source: luck.pick(SOURCES),
		expectedCloseOn: addDays(dayOf(company.now, ZONE), 5 + luck.below(60)),
	});
	const goal = luck.next();
	const last = goal < 0.1 ? 'won' : goal < 0.16 ? 'lost' : null;
	const steps = last ? 2 + luck.below(3) : Math.floor(luck.next() ** 1.6 * 5);
	let version = 1;
	for (let at = 0; at <= steps; at += 1) {
		const days = Math.max(0, Math.round(age * (1 - (at + 1) / (steps + 1.5))));
		await finishStep(company, actor, dealId, days, start);
		if (at === steps) break;
		const stage = stages[at + 1] as Stage;
		const by = actingAt(actor, notBefore(start, workingMoment(company, days)));
		version = (await moveDeal(tx, by, { dealId, version, stageId: stage.id })).version;
	}
	if (last) await closeDeal(company, actor, dealId, version, last, start);
	else await planNext(company, actor, dealId);
}

async function finishStep(
	company: Company,
	actor: Actor,
	dealId: number,
	days: number,
	start: Date,
): Promise<void> {
	const { luck, tx } = company;
	const kind = luck.pick(company.kinds.filter((one) => one.code in STEPS));
	const at = notBefore(start, workingMoment(company, days + 1));
	const by = actingAt(actor, at);
	await logInteraction(tx, by, dealId, {
		kindId: kind.id,
		summary: luck.pick(STEPS[kind.code] ?? []),
		outcome: luck.pick(OUTCOMES),
	});
}

async function closeDeal(
	company: Company,
	actor: Actor,
	dealId: number,
	version: number,
	kind: 'won' | 'lost',
	start: Date,
): Promise<void> {
	const { luck, tx, now, stages } = company;
	const days = luck.next() < 0.7 ? luck.below(21) : 25 + luck.below(30);
	const closing = notBefore(start, daysAgo(now, days));
	const stage = stages.find((one) => one.kind === kind) as Stage;
	await moveDeal(tx, actingAt(actor, closing), {
		dealId,
		version,
		stageId: stage.id,
		closedOn: dayOf(closing, ZONE),
		...(kind === 'won'
			? { amount: `${(1 + luck.below(60)) * 7_500}.00` }
			: { lossReasonId: luck.pick(company.reasons).id, comment: luck.pick(OUTCOMES) }),
	});
}

async function planNext(company: Company, actor: Actor, dealId: number): Promise<void> {
	const { luck, tx } = company;
	const dice = luck.next();
	if (dice < 0.09) return;
	const distance = dice < 0.21 ? -1 - luck.below(6) : dice < 0.36 ? 0 : 1 + luck.below(25);
	const kind = luck.pick(company.kinds.filter((one) => one.code in STEPS));
	const by = actingAt(actor, daysAgo(company.now, 7 + luck.below(3)));
	await planInteraction(tx, by, dealId, {
		kindId: kind.id,
		summary: luck.pick(STEPS[kind.code] ?? []),
		plan: planAt(company, distance),
		...(kind.code === 'meeting' ? { lengthMinutes: 60 } : {}),
	});
}

function planAt({ now, luck }: Company, distance: number): Plan {
	const today = dayOf(now, ZONE);
	const day = distance === 0 ? today : addWorkingDays(today, distance, FIVE_DAYS);
	if (luck.next() < 0.3) return { plannedOn: day };
	const hour = 9 + luck.below(9);
	const time = `${String(hour).padStart(2, '0')}:${luck.pick(['00', '15', '30', '40'])}`;
	return { plannedAt: momentOf(day, time, ZONE) };
}

// Nothing happens on a deal before there is one.
const notBefore = (start: Date, at: Date) => (at > start ? at : start);

const daysAgo = (now: Date, days: number) => new Date(now.getTime() - days * 86_400_000);

// A moment in working hours some days ago; never in the future, whatever the hour is now.
function workingMoment({ now, luck }: Company, days: number): Date {
	const day = addDays(dayOf(now, ZONE), -days);
	const at = momentOf(
		day,
		`${String(9 + luck.below(8)).padStart(2, '0')}:${luck.pick(['05', '20', '45'])}`,
		ZONE,
	);
	return at < now ? at : new Date(now.getTime() - 60_000);
}

function actingAt(actor: Actor, now: Date): Acting {
	return { actor, actorId: actor.id, door: 'seed', now };
}
