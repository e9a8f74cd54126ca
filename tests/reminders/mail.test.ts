import { beforeAll, beforeEach, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { mailDigests, mailReminders } from '#src/features/interactions/reminders/letters.ts';
import { deliverMail } from '#src/features/mail/delivery.ts';
import { type Cast, makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
const { db, pool } = database;
let cast: Cast;

const minutes = (n: number) => new Date(NOW.getTime() + n * 60_000);
const mails = async () =>
	(
		await pool.query<{ id: number; name: string; subject: string; kind: string }>(
			'select id, name, subject, kind from mails order by id',
		)
	).rows;
const subjects = async () => (await mails()).map(({ subject }) => subject);
const textOf = async (id: number | undefined, now = NOW): Promise<string> => {
	const config = readConfig({ PUBLIC_URL: 'https://crm.shop.example' });
	await deliverMail({ db, config, now: () => now }, id ?? 0);
	return (await pool.query('select text from mails where id = $1', [id])).rows[0]?.text;
};
const remind = async (step: number, at: Date) => {
	await pool.query('update interactions set remind_at = $2 where id = $1', [step, at]);
};

beforeAll(async () => {
	cast = await makeCast(db);
	await pool.query(`update people set email = login || '@shop.example'`);
});

beforeEach(async () => {
	await pool.query('delete from mails');
	await pool.query(`
		update interactions set remind_at = null, reminded_at = null, mailed_for = null, status = 'planned', completed_at = null`);
	await pool.query(`
		update people set mail_reminders = true, mail_digest = true, digested_on = null, work_from = 540,
			time_zone = 'Europe/Moscow'`);
});

test('a reminder whose time has come is mailed once, whoever looks and however often', async () => {
	await remind(cast.steps.late, minutes(0));
	await remind(cast.steps.boris, minutes(-3));
	await remind(cast.steps.later, minutes(1));
	await Promise.all([1, 2, 3].map(() => mailReminders(db, NOW)));
	await mailReminders(db, minutes(0.5));
	expect((await subjects()).sort()).toEqual([
		'Звонок: Позвонить – завтра, 11:00',
		'Звонок: Позвонить – пт, 20 ноя, 11:00',
	]);
	await mailReminders(db, minutes(1));
	expect(await mails()).toHaveLength(3);
});

test('what is done, given up, put away or put off is not mailed; a new time is', async () => {
	const { late, today, later, anna } = cast.steps;
	expect(late).toBe(anna);
	for (const step of [late, today, later]) await remind(step, minutes(-1));
	await pool.query(`update interactions set status = 'cancelled' where id = $1`, [late]);
	await pool.query('update interactions set reminded_at = now() where id = $1', [today]);
	await remind(later, minutes(30));
	await mailReminders(db, NOW);
	expect(await mails()).toEqual([]);
	await mailReminders(db, minutes(30));
	await remind(later, minutes(40));
	await mailReminders(db, minutes(45));
	expect(await mails()).toHaveLength(2);
});

test('who does not want reminders by mail, or was away for a day, gets none; nor later for the old ones', async () => {
	await pool.query(`update people set mail_reminders = false where login = 'anna'`);
	await remind(cast.steps.late, minutes(-1));
	await remind(cast.steps.boris, minutes(-60 * 25));
	await mailReminders(db, NOW);
	expect(await mails()).toEqual([]);
	await pool.query(`update people set mail_reminders = true where login = 'anna'`);
	await mailReminders(db, NOW);
	expect(await mails()).toEqual([]);
});

test('the letter says what, when, with whom, by which phone, and where to switch it off', async () => {
	await remind(cast.steps.late, minutes(0));
	await pool.query(`update interactions set description = 'Спросить про <оплату>' where id = $1`, [
		cast.steps.late,
	]);
	await mailReminders(db, NOW);
	const text = await textOf((await mails())[0]?.id);
	for (const words of [
		'пт, 20 ноя, 11:00 – Звонок: Позвонить',
		'ООО «Ромашка»',
		'Пароконвектомат для столовой',
		'+7 495 123-45-67',
		'> Спросить про <оплату>',
		`https://crm.shop.example/deals/${cast.deals.late}`,
		'https://crm.shop.example/settings',
	])
		expect(text).toContain(words);
});

test('hundreds that come due at once are all mailed', async () => {
	await pool.query(
		`insert into interactions (deal_id, kind_id, summary, planned_at, owner_id, remind_at, external_ref)
		select $1, 1, 'Дело ' || n, $3, $2, $3, 'many-' || n from generate_series(1, 210) n`,
		[cast.deals.anna, cast.people.anna.id, NOW],
	);
	await mailReminders(db, NOW);
	expect(await mails()).toHaveLength(210);
	await pool.query(`delete from interactions where external_ref like 'many-%'`);
});

/** Moments of Tuesday, 24 November, in Moscow. */
const at = (clock: string) => new Date(`2026-11-24T${clock}:00+03:00`);

test('the digest comes half an hour before work, once a day, to whom there is something to do', async () => {
	await mailDigests(db, at('08:29'));
	expect(await mails()).toEqual([]);
	await Promise.all([1, 2, 3].map(() => mailDigests(db, at('08:30'))));
	await mailDigests(db, at('08:45'));
	const found = await mails();
	expect(found.map(({ name, subject }) => [name, subject])).toEqual([
		['Анна Соколова', 'На сегодня 1 дело, просрочено: 1'],
	]);
	const text = await textOf(found[0]?.id, at('08:30'));
	expect(text).toMatch(
		/ПРОСРОЧЕНО · 1[\s\S]*пт, 20 ноя, 11:00[\s\S]*СЕГОДНЯ · 1[\s\S]*сегодня, 15:00/,
	);
	expect(text).toContain('https://crm.shop.example/agenda');
	await mailDigests(db, new Date(at('08:30').getTime() + 24 * 3_600_000));
	expect(await mails()).toHaveLength(6);
});

test('a program that was off at eight makes it good by noon, and no later', async () => {
	await mailDigests(db, at('12:01'));
	expect(await mails()).toEqual([]);
	await mailDigests(db, at('12:00'));
	expect(await mails()).toHaveLength(1);
});

test('the morning is where the person is, by their hours, on working days', async () => {
	await pool.query(
		`update people set time_zone = 'Asia/Vladivostok', work_from = 600 where login = 'anna'`,
	);
	await mailDigests(db, new Date('2026-11-23T23:29:00Z'));
	expect(await mails()).toEqual([]);
	await mailDigests(db, new Date('2026-11-23T23:30:00Z'));
	expect(await subjects()).toEqual(['На сегодня 1 дело, просрочено: 1']);
	const saturday = new Date('2026-11-28T06:00:00Z');
	await mailDigests(db, saturday);
	expect(await mails()).toHaveLength(1);
	await pool.query(`update people set mail_digest = false`);
	await mailDigests(db, new Date('2026-11-30T06:00:00Z'));
	expect(await mails()).toHaveLength(1);
});

test('the digest keeps the company’s calendar: none on a holiday, one on a day that is worked instead', async () => {
	await pool.query(`update people set mail_digest = true, digested_on = null where login = 'anna'`);
	await pool.query(`insert into holidays (day, name, working) values
		('2026-11-24', 'День компании', false), ('2026-11-28', 'Вместо вторника', true)`);
	const before = (await mails()).length;
	await mailDigests(db, at('08:30'));
	expect(await mails()).toHaveLength(before);
	await mailDigests(db, new Date('2026-11-28T05:30:00Z'));
	expect((await mails()).length).toBeGreaterThan(before);
	await pool.query('delete from holidays');
});

test('a long list is cut, its numbers are not; plans for days are overdue when the day is over', async () => {
	await pool.query(
		`insert into interactions (deal_id, kind_id, summary, planned_on, owner_id, external_ref)
		select $1::bigint, 1, 'Старое ' || n, date '2026-11-23' - n % 7, $2::bigint, 'old-' || n from generate_series(1, 61) n
		union all select $1, 1, 'На сегодня ' || n, date '2026-11-24', $2, 'now-' || n from generate_series(1, 2) n`,
		[cast.deals.boris, cast.people.boris.id],
	);
	await mailDigests(db, at('08:30'));
	const found = (await mails()).find(({ name }) => name === 'Борис Лунин');
	expect(found?.subject).toBe('На сегодня 2 дела, просрочено: 61');
	const text = await textOf(found?.id, at('08:30'));
	expect(text.match(/Звонок: Старое/g)).toHaveLength(40);
	expect(text).toContain('И ещё 21 дело.');
	expect(text.indexOf('вт, 17 ноя')).toBeLessThan(text.indexOf('пт, 20 ноя'));
	await pool.query(`delete from interactions where external_ref ~ '^(old|now)-'`);
});
