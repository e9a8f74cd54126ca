import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal, NOW, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
const TWO_DAYS_AGO = new Date(NOW.getTime() - 2 * 86_400_000);

let cast: Cast;
let anna: Browser;
let vera: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
});

beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', amount: '100.00', now: TWO_DAYS_AGO }))
		.id;
});

const move = (person: Browser, fields: object, dealId = id) =>
	person.json(`/deals/${dealId}/moves`, fields);
const deal = async () => (await pool.query('select * from deals where id = $1', [id])).rows[0];
const events = async () =>
	(
		await pool.query(
			'select type, at, actor_id, door, data from events where deal_id = $1 order by id',
			[id],
		)
	).rows;
const to = (at: number) => cast.stages[at]?.id as number;

test('a finished deal goes back to work with nothing of its end left, and the history tells all', async () => {
	await move(anna, { stageId: cast.lost.id, version: 1, lossReasonId: 1, comment: 'Нет' });
	const reopened = await move(vera, { stageId: to(3), version: 2 });
	expect(reopened.json()).toMatchObject({ version: 3 });
	expect(await deal()).toMatchObject({
		stage_id: to(3),
		closed_on: null,
		closed_at: null,
		loss_reason_id: null,
		close_comment: null,
		amount: '100.00',
	});
	const types = (await events()).map(({ type }) => type);
	expect(types).toEqual(['deal.created', 'deal.lost', 'deal.reopened']);
	const page = read((await anna.get(`/deals/${id}`)).body);
	const told = textOf(page.byId('timeline') as never);
	expect(told).toContain('Дорого');
	expect(told).toContain('Вера Павлова');
});

test('the deal’s page offers the state before the end to go back to', async () => {
	await move(anna, { stageId: to(2), version: 1 });
	await move(anna, { stageId: cast.won.id, version: 2, amount: '1', closedOn: TODAY });
	const page = read((await anna.get(`/deals/${id}`)).body);
	expect(fieldsOf(page, page.byId('reopen') as never)).toMatchObject({
		stageId: String(to(2)),
		version: '3',
	});
});

test('the answer to a drag redraws both columns and offers the way back, which works', async () => {
	const answer = await anna.htmx('/board', `/deals/${id}/moves`, {
		stageId: to(1),
		version: 1,
	});
	const page = read(answer.body);
	const targets = page.byTag('hx-partial').map((partial) => attribute(partial, 'hx-target'));
	expect(targets).toEqual(
		expect.arrayContaining([`#stage-${to(0)}`, `#stage-${to(1)}`, '#toasts', '#chips', '#sum']),
	);
	expect(targets).not.toContain(`#stage-${to(2)}`);
	const column = page.byId(`stage-${to(1)}`) ?? undefined;
	expect(page.byClass('card', column).map((card) => attribute(card, 'id'))).toContain(`deal-${id}`);
	const undo = page.byTag('form', page.byId('toast') ?? undefined)[0];
	expect(undo).toBeDefined();
	const back = await anna.htmx(
		'/board',
		attribute(undo as never, 'hx-post') ?? '',
		fieldsOf(page, undo as never),
	);
	expect(back.statusCode).toBe(200);
	expect(await deal()).toMatchObject({ stage_id: to(0), version: 3 });
});

test('a refused drag shows every column as it is and says why', async () => {
	await move(vera, { stageId: to(3), version: 1 });
	const answer = await anna.htmx('/board', `/deals/${id}/moves`, {
		stageId: to(1),
		version: 1,
	});
	expect(answer.statusCode).toBe(409);
	const page = read(answer.body);
	const column = page.byId(`stage-${to(3)}`) ?? undefined;
	expect(page.byClass('card', column).map((card) => attribute(card, 'id'))).toContain(`deal-${id}`);
	expect(
		page.byClass('card').filter((card) => attribute(card, 'id') === `deal-${id}`),
	).toHaveLength(1);
	const toast = page.byId('toast');
	expect(toast && attribute(toast, 'role')).toBe('alert');
	expect(textOf(toast as never)).toContain('Вера Павлова');
});

test('a plain form is sent on to where it was opened, with a toast for the next page', async () => {
	const answer = await anna.post(`/deals/${id}/moves`, {
		stageId: to(1),
		version: 1,
		returnTo: '/board?q=печь',
	});
	expect(answer.statusCode).toBe(303);
	expect(decodeURI(String(answer.headers.location))).toBe('/board?q=печь');
	const flash = answer.cookies.find(({ name }) => name === 'flash');
	const next = await anna.get('/board', { cookie: `${anna.cookie}; flash=${flash?.value}` });
	expect(textOf(read(next.body).byId('toasts') as never)).toContain('Печь');
	expect(next.cookies.find(({ name }) => name === 'flash')?.value).toBe('');
	const elsewhere = await anna.post(`/deals/${id}/moves`, {
		stageId: to(2),
		version: 2,
		returnTo: '//evil.example',
	});
	expect(elsewhere.headers.location).toBe(`/deals/${id}`);
});
