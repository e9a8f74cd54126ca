import { sql } from 'drizzle-orm';
import type { Door } from '#src/events.ts';
import { findActor } from '#src/features/access/queries.ts';
import type { Acting, Actor } from '#src/features/access/rights.ts';
import type { Entry } from '#src/features/access/sessions/actions.ts';
import { createClient, type NewClient } from '#src/features/clients/actions.ts';
import { createDeal, moveDeal, type NewDeal } from '#src/features/deals/actions.ts';
import {
	type LossReason,
	listLossReasons,
	listStages,
	type Stage,
} from '#src/features/deals/queries.ts';
import { type Plan, planInteraction } from '#src/features/interactions/actions.ts';
import { type InteractionKind, listKinds } from '#src/features/interactions/queries.ts';
import type { Database } from '#src/platform/db/client.ts';

/** Noon of a Tuesday in Moscow: the moment at which tests live. */
export const NOW = new Date('2026-11-24T09:00:00Z');
export const TODAY = '2026-11-24';

/** Anna sells, Boris is her team-mate, Vera leads them, Gleb is in another team, Ada administers. */
export const LOGINS = ['anna', 'boris', 'vera', 'gleb', 'ada'] as const;
export type Login = (typeof LOGINS)[number];

/** A sign-in at a desk of the company, by name as in the demo. */
export const DESK: Entry = {
	...{ way: 'demo', address: '127.0.0.1', agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/147' },
	limits: { idleHours: 72, hours: 336 },
};

/** The company's directories and people, without any deals. */
export type Company = {
	people: Record<Login, Actor>;
	stages: Stage[];
	kinds: InteractionKind[];
	reasons: LossReason[];
	/** States by what they are in the tests: the open ones in order, then the two ends. */
	open: [Stage, Stage, Stage, Stage, Stage];
	won: Stage;
	lost: Stage;
};

/** An actor doing something at a moment, by a door. */
export function by(actor: Actor, now = NOW, door: Door = 'form'): Acting {
	return { actor, actorId: actor.id, door, now };
}

// A request finds out anew whether others have deals; whoever is kept for a whole test must not believe it.
const lasting = (actor: Actor): Actor => ({ ...actor, everyDeal: actor.scope === 'all' });

/** Two teams of people on an otherwise empty database. */
export async function makeCompany(db: Database): Promise<Company> {
	await db.execute(sql`
		with first as (insert into teams (name) values ('Отдел продаж') returning id),
			second as (insert into teams (name) values ('Отдел по работе с регионами') returning id)
		insert into people (login, name, role, team_id)
		select login, name, role,
			case team when 1 then (select id from first) when 2 then (select id from second) end
		from (values
			('anna', 'Анна Соколова', 'manager', 1), ('boris', 'Борис Лунин', 'manager', 1),
			('vera', 'Вера Павлова', 'head', 1), ('gleb', 'Глеб Астахов', 'manager', 2),
			('ada', 'Ада Миронова', 'administrator', null)
		) p(login, name, role, team)`);
	const actors = await Promise.all(
		LOGINS.map(async (login) => [login, lasting((await findActor(db, login)) as Actor)] as const),
	);
	const stages = await listStages(db);
	return {
		people: Object.fromEntries(actors) as Record<Login, Actor>,
		stages,
		kinds: await listKinds(db),
		reasons: await listLossReasons(db),
		open: stages.filter(({ kind }) => kind === 'open') as Company['open'],
		won: stages.find(({ kind }) => kind === 'won') as Stage,
		lost: stages.find(({ kind }) => kind === 'lost') as Stage,
	};
}

type Interest = Partial<NewDeal> & { plan?: Plan; client?: NewClient; now?: Date };
export type MadeDeal = { id: number; clientId: number | null; stepId: number | null };

/** A deal of a person, made by the application's own verbs: with a client and a step if they are given. */
export async function makeDeal(
	db: Database,
	company: Company,
	login: Login,
	{ plan, client, now = NOW, ...deal }: Interest = {},
): Promise<MadeDeal> {
	const acting = by(company.people[login], now);
	const clientId = client ? await createClient(db, acting, client) : null;
	const id = await createDeal(db, acting, {
		stageId: company.open[0].id,
		title: 'Поставка',
		amount: null,
		clientId,
		...deal,
	});
	const kindId = company.kinds[0]?.id as number;
	const stepId = plan
		? await planInteraction(db, acting, id, { kindId, summary: 'Позвонить', plan })
		: null;
	return { id, clientId, stepId };
}

/** The company with a deal in every situation that the board tells apart. */
export type Cast = Company & {
	deals: Record<'late' | 'today' | 'none' | 'later' | 'won' | 'lost', number> &
		Record<Login, number>;
	steps: Record<'late' | 'today' | 'later', number> & Record<Login, number>;
};

/** Makes the cast: Anna's deals in several states; one with a step for each of the others. */
export async function makeCast(db: Database): Promise<Cast> {
	const company = await makeCompany(db);
	const { open } = company;
	const make = (login: Login, interest: Interest) => makeDeal(db, company, login, interest);
	const at = (time: string): Plan => ({ plannedAt: new Date(time) });
	const late = await make('anna', {
		title: 'Пароконвектомат для столовой',
		amount: '120000.00',
		plan: at('2026-11-20T08:00:00Z'),
		client: {
			name: 'ООО «Ромашка»',
			inn: '7707083893',
			contacts: [{ name: 'Ольга Ёлкина', phone: '8 (495) 123-45-67', email: 'Olga@Romashka.ru' }],
		},
	});
	const today = await make('anna', {
		title: 'Тестомес',
		amount: '80000.50',
		plan: at('2026-11-24T12:00:00Z'),
	});
	const none = await make('anna', { title: 'Витрина', stageId: open[1].id });
	const later = await make('anna', {
		title: 'Печь',
		amount: '0.10',
		stageId: open[2].id,
		plan: { plannedOn: '2026-12-01' },
	});
	const won = await close(db, company, 'won');
	const lost = await close(db, company, 'lost');
	const others = {
		boris: 'Склад Бориса',
		vera: 'Линия Веры',
		gleb: 'Тайна Глеба',
		ada: 'Сделка Ады',
	};
	const made = await Promise.all(
		Object.entries(others).map(async ([login, title]) => {
			const client = { name: `Клиент: ${title}`, inn: null };
			const plan = at('2026-11-25T08:00:00Z');
			return [
				login,
				await make(login as Login, { title, client, plan, amount: '1000.00' }),
			] as const;
		}),
	);
	const theirs = Object.fromEntries(made) as Record<keyof typeof others, MadeDeal>;
	return {
		...company,
		deals: {
			...{ late: late.id, today: today.id, none: none.id, later: later.id, won, lost },
			anna: late.id,
			boris: theirs.boris.id,
			vera: theirs.vera.id,
			gleb: theirs.gleb.id,
			ada: theirs.ada.id,
		},
		steps: {
			...{ late: late.stepId as number, today: today.stepId as number },
			later: later.stepId as number,
			anna: late.stepId as number,
			boris: theirs.boris.stepId as number,
			vera: theirs.vera.stepId as number,
			gleb: theirs.gleb.stepId as number,
			ada: theirs.ada.stepId as number,
		},
	};
}

async function close(db: Database, company: Company, kind: 'won' | 'lost'): Promise<number> {
	const { id: dealId } = await makeDeal(db, company, 'anna', {
		title: kind === 'won' ? 'Кофемашина' : 'Прилавок',
		amount: '5000.00',
	});
	await moveDeal(db, by(company.people.anna), {
		...{ dealId, version: 1, stageId: company[kind].id, closedOn: TODAY },
		...(kind === 'won' ? { amount: '5500.00' } : { lossReasonId: company.reasons[0]?.id }),
	});
	return dealId;
}
