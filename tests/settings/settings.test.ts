import { beforeAll, beforeEach, expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';

const database = await testDatabase();
const { pool } = database;
const served = await testApp(database);
let cast: Cast;
let anna: Browser;

const CHOICES = {
	...{ language: 'ru', timeZone: 'Europe/Moscow', workFrom: '09:00', workUntil: '18:00' },
	...{ remindMinutes: '15', mailReminders: '1', mailDigest: '1' },
};
const stored = async () =>
	(
		await pool.query(
			`select language, time_zone, work_from, work_until, remind_minutes, mail_reminders, mail_digest, version
			from people where login = 'anna'`,
		)
	).rows[0];

beforeAll(async () => {
	cast = await makeCast(database.db);
	anna = await signIn(served, 'anna');
});

beforeEach(async () => {
	await pool.query(`
		update people set language = 'ru', time_zone = 'Europe/Moscow', work_from = 540, work_until = 1080,
			remind_minutes = 15, mail_reminders = true, mail_digest = true, version = 7, email = null`);
});

test('the form shows what is stored and stores what it shows', async () => {
	await pool.query(
		`update people set mail_digest = false, remind_minutes = null, work_until = 1440 where login = 'anna'`,
	);
	const page = read((await anna.get('/settings')).body);
	const form = page.byTag('form', page.byId('settings-own') ?? undefined)[0];
	if (form === undefined) throw new Error('no form');
	const ticked = page
		.byTag('input', form)
		.filter((box) => attribute(box, 'checked') !== null)
		.map((box) => attribute(box, 'name'));
	expect(ticked).toEqual(['mailReminders']);
	expect(fieldsOf(page, form)).toMatchObject({
		...{ version: '7', language: 'ru', timeZone: 'Europe/Moscow' },
		...{ workFrom: '09:00', workUntil: '23:59', remindMinutes: '' },
	});
	const { version, mailReminders, ...rest } = fieldsOf(page, form);
	const { mailDigest, ...sent } = { ...rest, version, mailReminders, mailDigest: undefined };
	expect(mailDigest).toBeUndefined();
	const answer = await anna.post('/settings', { ...sent, workUntil: '20:00' });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/settings']);
	expect(await stored()).toMatchObject({
		...{ work_from: 540, work_until: 1200, remind_minutes: null, version: 8 },
		...{ mail_reminders: true, mail_digest: false },
	});
});

test('boxes that were taken off are off; the event says what changed; nothing changed writes nothing', async () => {
	const { mailReminders, mailDigest, ...off } = CHOICES;
	expect([mailReminders, mailDigest]).toEqual(['1', '1']);
	expect((await anna.json('/settings', { ...off, version: 7 })).json()).toEqual({ version: 8 });
	expect(await stored()).toMatchObject({ mail_reminders: false, mail_digest: false });
	const { rows } = await pool.query(
		`select data from events where type = 'settings.saved' order by id desc`,
	);
	expect(rows[0]?.data).toEqual({ changes: { mailReminders: [1, 0], mailDigest: [1, 0] } });
	expect((await anna.json('/settings', { ...off, version: 8 })).json()).toEqual({ version: 8 });
});

test('the next page is in the language and the zone that were chosen', async () => {
	const answer = await anna.post('/settings', {
		...{ ...CHOICES, version: 7, language: 'en', timeZone: 'Asia/Vladivostok' },
	});
	expect(answer.statusCode).toBe(303);
	const { body } = await anna.get('/settings');
	expect(body).toContain('<html lang="en">');
	expect(body).toContain('GMT+10');
});

test('what cannot be is refused field by field and nothing that was typed is lost', async () => {
	const wrong = { ...CHOICES, version: 7, workFrom: '18:30', workUntil: '09:00' };
	const answer = await anna.post('/settings', { ...wrong, mailDigest: undefined });
	expect(answer.statusCode).toBe(422);
	const page = read(answer.body);
	expect(answer.body).toContain('Конец работы должен быть позже начала');
	expect(attribute(page.byId('f-workFrom') as never, 'value')).toBe('18:30');
	const ticked = page.byTag('input').filter((box) => attribute(box, 'checked') !== null);
	expect(ticked.map((box) => attribute(box, 'name'))).toEqual(['mailReminders']);
	for (const more of [
		{ timeZone: 'Mars/Olympus' },
		{ language: 'fr' },
		{ workFrom: '25:00' },
		{ remindMinutes: '7' },
	])
		expect((await anna.json('/settings', { ...CHOICES, version: 7, ...more })).statusCode).toBe(
			422,
		);
	expect((await anna.json('/settings', { ...CHOICES, version: 7, role: 'head' })).statusCode).toBe(
		400,
	);
	expect(
		(await anna.json('/settings', { ...CHOICES, version: 7, email: 'x@y.ru' })).statusCode,
	).toBe(400);
	expect((await stored()).version).toBe(7);
});

test('a form without a version is refused, a stale one shows both values', async () => {
	expect((await anna.json('/settings', CHOICES)).statusCode).toBe(428);
	const stale = await anna.post('/settings', { ...CHOICES, version: 6, workFrom: '08:00' });
	expect(stale.statusCode).toBe(409);
	const page = read(stale.body);
	expect(attribute(page.byId('f-workFrom') as never, 'value')).toBe('08:00');
	expect(page.byId('c-workFrom')).not.toBeNull();
	expect((await anna.json('/settings', { ...CHOICES, version: 8 })).statusCode).toBe(409);
	expect((await stored()).version).toBe(7);
});

test('reminders of days follow the working hours', async () => {
	await pool.query(
		`update interactions set remind_minutes = 30, remind_at = '2026-12-01T05:30:00Z' where id = $1`,
		[cast.steps.later],
	);
	await anna.json('/settings', { ...CHOICES, version: 7, workFrom: '10:00' });
	const { rows } = await pool.query('select remind_at from interactions where id = $1', [
		cast.steps.later,
	]);
	expect(rows).toEqual([{ remind_at: new Date('2026-12-01T06:30:00Z') }]);
});

test('who has no address is told so', async () => {
	expect((await anna.get('/settings')).body).toContain('адреса почты у вас нет');
	await pool.query(`update people set email = '<b>anna</b>@shop.example' where login = 'anna'`);
	const { body } = await anna.get('/settings');
	expect(body).toContain('&lt;b&gt;anna&lt;/b&gt;@shop.example');
	expect(
		read(body)
			.byTag('b')
			.filter((one) => one.childNodes.length === 1 && attribute(one, 'class') === 'x'),
	).toEqual([]);
});

test('each time zone is called by its offset and its city, no two alike', async () => {
	const anna = await signIn(served, 'anna');
	for (const language of ['ru', 'en']) {
		await database.pool.query(`update people set language = $1 where login = 'anna'`, [language]);
		const page = read((await anna.get('/settings')).body);
		const select = page.byId('f-timeZone') as never;
		const names = page.byTag('option', select).map((option) => textOf(option));
		expect(new Set(names).size).toBe(names.length);
		expect(names).toContain(language === 'ru' ? 'GMT+3 · Москва' : 'GMT+3 · Moscow');
	}
	await database.pool.query(`update people set language = 'ru' where login = 'anna'`);
});

test('any zone of the world can be chosen', async () => {
	for (const timeZone of ['Europe/Berlin', 'Pacific/Honolulu']) {
		const { rows } = await pool.query(`select version from people where login = 'anna'`);
		const saved = await anna.post('/settings', { ...CHOICES, version: rows[0].version, timeZone });
		expect(saved.statusCode, timeZone).toBe(303);
	}
});

test('with another zone the day ends elsewhere: another step of a deal and of a client is the nearest', async () => {
	await pool.query(`update people set time_zone = 'Europe/Moscow' where login = 'anna'`);
	const { people, kinds } = cast;
	const acting = by(people.anna);
	const made = await makeDeal(database.db, cast, 'anna', {
		...{ client: { name: 'Две зоны', inn: null }, plan: { plannedOn: '2026-12-05' } },
	});
	const late = await planInteraction(database.db, acting, made.id, {
		...{ kindId: kinds[0]?.id as number, summary: 'Перед сном' },
		plan: { plannedAt: new Date('2026-12-05T20:30:00Z') },
	});
	const nearest = async () =>
		(
			await pool.query(
				`select d.next_interaction_id as deal, s.next_interaction_id as client from deals d
				join client_summaries s on s.client_id = d.client_id where d.id = $1`,
				[made.id],
			)
		).rows[0];
	expect(await nearest()).toEqual({ deal: late, client: late });
	const { rows } = await pool.query(`select version from people where login = 'anna'`);
	const there = { ...CHOICES, version: rows[0].version, timeZone: 'Asia/Kamchatka' };
	expect((await anna.post('/settings', there)).statusCode).toBe(303);
	expect(await nearest()).toEqual({ deal: made.stepId, client: made.stepId });
});
