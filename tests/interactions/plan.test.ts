import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
});
beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', client: { name: 'ООО «Василёк»' } })).id;
});

const plan = (fields: Fields) => anna.json(`/deals/${id}/interactions`, fields);
const steps = async () =>
	(await pool.query('select * from interactions where deal_id = $1 order by id', [id])).rows;
const deal = async () => (await pool.query('select * from deals where id = $1', [id])).rows[0];

test('a step for a day and a step for a moment in the person’s own zone', async () => {
	expect(
		(await plan({ kindId: 1, summary: 'Позвонить', plannedDay: '25.11.2026' })).statusCode,
	).toBe(200);
	expect(
		(
			await plan({
				kindId: 2,
				summary: 'Приехать',
				plannedDay: '2026-11-24',
				plannedTime: '15:30',
				lengthMinutes: 60,
			})
		).statusCode,
	).toBe(200);
	const [day, moment] = await steps();
	expect(day).toMatchObject({
		planned_on: '2026-11-25',
		planned_at: null,
		owner_id: cast.people.anna.id,
		author_id: cast.people.anna.id,
		status: 'planned',
		version: 1,
	});
	expect(moment).toMatchObject({
		planned_on: null,
		planned_at: new Date('2026-11-24T12:30:00Z'),
		length_minutes: 60,
	});
	expect(await deal()).toMatchObject({
		next_interaction_id: moment.id,
		next_planned_on: null,
		version: 1,
	});
	const { rows } = await pool.query(
		`select data, interaction_id from events where deal_id = $1 and type = 'interaction.planned' order by id`,
		[id],
	);
	expect(rows).toEqual([
		{
			interaction_id: day.id,
			data: { kindId: 1, summary: 'Позвонить', plannedOn: '2026-11-25', plannedAt: null },
		},
		{
			interaction_id: moment.id,
			data: {
				kindId: 2,
				summary: 'Приехать',
				plannedOn: null,
				plannedAt: '2026-11-24T12:30:00.000Z',
			},
		},
	]);
});

test('a step without words is called by its kind; without a day, or of no kind, it is refused', async () => {
	await plan({ kindId: 2, plannedDay: '2026-11-25' });
	expect((await steps())[0]).toMatchObject({ summary: 'Встреча' });
	const before = await ledgerOf(database);
	for (const wrong of [
		{ kindId: 1 },
		{ plannedDay: '2026-11-25' },
		{ kindId: 99, plannedDay: '2026-11-25' },
		{ kindId: 1, plannedTime: '10:00' },
		{ kindId: 1, plannedDay: '2026-11-25', plannedTime: '24:00' },
		{ kindId: 1, plannedDay: '2026-11-31' },
		{ kindId: 1, plannedDay: '2026-11-25', lengthMinutes: 0 },
	])
		expect((await plan(wrong)).statusCode, JSON.stringify(wrong)).toBe(422);
	for (const extra of [{ authorId: 4 }, { status: 'done' }, { completedBy: 4 }])
		expect((await plan({ kindId: 1, plannedDay: '2026-11-25', ...extra })).statusCode).toBe(400);
	expect(await ledgerOf(database)).toEqual(before);
});

test('a call that has been made already is written down as done, without a plan', async () => {
	expect((await plan({ kindId: 1, summary: 'Позвонил сам', done: 1 })).statusCode).toBe(200);
	expect((await steps())[0]).toMatchObject({
		status: 'done',
		completed_at: NOW,
		completed_by: cast.people.anna.id,
		planned_on: null,
		planned_at: null,
	});
	expect(await deal()).toMatchObject({ next_interaction_id: null, last_done_at: NOW });
});

test('a new interest makes client, deal and step in one go, or nothing at all', async () => {
	const fields = {
		stageId: cast.open[1].id,
		clientName: 'ООО «Новый»',
		title: 'Миксер',
		amount: '10,5',
		kindId: 1,
		plannedDay: '2026-11-26',
	};
	expect((await anna.json('/deals', fields)).statusCode).toBe(200);
	const { rows } = await pool.query(`
		select d.stage_id, d.amount, d.owner_id, c.name, i.summary from deals d
		join clients c on c.id = d.client_id join interactions i on i.id = d.next_interaction_id where d.title = 'Миксер'`);
	expect(rows).toEqual([
		{
			stage_id: cast.open[1].id,
			amount: '10.50',
			owner_id: cast.people.anna.id,
			name: 'ООО «Новый»',
			summary: 'Звонок',
		},
	]);
	const before = await ledgerOf(database);
	for (const wrong of [
		{ kindId: 99 },
		{ stageId: cast.won.id },
		{ stageId: 999 },
		{ title: ' ' },
		{ clientName: '' },
		{ amount: 'x' },
	])
		expect(
			(await anna.json('/deals', { ...fields, clientName: 'ООО «Зря»', ...wrong })).statusCode,
			JSON.stringify(wrong),
		).toBe(422);
	expect((await anna.json('/deals', { ...fields, ownerId: cast.people.gleb.id })).statusCode).toBe(
		400,
	);
	expect(await ledgerOf(database)).toEqual(before);
});

test('the new interest stands in its column at once; without a day it has no step', async () => {
	const answer = await anna.htmx('/board', '/deals', {
		stageId: cast.open[2].id,
		clientName: 'ООО «Новый»',
		title: 'Слайсер',
	});
	expect(answer.statusCode).toBe(200);
	const page = read(answer.body);
	const column = page.byId(`stage-${cast.open[2].id}`) ?? undefined;
	const titles = page
		.byTag('h3', column)
		.map((title) => title.parentNode && attribute(title.parentNode as never, 'class'));
	expect(titles).toContain('card none');
	expect(page.byId('dialog-body')?.childNodes).toEqual([]);
});

test('names of clients are suggested as they are typed: own ones only, by name and ИНН', async () => {
	const names = async (typed: string) => {
		const answer = await anna.htmx(
			'/board',
			`/clients/suggestions?clientName=${encodeURIComponent(typed)}`,
		);
		return read(answer.body)
			.byTag('option')
			.map((option) => attribute(option, 'value'));
	};
	expect(await names('РОМАШ')).toEqual(['ООО «Ромашка»']);
	expect(await names('7707083893')).toEqual(['ООО «Ромашка»']);
	expect(await names('Тайна')).toEqual([]);
	expect(await names('%')).toEqual([]);
});
