import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Plan } from '#src/features/interactions/actions.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
let clock = NOW;
const served = await testApp(database, { now: () => clock });
const { db, pool } = database;

let cast: Cast;
let anna: Browser;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
});
beforeEach(() => {
	clock = NOW;
});

/** A step with this plan, postponed; where it stands then. */
async function postponed(plan: Plan, fields: Fields) {
	const { id, stepId } = await makeDeal(db, cast, 'anna', { title: 'Печь', plan });
	const answer = await anna.json(`/interactions/${stepId}/postponement`, { version: 1, ...fields });
	const { rows } = await pool.query(
		`select i.planned_on as on, i.planned_at as at, i.version,
			d.next_planned_on = i.planned_on or d.next_planned_at = i.planned_at as kept, d.version as deal
		from interactions i join deals d on d.id = i.deal_id where i.id = $1`,
		[stepId],
	);
	return { status: answer.statusCode, ...rows[0], id, stepId };
}
const at = (time: string): Plan => ({ plannedAt: new Date(time) });
const HALF_PAST_TWO = at('2026-11-20T11:30:00Z');

test('an hour counts from now, to the minute', async () => {
	clock = new Date('2026-11-24T09:00:41.500Z');
	expect(await postponed(HALF_PAST_TWO, { to: 'hour' })).toMatchObject({
		status: 200,
		on: null,
		at: new Date('2026-11-24T10:00:00Z'),
		version: 2,
		kept: true,
		deal: 1,
	});
	expect(await postponed({ plannedOn: '2026-11-20' }, { to: 'hour' })).toMatchObject({
		on: null,
		at: new Date('2026-11-24T10:00:00Z'),
	});
});

test('tomorrow and next week keep the clock time of a moment, and leave a day a day', async () => {
	expect(await postponed(HALF_PAST_TWO, { to: 'tomorrow' })).toMatchObject({
		on: null,
		at: new Date('2026-11-25T11:30:00Z'),
	});
	expect(await postponed(HALF_PAST_TWO, { to: 'week' })).toMatchObject({
		on: null,
		at: new Date('2026-12-01T11:30:00Z'),
	});
	expect(await postponed({ plannedOn: '2026-11-01' }, { to: 'tomorrow' })).toMatchObject({
		on: '2026-11-25',
		at: null,
	});
	expect(await postponed({ plannedOn: '2026-11-01' }, { to: 'week' })).toMatchObject({
		on: '2026-12-01',
		at: null,
	});
});

test('the clock time stays where the clocks change in between', async () => {
	await pool.query(`update people set time_zone = 'America/St_Johns' where login = 'anna'`);
	clock = new Date('2026-10-30T15:00:00Z');
	const noon = at('2026-10-30T14:30:00Z');
	expect(await postponed(noon, { to: 'week' })).toMatchObject({
		at: new Date('2026-11-06T15:30:00Z'),
	});
	await pool.query(`update people set time_zone = 'Europe/Moscow' where login = 'anna'`);
});

test('to a day, to a day and a time; a time alone is no plan', async () => {
	expect(await postponed(HALF_PAST_TWO, { plannedDay: '2026-12-24' })).toMatchObject({
		on: '2026-12-24',
		at: null,
	});
	expect(
		await postponed(HALF_PAST_TWO, { plannedDay: '24.12.2026', plannedTime: '09:15' }),
	).toMatchObject({ at: new Date('2026-12-24T06:15:00Z') });
	for (const wrong of [{}, { plannedTime: '10:00' }, { plannedDay: '30.02.2027' }, { to: 'year' }])
		expect(await postponed(HALF_PAST_TWO, wrong), JSON.stringify(wrong)).toMatchObject({
			status: 422,
			version: 1,
		});
});

test('the event tells from when to when', async () => {
	const { stepId } = await postponed(HALF_PAST_TWO, { plannedDay: '2026-12-24' });
	const { rows } = await pool.query(
		`select data, actor_id from events where interaction_id = $1 order by id desc limit 1`,
		[stepId],
	);
	expect(rows[0]).toEqual({
		actor_id: cast.people.anna.id,
		data: { kindId: 1, summary: 'Позвонить', from: '2026-11-20T11:30:00.000Z', to: '2026-12-24' },
	});
});

test('a stale version is a conflict and moves nothing', async () => {
	const { stepId } = await postponed(HALF_PAST_TWO, { to: 'week' });
	const before = await ledgerOf(database);
	const answer = await anna.json(`/interactions/${stepId}/postponement`, {
		version: 1,
		to: 'tomorrow',
	});
	expect(answer.statusCode).toBe(409);
	expect(await ledgerOf(database)).toEqual(before);
});
