import { beforeAll, expect, test } from 'vitest';
import {
	completeInteraction,
	type Plan,
	planInteraction,
} from '#src/features/interactions/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { recordStatements } from '../bench/statements.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, type Page, read, textOf } from '../html.ts';

/* «Мои дела» at noon of Tuesday, the 24th of November, in Moscow. */
const database = await testDatabase();
const recorder = recordStatements(database.pool);
const served = await testApp(database);
const { db, pool } = database;
const HOSTILE = '<img src=x onerror=alert(1)>';

let cast: Cast;
let anna: Browser;
let vera: Browser;
let dealId: number;

const at = (moment: string): Plan => ({ plannedAt: new Date(`${moment}:00+03:00`) });
const plan = async (summary: string, when: Plan, kindId = 1) =>
	await planInteraction(db, by(cast.people.anna), dealId, {
		...{ kindId, summary, plan: when },
	});
const finish = (id: number, now?: Date) =>
	completeInteraction(db, by(cast.people.anna, now), id, {
		...{ version: 1, outcome: 'Поговорили', next: null },
	});

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
	await pool.query(`update interactions set status = 'cancelled'`);
	dealId = (await makeDeal(db, cast, 'anna', { title: 'Печь', client: { name: 'ООО «Ёлка»' } })).id;
	await plan('Вчера', { plannedOn: '2026-11-23' });
	await plan('Час назад', at('2026-11-24T11:00'), 2);
	await plan('Скоро', at('2026-11-24T15:00'));
	await plan('За день', { plannedOn: '2026-11-24' });
	await plan('Перед полуночью', at('2026-11-24T23:59'));
	await plan('Полночь', at('2026-11-25T00:00'));
	await plan('В субботу', { plannedOn: '2026-11-28' });
	await plan('В воскресенье', at('2026-11-29T23:00'), 2);
	await plan('В понедельник', { plannedOn: '2026-11-30' });
	await finish(await plan('Сделанное', at('2026-11-24T10:00')));
	await finish(await plan('Раньше', { plannedOn: '2026-11-23' }), new Date('2026-11-23T09:00:00Z'));
	await makeDeal(db, cast, 'boris', { plan: { plannedOn: '2026-11-20' } });
});

const see = async (person: Browser, url: string): Promise<Page> => {
	const answer = await person.get(encodeURI(url));
	expect(answer.statusCode, url).toBe(200);
	return read(answer.body);
};
const summaries = (page: Page) =>
	page
		.byTag('a')
		.filter((one) => attribute(one, 'data-do') === 'open')
		.map((one) => textOf(one).trim());
const heads = (page: Page) =>
	page
		.byTag('h2')
		.filter((one) => attribute(one, 'id')?.startsWith('todos-'))
		.map((one) => textOf(one).replace(/\s+/g, ' ').trim());

test('overdue first, then today, tomorrow, the week up to its Sunday, later: each with its count', async () => {
	const page = await see(anna, '/agenda');
	expect(heads(page)).toEqual([
		...['Просрочено 2', 'Сегодня 3', 'Завтра 1', 'На этой неделе 2', 'Позже 1'],
	]);
	expect(summaries(page)).toEqual([
		...['Вчера', 'Час назад', 'Скоро', 'Перед полуночью', 'За день', 'Полночь'],
		...['В субботу', 'В воскресенье', 'В понедельник'],
	]);
	const days = page.byClass('todo-day').map((one) => textOf(one).trim());
	expect(days).toEqual(['сб, 28 ноя', 'вс, 29 ноя', 'пн, 30 ноя']);
});

test('every action stands at its line', async () => {
	const page = await see(anna, '/agenda?period=late');
	const doings = page.byTag('a').map((one) => attribute(one, 'data-do'));
	for (const doing of ['done', 'open', 'postpone', 'edit', 'cancel'])
		expect(doings.filter((one) => one === doing)).toHaveLength(2);
});

test('it is narrowed by kind, client, deal and words, «ё» or «е»; what makes no sense is refused', async () => {
	expect(summaries(await see(anna, '/agenda?kind=2'))).toEqual(['Час назад', 'В воскресенье']);
	expect(summaries(await see(anna, '/agenda?q=елка'))).toHaveLength(9);
	expect(summaries(await see(anna, '/agenda?q=печь&kind=2&period=late'))).toEqual(['Час назад']);
	expect(summaries(await see(anna, '/agenda?q=полноч'))).toEqual(['Полночь']);
	const none = await anna.get('/agenda?q=ничего');
	expect(none.body).toContain('Под отбор ничего не подходит');
	for (const query of ['period=x', 'kind=x', 'after=x', 'y=1'])
		expect((await anna.get(`/agenda?${query}`)).statusCode, query).toBe(400);
	for (const owner of [cast.people.gleb.id, 'x'])
		expect((await anna.get(`/agenda?owner=${owner}`)).statusCode).toBe(404);
});

test('what is done today and this week is there with its outcome', async () => {
	expect(summaries(await see(anna, '/agenda?period=done'))).toEqual(['Сделанное']);
	const week = await see(anna, '/agenda?period=doneweek');
	expect(summaries(week)).toEqual(['Сделанное', 'Раньше']);
	expect(textOf(week.byId('agenda-list') as never)).toContain('Поговорили');
});

test('the head sees each person with what is overdue, ahead and done; each figure leads to its list', async () => {
	const page = await see(vera, '/agenda?owner=team');
	const cells = (row: Page['elements'][number]) =>
		row.childNodes.map((one) => textOf(one).trim()).filter(Boolean);
	const rows = page.byTag('tr').map((one) => cells(one).join(' '));
	expect(rows).toContain('Анна Соколова 2 3 9 1 2');
	expect(rows).toContain('Борис Лунин 1 0 1 0 0');
	expect(rows).toContain('Всего 3 3 10 1 2');
	expect(rows.join()).not.toContain('Глеб');
	const links = page.byTag('a').map((one) => attribute(one, 'href'));
	const late = `/agenda?owner=${cast.people.anna.id}&period=late`;
	expect(links).toContain(late);
	expect(summaries(await see(vera, late))).toEqual(['Вчера', 'Час назад']);
	expect((await see(anna, '/agenda?owner=team')).byTag('tr').join()).not.toContain('Борис');
});

test('the rest of a long group comes in its order, each line once', async () => {
	const all = Array.from({ length: 23 }, (_, n) => `Долг ${String(n).padStart(2, '0')}`);
	for (const [n, summary] of all.entries())
		await plan(summary, n % 2 ? { plannedOn: '2026-11-10' } : at('2026-11-10T12:00'), 5);
	const found: string[] = [];
	let url: string | null = '/agenda?kind=5';
	while (url !== null) {
		const page: Page = await see(anna, url);
		found.push(...summaries(page));
		const more = page.byClass('more')[0]?.childNodes.find((one) => one.nodeName === 'a');
		url = more ? attribute(more as never, 'hx-get') : null;
	}
	expect(found).toHaveLength(23);
	expect([...found].sort()).toEqual(all);
	await pool.query(`update interactions set status = 'cancelled' where summary like 'Долг %'`);
});

test('a day’s sheet has its lines by the clock, what is overdue below, phones and room to write', async () => {
	await plan(HOSTILE, at('2026-11-24T14:00'));
	const { body } = await anna.get('/agenda/print');
	const order = ['Скоро', 'За день', 'Просрочено', 'Вчера'].map((one) => body.indexOf(one));
	expect(order).toEqual([...order].sort((a, b) => a - b));
	expect(order).not.toContain(-1);
	expect(body).not.toContain(HOSTILE);
	expect((await anna.get('/agenda')).body).not.toContain(HOSTILE);
	const other = await anna.get(`/agenda/print?day=2026-11-28`);
	expect(other.body).toContain('В субботу');
	expect(other.body).not.toContain('Скоро');
	await pool.query(`update interactions set status = 'cancelled' where summary = $1`, [HOSTILE]);
});

test('it costs six statements at most', async () => {
	for (const [person, url] of [
		[anna, '/agenda'],
		[vera, '/agenda?owner=team'],
	] as const) {
		recorder.start();
		await person.get(url);
		expect(recorder.stop().flat().length, url).toBeLessThanOrEqual(6);
	}
});
