import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let dealId: number;
let stepId: number;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
});
beforeEach(async () => {
	const made = await makeDeal(db, cast, 'anna', {
		title: 'Печь',
		plan: { plannedOn: '2026-11-25' },
	});
	[dealId, stepId] = [made.id, made.stepId as number];
});

test('a step that is given up leaves the deal without a next step, and its reason in the history', async () => {
	const answer = await anna.htmx(`/deals/${dealId}`, `/interactions/${stepId}/cancellation`, {
		version: 1,
		reason: 'Уже купили',
	});
	expect(answer.statusCode).toBe(200);
	const { rows } = await pool.query(
		`select i.status, i.outcome, i.completed_at, i.version, d.next_interaction_id, d.next_planned_on, d.last_done_at, d.version as deal
		from interactions i join deals d on d.id = i.deal_id where i.id = $1`,
		[stepId],
	);
	expect(rows[0]).toEqual({
		...{ status: 'cancelled', outcome: 'Уже купили', completed_at: null, version: 2 },
		...{ next_interaction_id: null, next_planned_on: null, last_done_at: null, deal: 1 },
	});
	const page = read(answer.body);
	expect(textOf(page.byId('timeline') as never)).toContain('Уже купили');
	expect(textOf(page.byId('next') as never)).toContain('Нет следующего шага');
});

test('the next of several takes its place', async () => {
	await anna.json(`/deals/${dealId}/interactions`, { kindId: 2, plannedDay: '2026-12-05' });
	await anna.json(`/interactions/${stepId}/cancellation`, { version: 1 });
	const { rows } = await pool.query('select next_planned_on from deals where id = $1', [dealId]);
	expect(rows[0].next_planned_on).toBe('2026-12-05');
});

test('what somebody postponed meanwhile is not given up; the form that comes back is the one it was sent from', async () => {
	await anna.json(`/interactions/${stepId}/postponement`, { version: 1, to: 'week' });
	const before = await ledgerOf(database);
	const answer = await anna.htmx('/board', `/interactions/${stepId}/cancellation`, { version: 1 });
	expect(answer.statusCode).toBe(409);
	expect(read(answer.body).byId(`interaction-${stepId}-cancellation`)).not.toBeNull();
	expect(await ledgerOf(database)).toEqual(before);
});
