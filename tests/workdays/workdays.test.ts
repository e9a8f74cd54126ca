import { afterEach, beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

/* It is Tuesday, 24 November 2026; the company works from Monday to Friday. */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let ada: Browser;
let anna: Browser;

beforeAll(async () => {
	cast = await makeCast(db);
	[ada, anna] = [await signIn(served, 'ada'), await signIn(served, 'anna')];
});
afterEach(async () => {
	await pool.query('delete from holidays');
	await pool.query(
		`update work_calendar set weekdays = default, work_from = default, work_until = default`,
	);
});

const add = (name: string, day: string, more: object = {}) =>
	ada.post('/admin/workdays', { name, day, ...more });
const days = async () =>
	(await pool.query('select day::text, working from holidays order by day')).rows.map(
		({ day, working }) => `${day}${working ? ' worked' : ''}`,
	);
const week = async (fields: object) => {
	const { rows } = await pool.query('select version from work_calendar');
	return await ada.post('/admin/workdays/week/edit', {
		...{ version: rows[0].version, companyFrom: '09:00', companyUntil: '18:00' },
		...{ weekday1: '1', weekday2: '1', weekday3: '1', weekday4: '1', weekday5: '1', ...fields },
	});
};
const suggested = async () => {
	const page = read((await anna.get(`/deals/${cast.deals.none}/interactions/new`)).body);
	const fields = page.byTag('form').map((form) => fieldsOf(page, form));
	return fields.find(({ plannedDay }) => plannedDay)?.plannedDay;
};

test('days are added one by one or in a row, each once; a free one and a worked one', async () => {
	const answer = await add('Новогодние каникулы', '2027-01-01', { until: '2027-01-08' });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/admin/workdays']);
	await add('Перенос с 1 января', '2026-12-26', { working: '1' });
	expect(await days()).toEqual([
		'2026-12-26 worked',
		...Array.from({ length: 8 }, (_, n) => `2027-01-0${n + 1}`),
	]);
	const before = await ledgerOf(database);
	const twice = await add('Рождество', '2027-01-07');
	expect(twice.statusCode).toBe(422);
	expect(twice.body).toContain('уже есть «Новогодние каникулы»');
	expect(twice.body).toContain('value="Рождество"');
	const wrong = [
		{ day: '2027-02-01', until: '2027-01-31' },
		{ day: '2027-02-01', until: '2027-03-04' },
		{ day: '2027-02-30' },
		{ day: '2027-02-01', name: ' ' },
		{ day: '2027-02-01', id: '5' },
	];
	for (const one of wrong)
		expect([400, 422]).toContain(
			(await ada.post('/admin/workdays', { name: 'Ещё', ...one })).statusCode,
		);
	expect(await ledgerOf(database)).toEqual(before);
	const page = (await ada.get('/admin/workdays')).body;
	expect(page.indexOf('2027')).toBeLessThan(page.indexOf('Перенос с 1 января'));
});

test('a day is changed and taken away, the history says by whom', async () => {
	await add('Праздник', '2026-11-25');
	const { rows } = await pool.query('select id, version from holidays');
	const { id, version } = rows[0];
	await add('Другой', '2026-11-26');
	const taken = await ada.post(`/admin/workdays/${id}/edit`, {
		version,
		name: 'Праздник',
		day: '2026-11-26',
	});
	expect(taken.statusCode).toBe(422);
	await ada.post(`/admin/workdays/${id}/edit`, {
		version,
		name: 'Перенос',
		day: '2026-11-28',
		working: '1',
	});
	expect(await days()).toEqual(['2026-11-26', '2026-11-28 worked']);
	await ada.post(`/admin/workdays/${id}/removal`, { version: version + 1 });
	expect(await days()).toEqual(['2026-11-26']);
	const events = await pool.query(`select data from events where type = 'holiday.edited'`);
	expect(events.rows.at(-1)?.data.changes).toMatchObject({ day: ['2026-11-25', '2026-11-28'] });
});

test('the day suggested for a next step is a working one', async () => {
	expect(await suggested()).toBe('2026-11-25');
	await add('Праздник', '2026-11-25', { until: '2026-11-27' });
	expect(await suggested()).toBe('2026-11-30');
	await add('Перенос', '2026-11-28', { working: '1' });
	expect(await suggested()).toBe('2026-11-28');
	await pool.query('delete from holidays');
	await week({ weekday3: '', weekday4: '' });
	expect(await suggested()).toBe('2026-11-27');
});

test('idle days skip holidays and count worked weekends: on the board, in the list, on the page', async () => {
	const stage = cast.open[0];
	expect(stage.idleDays).toBe(5);
	const { id } = await makeDeal(db, cast, 'anna', { title: 'Забытая' });
	const idle = async (lastDone: string) => {
		await pool.query('update deals set last_done_at = $1, created_at = $1 where id = $2', [
			lastDone,
			id,
		]);
		const [board, list, page] = await Promise.all(
			['/board?idle=1', '/deals?idle=1', `/deals/${id}`].map(
				async (url) => (await anna.get(url)).body,
			),
		);
		const seen = [
			board?.includes('Забытая'),
			list?.includes('Забытая'),
			/простаивает/i.test(page ?? ''),
		];
		expect(new Set(seen).size).toBe(1);
		return seen[0];
	};
	expect(await idle('2026-11-16T09:00:00Z')).toBe(true);
	expect(await idle('2026-11-17T09:00:00Z')).toBe(false);
	await add('Праздник', '2026-11-20');
	expect(await idle('2026-11-16T09:00:00Z')).toBe(false);
	await pool.query('delete from holidays');
	await add('Перенос', '2026-11-21', { working: '1' });
	expect(await idle('2026-11-17T09:00:00Z')).toBe(true);
	await pool.query('delete from holidays');
	await week({ weekday6: '1', weekday7: '1' });
	expect(await idle('2026-11-18T09:00:00Z')).toBe(true);
});

test('a drop on «Эта неделя» and «Позже» means a working day', async () => {
	const drops = async () => {
		const page = read((await anna.get('/board?view=dates')).body);
		return ['week', 'later'].map((stretch) =>
			attribute(page.byId(`stretch-${stretch}`) as never, 'data-day'),
		);
	};
	expect(await drops()).toEqual(['2026-11-27', '2026-11-30']);
	await add('Праздник', '2026-11-27', { until: '2026-11-30' });
	expect(await drops()).toEqual(['2026-11-26', '2026-12-01']);
	await pool.query('delete from holidays');
	await add('Перенос', '2026-11-28', { working: '1' });
	expect(await drops()).toEqual(['2026-11-28', '2026-11-30']);
});

test('the calendar draws the company’s hours, a holiday by its name, and a Saturday that is worked', async () => {
	const heads = async () => {
		const page = read((await anna.get('/calendar?view=week')).body);
		return textOf(page.byId('calendar-days') as never);
	};
	expect(await heads()).not.toMatch(/сб, 28 ноя|8:00/);
	await add('День компании', '2026-11-26');
	await add('Перенос', '2026-11-28', { working: '1' });
	await week({ companyFrom: '08:00', companyUntil: '20:00' });
	const drawn = await heads();
	expect(drawn).toContain('День компании');
	expect(drawn).toMatch(/сб, 28 ноя/);
	expect(drawn).toMatch(/8:00[\s\S]*19:00/);
	// From 8 to 20, in quarters: all of a free day is outside of work.
	const week24 = (await anna.get('/calendar?view=week')).body;
	expect(week24.match(/class="off at-0 for-48"/g)).toHaveLength(1);
	expect((await anna.get('/calendar?view=month')).body).toContain('День компании');
});

test('whoever comes begins with the company’s hours; a week needs a day, hours a span', async () => {
	expect(
		(await week({ companyFrom: '08:30', companyUntil: '17:15', weekday6: '1' })).statusCode,
	).toBe(303);
	const page = textOf(read((await ada.get('/admin/workdays')).body).byId('workdays-page') as never);
	expect(page).toContain('пн, вт, ср, чт, пт, сб, 08:30–17:15');
	await ada.post('/admin/people', { login: 'new', name: 'Новая', role: 'manager' });
	const { rows } = await pool.query(`select work_from, work_until from people where login = 'new'`);
	expect(rows[0]).toEqual({ work_from: 510, work_until: 1035 });
	const before = await ledgerOf(database);
	const none = await week({ weekday1: '', weekday2: '', weekday3: '', weekday4: '', weekday5: '' });
	expect(none.statusCode).toBe(422);
	expect(none.body).toContain('хотя бы один рабочий день');
	expect((await week({ companyFrom: '18:00', companyUntil: '09:00' })).statusCode).toBe(422);
	expect((await anna.json('/admin/workdays/week/edit', { version: 1 })).statusCode).toBe(403);
	expect(await ledgerOf(database)).toEqual(before);
});
