import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { moveDeal } from '#src/features/deals/actions.ts';
import {
	cancelInteraction,
	completeInteraction,
	logInteraction,
	type Plan,
	planInteraction,
	postponeInteraction,
} from '#src/features/interactions/actions.ts';
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
		),
		plan: plans,
		pick: fc.nat(50),
		after: fc.nat(72),
	}),
	{ minLength: 1, maxLength: 14 },
);
type Act = typeof acts extends fc.Arbitrary<(infer One)[]> ? One : never;

async function perform(
	{ verb, plan, pick, after }: Act,
	login: 'anna' | 'boris',
	dealId: number,
): Promise<void> {
	const acting = by(company.people[login], new Date(NOW.getTime() + after * HOUR));
	const step = { kindId: 1, summary: 'Шаг', plan };
	if (verb === 'plan') await planInteraction(db, acting, dealId, step);
	if (verb === 'log')
		await logInteraction(db, acting, dealId, { kindId: 2, summary: 'Сделано', outcome: null });
	if (verb === 'move') {
		const { rows } = await pool.query('select version from deals where id = $1', [dealId]);
		const stageId = company.open[pick % 5]?.id as number;
		await moveDeal(db, acting, { dealId, version: rows[0].version, stageId });
	}
	const { rows: planned } = await pool.query(
		`select id, version from interactions where deal_id = $1 and status = 'planned' order by id`,
		[dealId],
	);
	const { id, version } = planned[pick % Math.max(1, planned.length)] ?? {};
	if (id === undefined) return;
	if (verb === 'complete')
		await completeInteraction(db, acting, id, { version, outcome: 'Да', next: null });
	if (verb === 'completeWithNext')
		await completeInteraction(db, acting, id, { version, outcome: null, next: step });
	if (verb === 'postpone') await postponeInteraction(db, acting, id, version, plan);
	if (verb === 'cancel') await cancelInteraction(db, acting, id, version, null);
}

test('what the board sorts by equals a recount of the interactions, after any sequence of actions', async () => {
	await fc.assert(
		fc.asyncProperty(
			acts,
			fc.constantFrom('anna' as const, 'boris' as const),
			async (sequence, login) => {
				const { id } = await makeDeal(db, company, login, { title: 'Печь' });
				for (const act of sequence) await perform(act, login, id);
				expect((await keptSteps(database)).get(id)).toEqual(
					(await recountedSteps(database)).get(id),
				);
			},
		),
		{ numRuns: 25 },
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
