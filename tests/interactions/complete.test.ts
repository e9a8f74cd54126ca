import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let vera: Browser;
let dealId: number;
let stepId: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
});
beforeEach(async () => {
	const made = await makeDeal(db, cast, 'anna', {
		title: 'Печь',
		plan: { plannedAt: new Date('2026-11-24T07:00:00Z') },
	});
	[dealId, stepId] = [made.id, made.stepId as number];
});

const complete = (person: Browser, fields: Fields) =>
	person.htmx('/board', `/interactions/${stepId}/completion`, fields);
const step = async (id = stepId) =>
	(await pool.query('select * from interactions where id = $1', [id])).rows[0];
const deal = async () => (await pool.query('select * from deals where id = $1', [dealId])).rows[0];

test('done with its result and the next step, in one form and one transaction', async () => {
	const next = {
		kindId: 2,
		summary: 'Показать образцы',
		plannedDay: '2026-11-26',
		plannedTime: '10:00',
	};
	expect((await complete(anna, { version: 1, outcome: 'Ждут образцы', ...next })).statusCode).toBe(
		200,
	);
	expect(await step()).toMatchObject({
		status: 'done',
		outcome: 'Ждут образцы',
		completed_by: cast.people.anna.id,
		completed_at: NOW,
		version: 2,
	});
	const { next_interaction_id, last_done_at, next_planned_at, version } = await deal();
	expect({ last_done_at, next_planned_at, version }).toEqual({
		last_done_at: NOW,
		next_planned_at: new Date('2026-11-26T07:00:00Z'),
		version: 1,
	});
	expect(await step(next_interaction_id)).toMatchObject({
		summary: 'Показать образцы',
		kind_id: 2,
		status: 'planned',
	});
	const { rows } = await pool.query('select type from events where deal_id = $1 order by id', [
		dealId,
	]);
	expect(rows.map(({ type }) => type)).toEqual([
		'deal.created',
		'interaction.planned',
		'interaction.completed',
		'interaction.planned',
	]);
});

test('a wrong next step saves nothing, not even the result, and loses nothing typed', async () => {
	const before = await ledgerOf(database);
	const fields = {
		outcome: 'Ждут образцы',
		kindId: '99',
		summary: 'Показать',
		plannedDay: '2026-11-26',
	};
	const answer = await complete(anna, { version: 1, ...fields });
	expect(answer.statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
	const page = read(answer.body);
	expect(textOf(page.byId('f-outcome') as never)).toBe('Ждут образцы');
	expect(attribute(page.byId('f-summary') as never, 'value')).toBe('Показать');
	expect(
		(await complete(anna, { version: 1, kindId: 1, plannedDay: '31.02.2026' })).statusCode,
	).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
});

test('without a day there is no next step, and the card says so', async () => {
	const answer = await complete(anna, { version: 1, outcome: 'Всё', kindId: 1 });
	const page = read(answer.body);
	const card = page.byId(`deal-${dealId}`);
	expect(card && attribute(card, 'class')).toContain('none');
	expect(textOf(card as never)).toContain('Нет следующего шага');
});

test('the form suggests the next day by the kind of the step, as working days', async () => {
	const page = read((await anna.htmx('/board', `/interactions/${stepId}/completion/new`)).body);
	const form = page.byTag('form', page.byId(`interaction-${stepId}-completion`) ?? undefined)[0];
	expect(fieldsOf(page, form as never)).toMatchObject({
		version: '1',
		kindId: '1',
		plannedDay: '2026-12-01',
	});
});

test('of twenty who finish it one does, the others get a conflict, there is one next step', async () => {
	const next = { kindId: 1, plannedDay: '2026-11-26' };
	const answers = await Promise.all(
		Array.from({ length: 20 }, (_, n) =>
			complete(n % 2 ? anna : vera, { version: 1, outcome: `Исход ${n}`, ...next }),
		),
	);
	const statuses = answers.map(({ statusCode }) => statusCode);
	expect(statuses.filter((status) => status === 200)).toHaveLength(1);
	expect(statuses.filter((status) => status === 409)).toHaveLength(19);
	const { rows } = await pool.query(
		`select count(*)::int as n from interactions where deal_id = $1 and status = 'planned'`,
		[dealId],
	);
	expect(rows[0].n).toBe(1);
	expect(await step()).toMatchObject({ outcome: `Исход ${statuses.indexOf(200)}` });
});

test('who finishes second sees who was first and keeps what was typed', async () => {
	await complete(vera, { version: 1, outcome: 'Вера уже позвонила' });
	const answer = await complete(anna, { version: 1, outcome: 'Мой разговор' });
	expect(answer.statusCode).toBe(409);
	const page = read(answer.body);
	expect(textOf(page.byId('form-problem') as never)).toContain('Вера Павлова');
	expect(textOf(page.byId('f-outcome') as never)).toBe('Мой разговор');
});

test('who sends the same twice is told that they did it, and not that another person has', async () => {
	const send = async (person: Browser) =>
		await person.post(`/interactions/${stepId}/completion`, { version: 1, outcome: 'Позвонила' });
	expect((await send(anna)).statusCode).toBe(303);
	const told = async (person: Browser) => {
		const answer = await send(person);
		expect(answer.statusCode).toBe(409);
		return textOf(read(answer.body).byId('form-problem') as never);
	};
	expect(await told(anna)).toContain('Вы уже изменили это сами');
	expect(await told(anna)).not.toContain('другой человек');
	expect(await told(vera)).toContain('это изменил другой человек');
	const data = await anna.json(`/interactions/${stepId}/completion`, { version: 1 });
	expect(data.json().error.message).toContain('Вы уже изменили это сами');
});

test('what is done or given up cannot be done again, by its own version either', async () => {
	await complete(anna, { version: 1 });
	const before = await ledgerOf(database);
	expect((await complete(anna, { version: 2 })).statusCode).toBe(422);
	expect(
		(await anna.json(`/interactions/${stepId}/postponement`, { version: 2, to: 'week' }))
			.statusCode,
	).toBe(422);
	expect((await anna.json(`/interactions/${stepId}/cancellation`, { version: 2 })).statusCode).toBe(
		422,
	);
	expect(await ledgerOf(database)).toEqual(before);
});

test('nobody finishes in another’s name', async () => {
	for (const extra of [
		{ completedBy: 4 },
		{ authorId: 4 },
		{ completedAt: '2020-01-01' },
		{ status: 'planned' },
	])
		expect(
			(await anna.json(`/interactions/${stepId}/completion`, { version: 1, ...extra })).statusCode,
		).toBe(400);
	await complete(vera, { version: 1 });
	expect(await step()).toMatchObject({
		completed_by: cast.people.vera.id,
		owner_id: cast.people.anna.id,
	});
});

test('a next step without a day is asked for, not thrown away', async () => {
	const answer = await complete(anna, { version: 1, kindId: 1, summary: 'Перезвонить' });
	expect(answer.statusCode).toBe(422);
	expect(read(answer.body).byId('f-summary')?.attrs).toContainEqual({
		name: 'value',
		value: 'Перезвонить',
	});
	expect((await step()).status).toBe('planned');
});

test('a change that is done is not answered as refused when the page seen makes no sense any more', async () => {
	const answer = await anna.htmx('/board?owner=999999', `/interactions/${stepId}/completion`, {
		version: 1,
		outcome: 'Договорились',
	});
	expect([answer.statusCode, answer.headers['hx-refresh']]).toEqual([200, 'true']);
	expect((await step()).status).toBe('done');
});

test('mending what never had a planned day keeps what others have mended meanwhile', async () => {
	const logged = { kindId: '1', summary: 'Звонок', done: '1' };
	await anna.htmx(`/deals/${dealId}`, `/deals/${dealId}/interactions`, logged);
	const { id } = (await pool.query('select max(id)::int as id from interactions')).rows[0];
	const form = async (person: Browser) => {
		const page = read((await person.get(`/interactions/${id}/edit`)).body);
		return fieldsOf(
			page,
			page.byTag('form', page.byId(`interaction-${id}-edit`) ?? undefined)[0] as never,
		);
	};
	const [one, other] = [await form(anna), await form(vera)];
	expect(one).not.toHaveProperty('plannedDay');
	const save = async (person: Browser, fields: Fields) =>
		(await person.htmx('/board', `/interactions/${id}`, fields)).statusCode;
	expect(await save(anna, { ...one, outcome: 'Договорились' })).toBe(200);
	expect(await save(vera, { ...other, summary: 'Звонок о печи' })).toBe(200);
	expect(await step(id)).toMatchObject({
		...{ status: 'done', outcome: 'Договорились', summary: 'Звонок о печи' },
		...{ planned_on: null, planned_at: null },
	});
});
