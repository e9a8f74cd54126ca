import { beforeAll, beforeEach, expect, test } from 'vitest';
import { dismissPerson } from '#src/features/access/people/actions.ts';
import { countBelongings, countOrphans } from '#src/features/access/people/belongings.ts';
import { findPerson } from '#src/features/access/people/queries.ts';
import { createClient, editClient } from '#src/features/clients/actions.ts';
import { createDeal } from '#src/features/deals/actions.ts';
import { doWithDeals } from '#src/features/deals/bulk/bulk.ts';
import { addCollaborator } from '#src/features/deals/collaborators/collaborators.ts';
import { reassignDeal } from '#src/features/deals/handover/reassign.ts';
import {
	completeInteraction,
	planInteraction,
	startDeal,
} from '#src/features/interactions/actions.ts';
import {
	editInteraction,
	reassignInteraction,
} from '#src/features/interactions/interaction/editing.ts';
import type { Repeat } from '#src/features/interactions/series/recurrence.ts';
import { planSeries } from '#src/features/interactions/series/series.ts';
import { Conflict, InvalidForm, NotFound } from '#src/platform/errors.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import type { Each } from '#src/platform/idempotency/keys.ts';
import { signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { fileOf, importInto, rowsOf } from '../imports/importing.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let boris: number;
let gleb: number;
/** Vera's deal with a step of hers. */
let deal: { id: number; stepId: number; clientId: number };

beforeAll(async () => {
	cast = await makeCast(db);
	[boris, gleb] = [cast.people.boris.id, cast.people.gleb.id];
});
beforeEach(async () => {
	await pool.query('update people set active = true');
	const made = await makeDeal(db, cast, 'vera', {
		title: 'Тестомес',
		client: { name: 'Клиент Веры', inn: null },
		plan: { plannedOn: '2026-12-01' },
	});
	deal = { id: made.id, stepId: made.stepId as number, clientId: made.clientId as number };
});

const NOTHING = { deals: 0, interactions: 0, clients: 0, series: 0, helping: 0 };
const each: Each = async (_part, work) => (await db.transaction(work)) as never;
const vera = () => by(cast.people.vera);
const step = (ownerId?: number) => ({
	...{ kindId: cast.kinds[0]?.id as number, summary: 'Позвонить' },
	...{ plan: { plannedOn: '2026-12-02' }, ownerId },
});
const WEEKLY: Repeat = { frequency: 'weekly', every: 1, weekdays: [], until: null, count: 5 };

/** Every verb that points at a person, here at Boris, who may be leaving. */
const VERBS: [string, () => Promise<unknown>][] = [
	['a deal of one’s own', () => createDeal(db, by(cast.people.boris), newDeal())],
	['a deal for another', () => createDeal(db, vera(), { ...newDeal(), ownerId: boris })],
	[
		'a deal with its client',
		() =>
			startDeal(db, by(cast.people.boris), {
				...{ stageId: cast.open[0].id, title: 'Печь', amount: null },
				...{ clientName: 'Новый клиент', step: null },
			}),
	],
	['giving a deal', () => reassignDeal(db, vera(), deal.id, 1, boris)],
	[
		'a colleague who helps',
		() => addCollaborator(db, vera(), deal.id, { version: 1, personId: boris }),
	],
	['a step', () => planInteraction(db, vera(), deal.id, step(boris))],
	[
		'a step of a client',
		() => planInteraction(db, vera(), { clientId: deal.clientId }, step(boris)),
	],
	['a series', () => planSeries(db, vera(), deal.id, step(boris), WEEKLY)],
	['giving a step', () => reassignInteraction(db, vera(), deal.stepId, 1, boris)],
	[
		'changing a step’s owner',
		() => editInteraction(db, vera(), deal.stepId, 1, { ownerId: boris }),
	],
	[
		'the step after a finished one',
		() =>
			completeInteraction(db, vera(), deal.stepId, {
				...{ version: 1, outcome: null, next: step(boris) },
			}),
	],
	[
		'a client of one’s own',
		() => createClient(db, by(cast.people.boris), { name: 'ООО', inn: null }),
	],
	['giving a client', () => editClient(db, vera(), deal.clientId, 1, { ownerId: boris })],
];
const newDeal = () => ({
	...{ stageId: cast.open[0].id, title: 'Печь', amount: null, clientId: null },
});

/** Lets Boris leave by hand, as slowly as it takes `work` to wait for him; returns what became of it. */
async function whileLeaving<T>(work: () => Promise<T>): Promise<T> {
	const leaving = await pool.connect();
	await leaving.query('begin');
	await leaving.query('select from people where id = $1 for no key update', [boris]);
	const doing = work();
	doing.catch(() => {});
	try {
		await expect
			.poll(async () => {
				const { rows } = await leaving.query(
					`select count(*)::int as n from pg_stat_activity
					where datname = current_database() and wait_event_type = 'Lock'`,
				);
				return rows[0]?.n;
			})
			.toBe(1);
		await leaving.query('update people set active = false where id = $1', [boris]);
		await leaving.query('commit');
	} finally {
		await leaving.query('rollback');
		leaving.release();
	}
	return await doing;
}

test.each(VERBS)('who leaves gets nothing more: %s waits, and is refused', async (_, work) => {
	const before = await countBelongings(db, boris);
	await expect(whileLeaving(work)).rejects.toBeInstanceOf(InvalidForm);
	expect(await countBelongings(db, boris)).toEqual(before);
	await pool.query('update people set active = true');
	await work();
});

test('many deals that are given to who leaves are refused one by one', async () => {
	const { verdicts } = await whileLeaving(() =>
		doWithDeals(
			...([db, each, vera(), viewerAt(NOW, 'ru', 'Europe/Moscow')] as const),
			[{ id: deal.id, version: 1, stepId: null, stepVersion: null }],
			{ verb: 'owner', ownerId: boris, note: null },
			cast.stages,
		),
	);
	expect(verdicts.map(({ status }) => status)).toEqual(['refused']);
});

test('a file gives nothing alive to who leaves; what is finished it may say of anybody', async () => {
	const line = (title: string, rest: string) => `Из файла;${title};Борис Лунин;${rest}`;
	const rows = [
		'Контрагент;Интерес;Ответственный;Состояние;Дата закрытия',
		line('Живая', 'Первичный интерес;'),
		line('Прошлая', 'Завершено успешно;20.11.2026'),
	];
	const path = await fileOf('Интересы.csv', rows.join('\n'));
	const { tallies } = await whileLeaving(() => importInto(database, [path], { now: NOW }));
	expect(tallies.deals).toMatchObject({ created: 1, rejected: 1 });
	expect(
		await rowsOf(database, `select title from deals where title in ('Живая', 'Прошлая')`),
	).toEqual([['Прошлая']]);
});

test('while people work on with somebody’s deals and give more, leaving leaves nothing behind', async () => {
	const { rows } = await pool.query<{ id: number }>(
		`select id from deals where owner_id = $1 and closed_on is null`,
		[boris],
	);
	const theirs = rows.map(({ id }) => id);
	for (let n = 0; n < 5; n += 1)
		theirs.push((await makeDeal(db, cast, 'boris', { plan: { plannedOn: '2026-12-03' } })).id);
	const { version } = await findPerson(db, boris);
	const own = by(cast.people.boris);
	const working = VERBS.map(async ([, work]) => await work());
	for (const id of theirs) {
		working.push(planInteraction(db, own, id, step()));
		working.push(planInteraction(db, vera(), id, step()));
	}
	const leave = () => dismissPerson(db, by(cast.people.ada), boris, version, gleb);
	const leaving = leave();
	for (const answer of await Promise.allSettled(working))
		if (answer.status === 'rejected')
			expect([InvalidForm, NotFound, Conflict]).toContain(answer.reason.constructor);
	await leaving;
	expect(await countBelongings(db, boris)).toEqual(NOTHING);
});

test('what was left behind nevertheless is handed over by leaving once more', async () => {
	await pool.query('update people set active = false where id = $1', [boris]);
	await pool.query('update deals set owner_id = $1 where id = $2', [boris, deal.id]);
	const ada = await signIn(served, 'ada');
	const hint = `/admin/people/${boris}/leaving/new`;
	expect((await ada.get('/admin/people?state=left')).body).toContain(hint);
	const { version } = await findPerson(db, boris);
	const answer = await ada.json(`/admin/people/${boris}/leaving`, { version, heirId: gleb });
	expect(answer.statusCode, answer.body).toBe(200);
	expect(await countBelongings(db, boris)).toEqual(NOTHING);
	expect((await ada.get('/admin/people?state=left')).body).not.toContain(hint);
	const again = await ada.json(`/admin/people/${boris}/leaving`, {
		version: version + 1,
		heirId: gleb,
	});
	expect(again.statusCode).toBe(422);
});

test('all that somebody left behind is told in administration and to who watches, and handed over', async () => {
	const interactionId = await planSeries(db, vera(), deal.id, step(), { ...WEEKLY, count: 100 });
	const [own, other] = [deal.id, (await makeDeal(db, cast, 'vera', { title: 'Печь' })).id];
	await addCollaborator(db, vera(), other, { version: 1, personId: boris });
	const made = `insert into imports (owner_id, feeds, file_name, kind, bytes, status, reading, headers, fingerprint, choice)
		values ($1, 'deals', 'a.csv', 'csv', 1, $2, '{}', '[]', 'x', $3)`;
	const named = { fields: [], way: 'all', known: 'update', instead: { owner: { Лунин: 'Boris' } } };
	await pool.query(made, [boris, 'running', null]);
	await pool.query(made, [gleb, 'checked', named]);
	// Neither one that waits for who is gone, nor one that is over.
	await pool.query(made, [boris, 'checked', null]);
	await pool.query(made, [gleb, 'done', named]);
	const none = { ...NOTHING, imports: 0 };
	expect(await countOrphans(db)).toEqual(none);
	const client = await createClient(db, by(cast.people.boris), { name: 'ООО', inn: null });
	await pool.query('update people set active = false where id = $1', [boris]);
	await pool.query('update deals set owner_id = $1, closed_on = null where id = $2', [boris, own]);
	await pool.query('update interactions set owner_id = $1 where id = $2', [boris, interactionId]);
	await pool.query('update interaction_series set owner_id = $1', [boris]);
	const found = await countOrphans(db);
	const figures = async () => {
		const { app } = await testApp(database, { env: { METRICS_FROM: '127.0.0.1' } });
		const { body } = await app.inject({ url: '/metrics', remoteAddress: '127.0.0.1' });
		const lines = [...body.matchAll(/^left_behind\{kind="(\w+)"\} (\d+)$/gm)];
		return Object.fromEntries(lines.map(([, kind, n]) => [kind, Number(n)]));
	};
	expect(await figures()).toEqual(found);
	for (const n of Object.values(found)) expect(n).toBeGreaterThan(0);
	const ada = await signIn(served, 'ada');
	const page = (await ada.get('/admin/people')).body;
	expect(page).toMatch(/1 повторение.*Соисполнитель в 1 открытом интересе.*Загружаются 2 файла/);
	const { version } = await findPerson(db, boris);
	await dismissPerson(db, by(cast.people.ada), boris, version, gleb);
	expect(await countBelongings(db, boris)).toEqual(NOTHING);
	expect(await figures()).toEqual({ ...none, imports: 2 });
	const told = await pool.query(
		`select data from events where type = 'deal.left' and deal_id = $1`,
		[other],
	);
	expect(told.rows).toEqual([{ data: { personId: boris } }]);
	expect((await ada.get('/admin/people')).body).not.toContain(`/admin/people/${boris}/leaving/new`);
	expect(client).toBeDefined();
});
