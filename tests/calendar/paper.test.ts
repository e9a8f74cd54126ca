import { beforeAll, expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, type Page, read, textOf } from '../html.ts';

/* What does not fit the screen of the calendar is told, and on paper all of it stands. */
const database = await testDatabase();
const served = await testApp(database);
const HOSTILE = '<img src=x onerror=alert(1)>';
const PLANS = 7;

let cast: Cast;
let anna: Browser;
let vera: Browser;
let gleb: Browser;

const make = async (summary: string, plan: { plannedOn: string } | { plannedAt: Date }) =>
	await planInteraction(database.db, by(cast.people.anna), cast.deals.late, {
		...{ kindId: cast.kinds[1]?.id as number, summary, plan, lengthMinutes: 60 },
	});
const see = async (person: Browser, url: string): Promise<Page> => {
	const answer = await person.get(url);
	expect(answer.statusCode, url).toBe(200);
	return read(answer.body);
};
const words = (page: Page) => textOf(page.byTag('body')[0] as never).replace(/\s+/g, ' ');
const cells = (page: Page, row: number) =>
	page.byTag('td', page.byTag('tr')[row] as never).map((td) => textOf(td).replace(/\s+/g, ' '));

beforeAll(async () => {
	cast = await makeCast(database.db);
	[anna, vera, gleb] = [
		await signIn(served, 'anna'),
		await signIn(served, 'vera'),
		await signIn(served, 'gleb'),
	];
	for (let n = 1; n <= PLANS; n += 1) await make(`Весь день ${n}`, { plannedOn: '2026-12-09' });
	await make(HOSTILE, { plannedAt: new Date('2026-12-09T12:30:00Z') });
	await make('В субботу', { plannedAt: new Date('2026-12-12T08:00:00Z') });
});

test('the row of whole days tells how many more there are, and opens them', async () => {
	const page = await see(anna, '/calendar?on=2026-12-09');
	const more = page.byId('whole-2026-12-09');
	expect(textOf(page.byTag('summary', more as never)[0] as never)).toBe('ещё 2');
	expect(textOf(more as never)).toMatch(/Весь день 6[\s\S]*Весь день 7/);
	const day = page.elements.find((one) => attribute(one, 'data-whole') === '2026-12-09');
	expect(page.byClass('entry', day as never)).toHaveLength(PLANS);
});

test('a week has its working days, tells what stands on the others, and seven days show it', async () => {
	const week = await see(anna, '/calendar?on=2026-12-09');
	expect(week.byClass('calendar-day')).toHaveLength(5);
	const link = week.byTag('a').find((one) => textOf(one) === 'ещё 1 в выходные');
	expect(attribute(link as never, 'href')).toBe('/calendar?view=seven&on=2026-12-09');
	const seven = await see(anna, '/calendar?view=seven&on=2026-12-09');
	expect(seven.byClass('calendar-day')).toHaveLength(7);
	expect(words(seven)).toContain('В субботу');
	expect(words(seven)).not.toContain('в выходные');
	// What the company works on stands in its week, whether anything is planned or not.
	await database.pool.query('update work_calendar set weekdays = array[1,2,3,4,5,6]');
	expect(words(await see(anna, '/calendar?on=2026-12-09'))).toContain('В субботу');
	await database.pool.query('update work_calendar set weekdays = array[1,2,3,4,5]');
	expect((await see(anna, '/calendar?on=2026-12-16')).byClass('calendar-day')).toHaveLength(5);
});

test('a week on paper is a table by hours under the names of its days, with all words', async () => {
	const page = await see(anna, '/calendar/print?on=2026-12-09');
	expect(page.byTag('thead')).toHaveLength(1);
	expect(page.byTag('th', page.byTag('thead')[0] as never).map(textOf)[2]).toContain('ср, 9 дек');
	const whole = cells(page, 1)[2];
	for (let n = 1; n <= PLANS; n += 1) expect(whole).toContain(`Весь день ${n}`);
	const hour = page.byTag('tr').findIndex((row) => /^\s*15:00/.test(textOf(row)));
	expect(cells(page, hour)[2]).toMatch(/15:30–16:30 .*: <img src=x/);
	expect(words(page)).toMatch(/Напечатано: Анна .*ещё 1 в выходные/);
	expect(page.byTag('img')).toEqual([]);
});

test('a month on paper hides nothing; the team’s says whose; a stranger’s only when', async () => {
	const month = words(await see(anna, '/calendar/print?view=month&on=2026-12-09'));
	for (let n = 1; n <= PLANS; n += 1) expect(month).toContain(`Весь день ${n}`);
	expect(month).not.toMatch(/ещё \d/);
	const team = words(await see(vera, '/calendar/print?view=month&on=2026-12-09&owner=team'));
	expect(team).toContain(`Весь день 1${cast.people.anna.name}`);
	const url = `/calendar/print?on=2026-12-09&owner=${cast.people.anna.id}`;
	const strange = words(await see(gleb, url));
	expect(strange).toContain('15:30–16:30 Занято');
	expect(strange).not.toMatch(/Весь день|img/);
	expect((await anna.get('/calendar/print?view=year')).statusCode).toBe(400);
});

test('the team’s week begins each entry with whose it is', async () => {
	const page = await see(vera, '/calendar?on=2026-12-09&owner=team');
	const entry = page.byClass('entry').find((one) => textOf(one).includes('Весь день 1'));
	const who = page.byClass('who', entry as never)[0] as never;
	expect([textOf(who), attribute(who, 'aria-label')]).toEqual(['АС', 'Анна Соколова']);
	expect((await see(anna, '/calendar?on=2026-12-09')).byClass('who')).toEqual([]);
});

test('a name that no client has offers to make the client, while it is typed and when it is refused', async () => {
	const name = 'ООО "Новый & Ко"';
	const link = '/clients/new?name=';
	const found = await anna.htmx(
		'/calendar',
		`/calendar/new/deals?${new URLSearchParams({ clientName: name })}`,
	);
	expect(found.body).toContain('Такого клиента ещё нет.');
	expect(found.body).toContain(link);
	const refused = await anna.htmx('/calendar', '/calendar/steps', {
		...{ clientName: name, kindId: '2', plannedDay: '2026-12-09', summary: 'x' },
	});
	expect(refused.statusCode).toBe(422);
	expect(refused.body).toContain(link);
});
