import { beforeAll, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { createClient, editClient } from '#src/features/clients/actions.ts';
import { moveDeal } from '#src/features/deals/actions.ts';
import { noteDeal } from '#src/features/deals/notes/notes.ts';
import { examine } from '#src/features/doctor/checkup.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { tasks } from '#src/tasks.ts';
import { signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read, textOf } from '../html.ts';
import { placesOf } from './erasing.ts';

/* What is past its period goes in the night: values of events, letters, files of imports. */
const database = await testDatabase();
const { db, pool } = database;
const served = await testApp(database, { env: { KEEP_EVENTS_DAYS: '365', KEEP_MAILS_DAYS: '0' } });
let cast: Cast;

beforeAll(async () => {
	cast = await makeCast(db);
});

/** The task of a night with these settings; its own clock is a century off, and says nothing. */
async function night(name: string, env: Record<string, string> = {}) {
	const signal = new AbortController().signal;
	const now = () => new Date('2126-01-01T00:00:00Z');
	await tasks[name]?.({}, { connection: database, config: readConfig(env), signal, now });
}

/** All that happened so far happened so many days ago. */
async function ago(days: number) {
	await pool.query('alter table events disable trigger events_append_only');
	await pool.query(`update events set at = now() - make_interval(days => $1)`, [days]);
	await pool.query('alter table events enable trigger events_append_only');
}

const count = async (from: string) =>
	(await pool.query(`select count(*)::int as n from ${from}`)).rows[0].n as number;

test('values of events go after their days, what happened stays, and so does what a reopening needs', async () => {
	const anna = by(cast.people.anna);
	const client = await createClient(db, { ...anna, ip: '10.1.2.3' }, { name: 'Жаворонкова Нина' });
	await editClient(db, anna, client, 1, { note: 'паспорт 4500' });
	await editClient(db, anna, client, 2, { name: 'Нина', note: null });
	const deal = await makeDeal(db, cast, 'anna', { title: 'Стол', amount: '1000' });
	await noteDeal(db, anna, deal.id, 'Звонила Жаворонкова');
	const version = async () =>
		(await pool.query('select version from deals where id = $1', [deal.id])).rows[0].version;
	const win = {
		dealId: deal.id,
		stageId: cast.won.id,
		version: await version(),
		amount: '1500',
		closedOn: TODAY,
	};
	await moveDeal(db, anna, win);
	await ago(400);
	const changes = await count('stage_changes');
	await pool.query(
		`insert into events (type, at, door, data) select 'test.old', now() - interval '399 days', 'form', '{"note": "Жаворонкова"}'
		from generate_series(1, 2100)`,
	);
	await pool.query(
		`insert into events (type, at, door, ip, data) values
			('test.young', now() - interval '300 days', 'form', '10.1.2.4', '{"note": "Скворцов"}'),
			('client.erased', now() - interval '399 days', 'form', '10.1.2.5', '{"rows": 7}')`,
	);
	const events = await count('events');

	await night('events.expire');
	expect(await placesOf(database, 'Жаворонкова')).toContain('events.data');
	await night('events.expire', { KEEP_EVENTS_DAYS: '365' });
	expect(await placesOf(database, 'Жаворонкова')).not.toContain('events.data');
	expect(await placesOf(database, 'паспорт 4500')).toEqual([]);
	expect(await count('events')).toBe(events);
	expect(await count('stage_changes')).toBe(changes);
	expect(await count(`events where ip in ('10.1.2.3', '10.1.2.5')`)).toBe(0);
	expect(await count(`events where type = 'client.erased' and data = '{"rows": 7}'`)).toBe(1);
	expect(await count(`events where ip = '10.1.2.4' and data->>'note' = 'Скворцов'`)).toBe(1);
	const told = await pool.query(
		`select (data->>'from')::int as "from", (data->>'to')::int as "to", actor_id as who from events where type = 'deal.won' and deal_id = $1`,
		[deal.id],
	);
	expect(told.rows).toEqual([{ from: cast.open[0].id, to: cast.won.id, who: cast.people.anna.id }]);

	const back = { dealId: deal.id, stageId: cast.open[0].id, version: await version() };
	await moveDeal(db, anna, back);
	const { rows } = await pool.query('select amount from deals where id = $1', [deal.id]);
	expect(Number(rows[0].amount)).toBe(1000);
	const ada = await signIn(served, 'ada');
	for (const page of [`/deals/${deal.id}`, `/clients/${client}`, '/admin/audit'])
		expect((await ada.get(page)).statusCode, page).toBe(200);
});

test('what is done is not looked at again, and a shorter period goes on from there', async () => {
	const erased = () => count(`events where data ? 'erased'`);
	const before = await erased();
	await night('events.expire', { KEEP_EVENTS_DAYS: '365' });
	expect(await erased()).toBe(before);
	await night('events.expire', { KEEP_EVENTS_DAYS: '200' });
	expect(await erased()).toBe(before + 1);
});

test('the doctor tells the periods, and when the nights do not come', async () => {
	await pool.query(
		`insert into events (type, at, door, data) values ('test.late', now() - interval '150 days', 'form', '{"note": "поздно"}')`,
	);
	const keeping = async (env: Record<string, string>) => {
		const config = readConfig(env);
		const { url } = database;
		const patient = { config, connection: database, url, directUrl: url, env: {} };
		const found = (await examine(patient)).find(({ check }) => check === 'keeping');
		return [found?.state, found && translate('ru', found.said.key, found.said.args)];
	};
	expect(await keeping({})).toEqual([
		'good',
		expect.stringContaining('значения событий: бессрочно, письма: 90 дней, загрузки: 90 дней'),
	]);
	expect(await keeping({ KEEP_EVENTS_DAYS: '100' })).toEqual([
		'bad',
		expect.stringContaining('не стираются уже 50 дней'),
	]);
	await night('events.expire', { KEEP_EVENTS_DAYS: '100' });
	expect((await keeping({ KEEP_EVENTS_DAYS: '100' }))[0]).toBe('good');
});

test('letters and imports go after theirs, but for what is under way', async () => {
	await pool.query(
		`insert into mails (kind, address, name, language, time_zone, subject, content, status, created_at)
		select 'test', 'a@shop.example', 'Анна', 'ru', 'UTC', '', '[]', status, now() - make_interval(days => days)
		from unnest(array['kept', 'queued']) status, unnest(array[20, 40]) days, generate_series(1, 600)`,
	);
	await pool.query(
		`insert into imports (owner_id, feeds, file_name, kind, bytes, status, reading, headers, fingerprint, created_at, worker)
		select $1, 'clients', 'c.csv', 'csv', 1, 'failed', '{}', '[]', 'x', now() - make_interval(days => days), worker
		from unnest(array[20, 40]) days, unnest(array[null, 'w1']) worker, generate_series(1, 12)`,
		[cast.people.ada.id],
	);
	for (const days of ['0', '50']) {
		await night('mail.forget', { KEEP_MAILS_DAYS: days });
		await night('import.forget', { KEEP_IMPORTS_DAYS: days });
		expect([await count('mails'), await count('imports')]).toEqual([2400, 48]);
	}
	await night('mail.forget', { KEEP_MAILS_DAYS: '30' });
	await night('import.forget', { KEEP_IMPORTS_DAYS: '30' });
	expect(await count(`mails where status = 'kept'`)).toBe(600);
	expect(await count(`mails where status = 'queued'`)).toBe(1200);
	expect(await count('imports where worker is null')).toBe(12);
	expect(await count('imports where worker is not null')).toBe(24);
	await night('mail.forget', { KEEP_MAILS_DAYS: '10' });
	expect(await count(`mails where status = 'kept'`)).toBe(0);
});

test('the page of erasure says the periods and up to when it is done', async () => {
	const ada = await signIn(served, 'ada');
	const { body } = await ada.get('/admin/erasure');
	const rows = read(body)
		.byTag('tr')
		.map((row) => textOf(row).replace(/\s+/g, ' ').trim());
	expect(rows).toEqual([
		expect.stringMatching(/^Значения в журнале действий ?365 дней Стёрто всё, что было до /),
		expect.stringMatching(/^Отправленные письма ?бессрочно$/),
		expect.stringMatching(/^Загруженные файлы и их строки ?90 дней$/),
	]);
});

test('periods that cannot be are refused at the start', () => {
	const { KEEP_EVENTS_DAYS, KEEP_MAILS_DAYS, KEEP_IMPORTS_DAYS } = readConfig({});
	expect([KEEP_EVENTS_DAYS, KEEP_MAILS_DAYS, KEEP_IMPORTS_DAYS]).toEqual([0, 90, 90]);
	for (const [name, value] of [
		['KEEP_EVENTS_DAYS', '29'],
		['KEEP_EVENTS_DAYS', 'год'],
		['KEEP_MAILS_DAYS', '-1'],
		['KEEP_MAILS_DAYS', '1.5'],
		['KEEP_IMPORTS_DAYS', '36501'],
	] as const)
		expect(() => readConfig({ [name]: value }), value).toThrow(
			new RegExp(`^${name} должно быть числом дней от \\d+ до 36500 или 0`),
		);
	expect(readConfig({ KEEP_EVENTS_DAYS: '30' }).KEEP_EVENTS_DAYS).toBe(30);
});
