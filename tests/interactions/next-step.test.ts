import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { mergeClients } from '#src/features/clients/merge/merge.ts';
import { moveDeal } from '#src/features/deals/actions.ts';
import { reassignDeal } from '#src/features/deals/handover/reassign.ts';
import {
	cancelInteraction,
	completeInteraction,
	logInteraction,
	type Plan,
	planInteraction,
	postponeInteraction,
} from '#src/features/interactions/actions.ts';
import {
	deleteInteraction,
	editInteraction,
	reassignInteraction,
	reopenInteraction,
} from '#src/features/interactions/interaction/editing.ts';
import { by, type Company, makeCompany, makeDeal, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { keptSteps, recountedSteps } from './steps.ts';

const database = await testDatabase();
const { db, pool } = database;
const HOUR = 3_600_000;

let company: Company;
beforeAll(async () => {
	company = await makeCompany(db);
	await pool.query(`update people set time_zone = 'Asia/Kathmandu' where login = 'boris'`);
});

const plans: fc.Arbitrary<Plan> = fc.oneof(
	fc.integer({ min: -30, max: 30 }).map((n) => ({ plannedAt: new Date(NOW.getTime() + n * HOUR) })),
	fc.integer({ min: 22, max: 26 }).map((n) => ({ plannedOn: `2026-11-${n}` })),
	// The end of a day, where days and moments meet.
	fc.constantFrom(
		...['2026-11-24T21:00:00Z', '2026-11-24T18:15:00Z', '2026-11-24T20:59:59Z'].map((at) => ({
			plannedAt: new Date(at),
		})),
	),
);
const acts = fc.array(
	fc.record({
		verb: fc.constantFrom(
			'plan',
			'plan',
			'complete',
			'completeWithNext',
			'postpone',
			'cancel',
			'log',
			'move',
			'edit',
			'delete',
			'reopen',
			'reassign',
			'reassignDeal',
			'merge',
		),
		plan: plans,
		pick: fc.nat(50),
		after: fc.nat(72),
	}),
	{ minLength: 1, maxLength: 20 },
);
type Act = typeof acts extends fc.Arbitrary<(infer One)[]> ? One : never;

/** Two clients with a deal each; a merge leaves one. */
type Ground = { deals: number[]; clients: number[] };

const versionOf = async (table: 'clients' | 'deals', id: number): Promise<number> =>
	(await pool.query(`select version from ${table} where id = $1`, [id])).rows[0].version;

async function perform({ verb, plan, pick, after }: Act, ground: Ground): Promise<void> {
	const acting = by(company.people.ada, new Date(NOW.getTime() + after * HOUR));
	const dealId = ground.deals[pick % 2] as number;
	const ownerId = company.people[pick % 3 ? 'boris' : 'gleb'].id;
	const step = { kindId: 1, summary: 'Шаг', plan };
	if (verb === 'plan') await planInteraction(db, acting, dealId, step);
	if (verb === 'log')
		await logInteraction(db, acting, dealId, { kindId: 2, summary: 'Сделано', outcome: null });
	if (verb === 'move') {
		const stageId = company.open[pick % 5]?.id as number;
		const version = await versionOf('deals', dealId);
		await moveDeal(db, acting, { dealId, version, stageId });
	}
	if (verb === 'reassignDeal')
		await reassignDeal(db, acting, dealId, await versionOf('deals', dealId), ownerId);
	if (verb === 'merge') await merge(acting, ground);
	await change({ verb, plan, pick, after }, acting, dealId, ownerId);
}

async function merge(acting: ReturnType<typeof by>, ground: Ground): Promise<void> {
	const [survivorId] = ground.clients as [number, number];
	if (ground.clients.length < 2) return;
	const clients = await Promise.all(
		ground.clients.map(async (id) => ({ id, version: await versionOf('clients', id) })),
	);
	await mergeClients(db, acting, { survivorId, clients, choices: {} });
	ground.clients = [survivorId];
}

/** What is done to one of the steps that are there. */
async function change(
	{ verb, plan, pick }: Act,
	acting: ReturnType<typeof by>,
	dealId: number,
	ownerId: number,
): Promise<void> {
	const { rows } = await pool.query(
		`select id, version from interactions where deal_id = $1
			and (planned_at is not null or planned_on is not null) and (status = 'planned') = $2 order by id`,
		[dealId, verb !== 'reopen'],
	);
	const { id, version } = rows[pick % Math.max(1, rows.length)] ?? {};
	if (id === undefined) return;
	const next = { kindId: 1, summary: 'Шаг', plan };
	if (verb === 'complete')
		await completeInteraction(db, acting, id, { version, outcome: 'Да', next: null });
	if (verb === 'completeWithNext')
		await completeInteraction(db, acting, id, { version, outcome: null, next });
	if (verb === 'postpone') await postponeInteraction(db, acting, id, version, plan);
	if (verb === 'cancel') await cancelInteraction(db, acting, id, version, null);
	if (verb === 'edit') await editInteraction(db, acting, id, version, { plan });
	if (verb === 'delete') await deleteInteraction(db, acting, id, version);
	if (verb === 'reopen') await reopenInteraction(db, acting, id, version);
	if (verb === 'reassign') await reassignInteraction(db, acting, id, version, ownerId);
}

test('what the board sorts by equals a recount of the interactions, after any sequence of actions', async () => {
	await fc.assert(
		fc.asyncProperty(
			acts,
			fc.constantFrom('anna' as const, 'boris' as const),
			async (sequence, login) => {
				const made = [
					await makeDeal(db, company, login, { client: { name: 'ООО «Печь»' } }),
					await makeDeal(db, company, login, { client: { name: 'ООО «Плита»' } }),
				];
				const deals = made.map(({ id }) => id);
				const ground = { deals, clients: made.map(({ clientId }) => clientId as number) };
				for (const act of sequence) await perform(act, ground);
				const [kept, recounted] = [await keptSteps(database), await recountedSteps(database)];
				for (const id of deals) expect(kept.get(id)).toEqual(recounted.get(id));
			},
		),
		{ numRuns: 40 },
	);
});

test('many people acting on one deal at once leave the right next step', async () => {
	const { id } = await makeDeal(db, company, 'anna', { title: 'Печь' });
	const plan = (n: number): Plan => ({
		plannedAt: new Date(NOW.getTime() + ((n * 7) % 20) * HOUR),
	});
	const made = await Promise.all(
		Array.from({ length: 12 }, (_, n) =>
			planInteraction(db, by(company.people.anna), id, {
				kindId: 1,
				summary: `${n}`,
				plan: plan(n),
			}),
		),
	);
	await Promise.all(
		made.map((step, n) =>
			n % 3 === 0
				? completeInteraction(db, by(company.people.vera), step, {
						version: 1,
						outcome: null,
						next: null,
					})
				: n % 3 === 1
					? postponeInteraction(db, by(company.people.anna), step, 1, plan(n + 5))
					: cancelInteraction(db, by(company.people.ada), step, 1, null),
		),
	);
	expect(await keptSteps(database)).toEqual(await recountedSteps(database));
});
