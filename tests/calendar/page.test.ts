import { beforeAll, expect, test } from 'vitest';
import { completeInteraction, planInteraction } from '#src/features/interactions/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { recordStatements } from '../bench/statements.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, type Page, read, textOf } from '../html.ts';

const database = await testDatabase();
const recorder = recordStatements(database.pool);
const served = await testApp(database);
const HOSTILE = '<img src=x onerror=alert(1)>"\'';

let cast: Cast;
let anna: Browser;
let gleb: Browser;
let vera: Browser;

const see = async (person: Browser, url: string): Promise<Page> => {
	const answer = await person.get(url);
	expect(answer.statusCode).toBe(200);
	return read(answer.body);
};
const entries = (page: Page) =>
	page.byClass('entry').map((one) => textOf(one).replace(/\s+/g, ' ').trim());
const make = async (
	summary: string,
	plan: { plannedOn: string } | { plannedAt: Date },
	minutes = 60,
) =>
	await planInteraction(database.db, by(cast.people.anna), cast.deals.late, {
		...{ kindId: cast.kinds[1]?.id as number, summary, plan, lengthMinutes: minutes },
	});
const row = async (id: number) => {
	const { rows } = await database.pool.query('select * from interactions where id = $1', [id]);
	return rows[0];
};

beforeAll(async () => {
	cast = await makeCast(database.db);
	[anna, gleb, vera] = [
		await signIn(served, 'anna'),
		await signIn(served, 'gleb'),
		await signIn(served, 'vera'),
	];
});

test('a week holds what is planned in it: moments on the clock, days on top, done ones ticked', async () => {
	const id = await make('Показ линии', { plannedAt: new Date('2026-11-25T07:00:00Z') });
	await make('На весь день', { plannedOn: '2026-11-26' });
	const done = await make('Сделано', { plannedAt: new Date('2026-11-23T07:00:00Z') });
	await completeInteraction(database.db, by(cast.people.anna), done, {
		version: 1,
		outcome: null,
		next: null,
	});
	const page = await see(anna, '/calendar');
	const entry = page.byId(`entry-${id}`);
	expect(textOf(entry as never)).toContain('10:00–11:00');
	// Ten o'clock in a grid that begins at eight or nine: an hour is four rows.
	expect(attribute(entry as never, 'class')).toMatch(/\bat-4 for-4\b/);
	const day = page.elements.find((one) => attribute(one, 'data-whole') === '2026-11-26');
	expect(textOf(day as never)).toContain('На весь день');
	expect(entries(page).join()).toContain('✓ Сделано');
	expect(entries(await see(anna, '/calendar?on=2026-12-15'))).toEqual([]);
	expect(page.byId('now-line')).not.toBeNull();
});

test('a month and a day hold the same; an address that makes no sense is refused', async () => {
	expect(entries(await see(anna, '/calendar?view=month')).join()).toContain('На весь день');
	expect(entries(await see(anna, '/calendar?view=day&on=2026-11-26')).join()).toContain(
		'На весь день',
	);
	for (const query of ['view=year', 'on=2026-02-30', 'owner=x', 'on=9999-99-99', 'x=1'])
		expect((await anna.get(`/calendar?${query}`)).statusCode, query).toBe(400);
	expect((await anna.get('/calendar?owner=999999')).statusCode).toBe(404);
});

test('of a colleague’s calendar a stranger sees the hours that are taken, and nothing else', async () => {
	const url = `/calendar?owner=${cast.people.anna.id}`;
	const page = await see(gleb, url);
	expect(page.byClass('busy').length).toBeGreaterThan(0);
	expect(new Set(page.byClass('entry').map((one) => attribute(one, 'data-version')))).toEqual(
		new Set([null]),
	);
	const { body } = await gleb.get(url);
	expect(body).not.toMatch(/Показ линии|На весь день|Ромашка|Позвонить/);
	expect(entries(await see(vera, url)).join()).toContain('Показ линии');
});

test('the head sees the team side by side in a day; nobody outside of it', async () => {
	const page = await see(vera, '/calendar?view=day&owner=team');
	const columns = page.byTag('section').map((one) => attribute(one, 'aria-label'));
	expect(columns).toEqual(['Анна Соколова', 'Борис Лунин', 'Вера Павлова']);
	const week = await vera.get('/calendar?owner=team');
	expect(week.body).not.toContain('Тайна');
});

test('a drag is an edit: another slot, the whole day, another length; a stale one is told and changes nothing', async () => {
	const id = await make('Тянут', { plannedAt: new Date('2026-11-25T07:00:00Z') });
	const drag = (fields: Record<string, string>) =>
		anna.htmx('/calendar', `/interactions/${id}`, fields);
	const answer = await drag({ version: '1', plannedDay: '2026-11-26', plannedTime: '12:15' });
	expect(answer.statusCode).toBe(200);
	expect(answer.body).toContain('hx-target="#calendar"');
	expect(answer.body).toContain('Отменить');
	expect((await row(id)).planned_at.toISOString()).toBe('2026-11-26T09:15:00.000Z');
	await drag({ version: '2', plannedDay: '2026-11-27', plannedTime: '' });
	expect(await row(id)).toMatchObject({ planned_on: '2026-11-27', planned_at: null });
	await drag({ version: '3', plannedDay: '2026-11-27', plannedTime: '10:00', lengthMinutes: '90' });
	expect((await row(id)).length_minutes).toBe(90);
	const stale = await drag({ version: '1', plannedDay: '2026-11-28', plannedTime: '' });
	expect(stale.statusCode).toBe(409);
	expect((await row(id)).version).toBe(4);
	expect(
		(
			await gleb.htmx('/calendar', `/interactions/${id}`, {
				version: '4',
				plannedDay: '2026-11-28',
			})
		).statusCode,
	).toBe(404);
});

test('a slot is planned for a client; where it has open deals, one of them or none is asked for', async () => {
	const fields = {
		...{ clientName: 'ООО «Ромашка»', kindId: cast.kinds[1]?.id, summary: 'В слоте' },
		...{ plannedDay: '2026-11-30', plannedTime: '11:30', lengthMinutes: '45' },
	};
	const form = await see(anna, '/calendar/new?day=2026-11-30&time=11:30');
	expect(form.byTag('input').map((one) => attribute(one, 'value'))).toContain('11:30');
	const asked = await anna.post('/calendar/steps', fields);
	expect(asked.statusCode).toBe(422);
	expect(asked.body).toContain('Пароконвектомат');
	expect(asked.body).toContain('value="В слоте"');
	const made = await anna.post('/calendar/steps', { ...fields, dealId: String(cast.deals.late) });
	expect(made.statusCode).toBe(303);
	await anna.post('/calendar/steps', { ...fields, summary: 'Без интереса', dealId: 'none' });
	const { rows } = await database.pool.query(
		"select deal_id, length_minutes from interactions where summary in ('В слоте', 'Без интереса') order by id",
	);
	expect(rows).toEqual([
		{ deal_id: cast.deals.late, length_minutes: 45 },
		{ deal_id: null, length_minutes: 45 },
	]);
	const unknown = await anna.post('/calendar/steps', { ...fields, clientName: 'Никто' });
	expect(unknown.body).toContain('Такого клиента нет');
	const foreign = await gleb.post('/calendar/steps', fields);
	expect(foreign.body).toContain('Такого клиента нет');
	const deals = await gleb.htmx(
		'/calendar',
		`/calendar/new/deals?clientName=${encodeURIComponent('ООО «Ромашка»')}`,
	);
	expect(deals.body).not.toContain('Пароконвектомат');
});

test('hostile words stay words in every view', async () => {
	await make(HOSTILE, { plannedAt: new Date('2026-12-02T07:00:00Z') });
	for (const view of ['day', 'week', 'month']) {
		const page = await see(anna, `/calendar?view=${view}&on=2026-12-02`);
		expect(page.byTag('img')).toEqual([]);
		expect(entries(page).join()).toContain(HOSTILE);
	}
});

test('the page costs four statements at most, whatever it shows', async () => {
	const count = async (url: string) => {
		recorder.start();
		await vera.get(url);
		return recorder.stop().flat().length;
	};
	for (const url of [
		'/calendar',
		'/calendar?view=month&owner=team',
		'/calendar?view=day&owner=team',
	])
		expect(await count(url), url).toBeLessThanOrEqual(4);
});
