import { beforeAll, beforeEach, expect, test } from 'vitest';
import { moveDeal } from '#src/features/deals/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal, NOW, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
const TWO_DAYS_AGO = new Date(NOW.getTime() - 2 * 86_400_000);

let cast: Cast;
let anna: Browser;
let vera: Browser;
let gleb: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera, gleb] = [
		await signIn(served, 'anna'),
		await signIn(served, 'vera'),
		await signIn(served, 'gleb'),
	];
});

beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', amount: '100.00', now: TWO_DAYS_AGO }))
		.id;
});

const move = (person: Browser, fields: object, dealId = id) =>
	person.json(`/deals/${dealId}/moves`, fields);
const deal = async () => (await pool.query('select * from deals where id = $1', [id])).rows[0];
const changes = async () =>
	(
		await pool.query(
			`select from_stage_id, to_stage_id, person_id, at, door, seconds_in_previous
			from stage_changes where deal_id = $1 order by id`,
			[id],
		)
	).rows;
const events = async () =>
	(
		await pool.query(
			'select type, at, actor_id, door, data from events where deal_id = $1 order by id',
			[id],
		)
	).rows;
const to = (at: number) => cast.stages[at]?.id as number;

test('a move is written down with from, to, who, when, by which door, and how long it stood there', async () => {
	const answer = await anna.post(`/deals/${id}/moves`, { stageId: to(2), version: 1 });
	expect(answer.statusCode).toBe(303);
	expect(await deal()).toMatchObject({
		stage_id: to(2),
		version: 2,
		stage_entered_at: NOW,
		amount: '100.00',
	});
	const seconds = 2 * 86_400;
	expect(await changes()).toEqual([
		expect.objectContaining({ from_stage_id: null, to_stage_id: to(0), seconds_in_previous: null }),
		{
			...{ from_stage_id: to(0), to_stage_id: to(2), person_id: cast.people.anna.id, at: NOW },
			...{ door: 'form', seconds_in_previous: seconds },
		},
	]);
	expect((await events()).at(-1)).toEqual({
		...{ type: 'deal.moved', at: NOW, actor_id: cast.people.anna.id, door: 'form' },
		data: { from: to(0), to: to(2), secondsInPrevious: seconds },
	});
});

test('two people move from the same version: one does, the other is told, nothing is lost', async () => {
	const answers = await Promise.all([
		move(anna, { stageId: to(1), version: 1 }),
		move(vera, { stageId: to(2), version: 1 }),
	]);
	expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
	const [won, lost] = answers[0]?.statusCode === 200 ? answers : [...answers].reverse();
	expect(await deal()).toMatchObject({ stage_id: won?.json().stageId, version: 2 });
	expect(lost?.json().error.current).toMatchObject({ version: 2 });
	expect(lost?.json().error.current.by).toMatch(/Анна|Вера/);
	expect(await changes()).toHaveLength(2);
	expect(await events()).toHaveLength(2);
});

test('of fifty at once one wins and forty-nine get 409', async () => {
	const answers = await Promise.all(
		Array.from({ length: 50 }, (_, n) =>
			move(n % 2 ? anna : vera, { stageId: to(1 + (n % 4)), version: 1 }),
		),
	);
	const statuses = answers.map(({ statusCode }) => statusCode);
	expect(statuses.filter((status) => status === 200)).toHaveLength(1);
	expect(statuses.filter((status) => status === 409)).toHaveLength(49);
	const winner = answers.find(({ statusCode }) => statusCode === 200);
	expect(await deal()).toMatchObject({ stage_id: winner?.json().stageId, version: 2 });
	expect(await changes()).toHaveLength(2);
});

test('without a version nothing moves, and it is told as 428', async () => {
	const before = await ledgerOf(database);
	for (const person of [anna, vera]) {
		expect((await move(person, { stageId: to(1) })).statusCode).toBe(428);
		expect(
			(await person.post(`/deals/${id}/moves`, { stageId: to(1), version: '' })).statusCode,
		).toBe(428);
	}
	expect(await ledgerOf(database)).toEqual(before);
});

test('a move to where it stands does nothing at all', async () => {
	const before = await ledgerOf(database);
	const answer = await move(anna, { stageId: to(0), version: 1 });
	expect(answer.json()).toMatchObject({ dealId: id, version: 1, stageId: to(0) });
	expect(await ledgerOf(database)).toEqual(before);
});

test('won wants an amount and a day before anything is saved', async () => {
	const before = await ledgerOf(database);
	const lacking = await move(anna, { stageId: cast.won.id, version: 1 });
	expect(lacking.statusCode).toBe(422);
	expect(Object.keys(lacking.json().error.fields).sort()).toEqual(['amount', 'closedOn']);
	for (const wrong of [
		{ amount: 'много', closedOn: TODAY },
		{ amount: '1', closedOn: '31.02.2026' },
		{ amount: '-1', closedOn: TODAY },
		{ amount: '1', closedOn: '2026-11-25' },
	])
		expect((await move(anna, { stageId: cast.won.id, version: 1, ...wrong })).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
	const won = await move(anna, {
		stageId: cast.won.id,
		version: 1,
		amount: '1 234,50 ₽',
		closedOn: '23.11.2026',
		comment: 'Ура',
	});
	expect(won.statusCode).toBe(200);
	expect(await deal()).toMatchObject({
		amount: '1234.50',
		closed_on: '2026-11-23',
		closed_at: NOW,
		close_comment: 'Ура',
		loss_reason_id: null,
	});
	expect((await events()).at(-1)).toMatchObject({
		type: 'deal.won',
		data: { amount: '1234.50', closedOn: '2026-11-23' },
	});
});

test('lost wants a reason out of the directory, keeps the amount, and takes today for the day', async () => {
	const before = await ledgerOf(database);
	const lacking = await move(anna, { stageId: cast.lost.id, version: 1 });
	expect([lacking.statusCode, Object.keys(lacking.json().error.fields)]).toEqual([
		422,
		['lossReasonId'],
	]);
	expect(
		(await move(anna, { stageId: cast.lost.id, version: 1, lossReasonId: 999 })).statusCode,
	).toBe(422);
	await pool.query('update loss_reasons set active = false where id = 8');
	expect(
		(await move(anna, { stageId: cast.lost.id, version: 1, lossReasonId: 8 })).statusCode,
	).toBe(422);
	await pool.query('update loss_reasons set active = true where id = 8');
	expect(await ledgerOf(database)).toEqual(before);
	const lost = await move(anna, {
		stageId: cast.lost.id,
		version: 1,
		lossReasonId: 2,
		comment: 'Ушли',
	});
	expect(lost.statusCode).toBe(200);
	expect(await deal()).toMatchObject({
		amount: '100.00',
		closed_on: TODAY,
		loss_reason_id: 2,
		close_comment: 'Ушли',
	});
});

test('«today» of an end is the day of the person: at night in Moscow it is tomorrow in UTC’s eyes', async () => {
	const night = new Date('2026-11-24T21:30:00Z');
	const closing = {
		dealId: id,
		version: 1,
		stageId: cast.won.id,
		amount: '1.00',
		closedOn: '2026-11-25',
	};
	await expect(
		moveDeal(db, by({ ...cast.people.anna, timeZone: 'UTC' }, night), closing),
	).rejects.toThrow('error.invalidForm');
	expect(await moveDeal(db, by(cast.people.anna, night), closing)).toMatchObject({ version: 2 });
});

test('a foreign deal, an absent one, a state that is gone and an unknown field are refused', async () => {
	const { rows } = await pool.query(`
		with line as (insert into pipelines (name, position) values ('Аренда', 2) returning id)
		insert into stages (pipeline_id, name, position, kind, probability, removed_at)
		select id, 'Заявка', 1, 'open', 10, now() from line returning id`);
	const before = await ledgerOf(database);
	expect((await move(gleb, { stageId: to(1), version: 1 })).statusCode).toBe(404);
	expect((await move(anna, { stageId: to(1), version: 1 }, 999_999)).statusCode).toBe(404);
	expect((await move(anna, { stageId: rows[0].id, version: 1 })).statusCode).toBe(422);
	expect((await move(anna, { stageId: 999, version: 1 })).statusCode).toBe(422);
	for (const extra of [
		{ ownerId: 1 },
		{ owner: 1 },
		{ createdBy: 4 },
		{ isAdmin: true },
		{ role: 'administrator' },
		{ id: 5 },
		{ closedAt: '2020-01-01' },
	])
		expect(
			(await move(anna, { stageId: to(1), version: 1, ...extra })).statusCode,
			JSON.stringify(extra),
		).toBe(400);
	for (const door of ['import', 'seed', 'x'])
		expect([400, 422]).toContain(
			(await move(anna, { stageId: to(1), version: 1, door })).statusCode,
		);
	expect(await ledgerOf(database)).toEqual(before);
});

test('what happened cannot be rewritten: stage changes and events refuse UPDATE and DELETE', async () => {
	for (const table of ['stage_changes', 'events']) {
		await expect(pool.query(`update ${table} set at = now()`)).rejects.toThrow('append-only');
		await expect(pool.query(`delete from ${table}`)).rejects.toThrow('append-only');
	}
});
