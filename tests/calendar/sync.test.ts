import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Config, readConfig } from '#src/config.ts';
import {
	type AccountView,
	connectCalendar,
	disconnectCalendar,
	dueAccounts,
	findAccount,
	syncPerson,
} from '#src/features/calendar/accounts.ts';
import { openCalendar, type RemoteCalendar } from '#src/features/calendar/caldav.ts';
import type { Report } from '#src/features/calendar/sync.ts';
import {
	cancelInteraction,
	completeInteraction,
	planInteraction,
	postponeInteraction,
} from '#src/features/interactions/actions.ts';
import { deleteInteraction, editInteraction } from '#src/features/interactions/editing.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { noRadicale, type Radicale, startRadicale } from './radicale.ts';

const PASSWORD = 'пароль приложения %:@/';
const database = await testDatabase();

describe.skipIf(noRadicale)('a person’s calendar on the company’s server', () => {
	let radicale: Radicale;
	let config: Config;
	let cast: Cast;
	let elsewhere: RemoteCalendar;

	const act = () => by(cast.people.anna, new Date());
	const account = () => ({ server: radicale.url, login: 'anna', password: PASSWORD });
	const setting = () => ({
		...{ connection: database, config, now: () => new Date() },
		signal: new AbortController().signal,
	});
	const sync = async (): Promise<Report> => {
		const report = await syncPerson(setting(), cast.people.anna.id);
		if (report === null) throw new Error('no round');
		return report;
	};
	const quiet = { taken: 0, sent: 0, removed: 0, cancelled: 0, copied: 0, strangers: 0 };
	const plan = async (summary: string, at = '2027-03-10T09:00:00Z') =>
		await planInteraction(database.db, act(), cast.deals.late, {
			...{ kindId: cast.kinds[1]?.id as number, summary, lengthMinutes: 60 },
			plan: { plannedAt: new Date(at) },
		});
	const row = async (id: number) => {
		const { rows } = await database.pool.query('select * from interactions where id = $1', [id]);
		return rows[0];
	};
	const version = async (id: number) => (await row(id)).version as number;
	/** What another program sees: events by their titles. */
	const events = async () => {
		const read = await elsewhere.read([...(await elsewhere.list()).keys()]);
		const title = (text: string) =>
			/^SUMMARY:(.*)$/m.exec(text.replace(/\r\n[ \t]/g, '').replaceAll('\r', ''))?.[1] ?? '';
		return new Map(read.map((event) => [title(event.text), event]));
	};
	const eventOf = async (words: string) => {
		const found = [...(await events())].find(([title]) => title.includes(words))?.[1];
		if (found === undefined) throw new Error(`no event ${words}`);
		return found;
	};
	const change = async (words: string, from: RegExp, to: string) => {
		const event = await eventOf(words);
		expect(event.text).toMatch(from);
		expect(
			await elsewhere.update(event.href, event.etag, event.text.replace(from, to)),
		).not.toBeNull();
	};
	const view = async () =>
		(await findAccount(database.db, cast.people.anna.id, new Date())) as AccountView;

	beforeAll(async () => {
		radicale = await startRadicale({ anna: PASSWORD, boris: 'иной' });
		config = readConfig({ CALDAV_URL: radicale.url, SECRET_KEY: randomBytes(24).toString('hex') });
		cast = await makeCast(database.db);
		await database.pool.query("update interactions set status = 'cancelled'");
		await connectCalendar(database.db, act(), config, { login: 'anna', password: PASSWORD });
		elsewhere = await openCalendar(account(), null);
	});
	afterAll(async () => await radicale?.stop());
	beforeEach(async () => {
		await sync();
		await sync();
	});

	test('what is planned here arrives there; a second round has nothing to do', async () => {
		const id = await plan('Показ линии');
		expect(await sync()).toEqual({ ...quiet, sent: 1 });
		const event = await eventOf('Показ линии');
		expect(event.text).toContain('DTSTART:20270310T090000Z');
		expect(event.text).toContain(`UID:interaction-${id}@moi-prodazhi`);
		expect(await sync()).toEqual(quiet);
	});

	test('only calls and meetings go there, and only one’s own', async () => {
		await planInteraction(database.db, act(), cast.deals.late, {
			...{
				kindId: cast.kinds[4]?.id as number,
				summary: 'Задача',
				plan: { plannedOn: '2027-03-10' },
			},
		});
		await planInteraction(database.db, by(cast.people.boris), cast.deals.boris, {
			...{ kindId: cast.kinds[1]?.id as number, summary: 'Чужая' },
			plan: { plannedOn: '2027-03-10' },
		});
		expect(await sync()).toEqual(quiet);
	});

	test('a change here arrives there', async () => {
		const id = await plan('Перенесут здесь');
		await sync();
		await postponeInteraction(database.db, act(), id, 1, { plannedOn: '2027-03-12' });
		expect(await sync()).toEqual({ ...quiet, sent: 1 });
		expect((await eventOf('Перенесут здесь')).text).toContain('DTSTART;VALUE=DATE:20270312');
	});

	test('a change there arrives here: time, length, place and words, without our frame around them', async () => {
		const id = await plan('Перенесут там');
		await sync();
		await change('Перенесут там', /DTSTART:20270310T090000Z/, 'DTSTART:20270311T070000Z');
		await change(
			'Перенесут там',
			/DTEND:[^\r\n]+/,
			'DTEND:20270311T083000Z\r\nLOCATION:Переговорная',
		);
		await change('Перенесут там', /Перенесут там/, 'Перенесли там');
		expect(await sync()).toEqual({ ...quiet, taken: 1 });
		const found = await row(id);
		expect(found.planned_at.toISOString()).toBe('2027-03-11T07:00:00.000Z');
		expect([found.length_minutes, found.place, found.summary]).toEqual([
			90,
			'Переговорная',
			'Перенесли там',
		]);
		const { rows } = await database.pool.query(
			'select door from events where interaction_id = $1 order by id desc limit 1',
			[id],
		);
		expect(rows[0].door).toBe('calendar');
		expect(await sync()).toEqual(quiet);
	});

	test('deleting there cancels here; cancelling, deleting and giving away here removes there', async () => {
		const [deleted, cancelled, erased, given] = [
			...[await plan('Удалят там'), await plan('Отменят здесь')],
			...[await plan('Сотрут здесь'), await plan('Отдадут')],
		] as [number, number, number, number];
		await sync();
		const event = await eventOf('Удалят там');
		await elsewhere.remove(event.href, event.etag);
		await cancelInteraction(database.db, act(), cancelled, 1, null);
		await deleteInteraction(database.db, act(), erased, 1);
		await editInteraction(database.db, by(cast.people.vera), given, 1, {
			ownerId: cast.people.boris.id,
		});
		expect(await sync()).toEqual({ ...quiet, cancelled: 1, removed: 3 });
		expect(await row(deleted)).toMatchObject({
			status: 'cancelled',
			outcome: 'Удалено в календаре',
		});
		const titles = [...(await events()).keys()].join();
		expect(titles).not.toMatch(/Удалят|Отменят|Сотрут|Отдадут/);
		expect(await sync()).toEqual(quiet);
	});

	test('what was changed on both sides is kept on both, and the person is told', async () => {
		const id = await plan('Спорная');
		await sync();
		await change('Спорная', /DTSTART:20270310T090000Z/, 'DTSTART:20270310T140000Z');
		await change('Спорная', /DTEND:20270310T100000Z/, 'DTEND:20270310T150000Z');
		await postponeInteraction(database.db, act(), id, 1, {
			plannedAt: new Date('2027-03-10T11:00:00Z'),
		});
		expect(await sync()).toEqual({ ...quiet, copied: 1, sent: 2 });
		const { rows } = await database.pool.query(
			"select planned_at from interactions where summary = 'Спорная' and status = 'planned' order by planned_at",
		);
		expect(rows.map((one) => one.planned_at.toISOString())).toEqual([
			...['2027-03-10T11:00:00.000Z', '2027-03-10T14:00:00.000Z'],
		]);
		const there = [...(await elsewhere.read([...(await elsewhere.list()).keys()]))]
			.filter(({ text }) => text.includes('Спорная'))
			.map(({ text }) => /DTSTART:(\w+)/.exec(text)?.[1]);
		expect(there.sort()).toEqual(['20270310T110000Z', '20270310T140000Z']);
		expect((await view()).conflicts).toMatchObject([{ id, summary: 'Спорная' }]);
		expect(await sync()).toEqual(quiet);
	});

	test('what was given up here while it moved there stands as a step of its own', async () => {
		const id = await plan('Передумали');
		await sync();
		await change('Передумали', /DTSTART:20270310T090000Z/, 'DTSTART:20270310T093000Z');
		await cancelInteraction(database.db, act(), id, 1, null);
		expect(await sync()).toEqual({ ...quiet, copied: 1 });
		const { rows } = await database.pool.query(
			"select id, planned_at from interactions where status = 'planned' and summary like '%Передумали%'",
		);
		expect(rows).toHaveLength(1);
		expect(rows[0].planned_at.toISOString()).toBe('2027-03-10T09:30:00.000Z');
	});

	test('what moved here although it was deleted there is sent again', async () => {
		const id = await plan('Вернётся');
		await sync();
		const event = await eventOf('Вернётся');
		await elsewhere.remove(event.href, event.etag);
		await postponeInteraction(database.db, act(), id, 1, { plannedOn: '2027-03-15' });
		expect(await sync()).toEqual({ ...quiet, sent: 1 });
		expect((await eventOf('Вернётся')).text).toContain('20270315');
		expect((await row(id)).status).toBe('planned');
	});

	test('what is done here stays there, ticked; nobody moves it from there', async () => {
		const id = await plan('Сделают');
		await sync();
		await completeInteraction(database.db, act(), id, { version: 1, outcome: 'Да', next: null });
		await sync();
		expect((await eventOf('Сделают')).text).toContain('SUMMARY:✓');
		await change('Сделают', /DTSTART:20270310T090000Z/, 'DTSTART:20270401T090000Z');
		await sync();
		expect((await eventOf('Сделают')).text).toContain('DTSTART:20270310T090000Z');
		expect((await row(id)).planned_at.toISOString()).toBe('2027-03-10T09:00:00.000Z');
	});

	test('a new event with a client’s person becomes a meeting with that client; any other waits to be taken in', async () => {
		const text = (uid: string, line: string) =>
			`BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nDTSTAMP:20261124T120000Z\r\n` +
			`DTSTART;TZID=Europe/Moscow:20270320T120000\r\nSUMMARY:${uid}\r\n${line}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
		await elsewhere.create('a.ics', text('С Ольгой', 'ATTENDEE:mailto:olga@romashka.ru'));
		await elsewhere.create('b.ics', text('Стоматолог', 'LOCATION:<img src=x onerror=alert(1)>'));
		expect(await sync()).toEqual({ ...quiet, taken: 1, strangers: 1 });
		const { rows } = await database.pool.query(
			"select * from interactions where summary = 'С Ольгой'",
		);
		expect(rows).toHaveLength(1);
		expect(rows[0].planned_at.toISOString()).toBe('2027-03-20T09:00:00.000Z');
		expect(rows[0].deal_id).toBeNull();
		expect((await view()).strangers.map((one) => one.text).join()).toContain('Стоматолог');
		expect(await sync()).toEqual(quiet);
		const event = await eventOf('Стоматолог');
		await elsewhere.remove(event.href, event.etag);
		await sync();
		expect((await view()).strangers).toEqual([]);
	});

	test('a round that broke off after sending is ended without a double', async () => {
		const id = await plan('Один раз');
		await sync();
		await database.pool.query('delete from calendar_links where interaction_id = $1', [id]);
		await sync();
		await sync();
		expect([...(await events()).keys()].filter((title) => title.includes('Один раз'))).toHaveLength(
			1,
		);
		const { rows } = await database.pool.query(
			"select from interactions where summary = 'Один раз'",
		);
		expect(rows).toHaveLength(1);
	});

	test('a calendar that was deleted as a whole cancels nothing: it is made and filled anew', async () => {
		const id = await plan('Переживёт');
		await sync();
		const answer = await fetch(elsewhere.url, {
			method: 'DELETE',
			headers: { authorization: `Basic ${Buffer.from(`anna:${PASSWORD}`).toString('base64')}` },
		});
		expect(answer.ok).toBe(true);
		await syncPerson(setting(), cast.people.anna.id);
		await sync();
		expect((await row(id)).status).toBe('planned');
		expect((await eventOf('Переживёт')).text).toContain(`interaction-${id}@`);
	});

	test('who is due: whose steps changed, and whose round is five minutes old', async () => {
		const anna = cast.people.anna.id;
		const soon = () => new Date(Date.now() + 1_000);
		expect(await dueAccounts(database.db, soon())).toEqual([]);
		await plan('Новое');
		expect(await dueAccounts(database.db, soon())).toEqual([anna]);
		await sync();
		expect(await dueAccounts(database.db, soon())).toEqual([]);
		expect(await dueAccounts(database.db, new Date(Date.now() + 301_000))).toEqual([anna]);
	});

	test('the password is nowhere in the clear; a wrong one is refused and changes nothing', async () => {
		const { rows } = await database.pool.query('select * from calendar_accounts');
		expect(JSON.stringify(rows)).not.toContain(PASSWORD);
		const wrong = connectCalendar(database.db, act(), config, { login: 'anna', password: 'нет' });
		await expect(wrong).rejects.toMatchObject({
			fields: { password: { key: 'calendar.refused' } },
		});
		expect((await view()).state).toBe('ok');
	});

	test('a password that the server refuses later stops the rounds and is told; a dead server is tried again', async () => {
		const other = { ...config, SECRET_KEY: 'совсем другой ключ' };
		expect(await syncPerson({ ...setting(), config: other }, cast.people.anna.id)).toBeNull();
		expect((await view()).state).toBe('refused');
		expect(await dueAccounts(database.db, new Date(Date.now() + 3_600_000))).toEqual([]);
		await connectCalendar(database.db, act(), config, { login: 'anna', password: PASSWORD });
		const dead = { ...config, CALDAV_URL: 'http://127.0.0.1:9/' };
		await database.pool.query('update calendar_accounts set calendar_url = $1', [
			'http://127.0.0.1:9/x/',
		]);
		expect(await syncPerson({ ...setting(), config: dead }, cast.people.anna.id)).toBeNull();
		expect(await view()).toMatchObject({ state: 'failing', answered: null });
		await connectCalendar(database.db, act(), config, { login: 'anna', password: PASSWORD });
	});

	test('disconnecting leaves both sides as they are', async () => {
		const id = await plan('Останется');
		await sync();
		await disconnectCalendar(database.db, act());
		expect(await syncPerson(setting(), cast.people.anna.id)).toBeNull();
		expect((await row(id)).status).toBe('planned');
		expect((await eventOf('Останется')).text).toContain('Останется');
		await connectCalendar(database.db, act(), config, { login: 'anna', password: PASSWORD });
		await sync();
		expect(await version(id)).toBe(1);
		expect(
			[...(await events()).keys()].filter((title) => title.includes('Останется')),
		).toHaveLength(1);
	});
});
