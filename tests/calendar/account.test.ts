import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
	connectCalendar,
	disconnectCalendar,
	dueAccounts,
	syncPerson,
} from '#src/features/calendar/accounts.ts';
import { testDatabase } from '../database.ts';
import { type BothSides, openBothSides, PASSWORD } from './both-sides.ts';
import { noRadicale } from './radicale.ts';

const database = await testDatabase();

describe.skipIf(noRadicale)('a person’s account on the company’s server', () => {
	let sides: BothSides;
	beforeAll(async () => {
		sides = await openBothSides(database);
	});
	afterAll(async () => await sides?.stop());
	beforeEach(async () => {
		await sides.sync();
		await sides.sync();
	});

	test('who is due: whose steps changed, and whose round is five minutes old', async () => {
		const anna = sides.cast.people.anna.id;
		const soon = () => new Date(Date.now() + 1_000);
		expect(await dueAccounts(database.db, soon())).toEqual([]);
		await sides.plan('Новое');
		expect(await dueAccounts(database.db, soon())).toEqual([anna]);
		await sides.sync();
		expect(await dueAccounts(database.db, soon())).toEqual([]);
		expect(await dueAccounts(database.db, new Date(Date.now() + 301_000))).toEqual([anna]);
	});

	test('the password is nowhere in the clear; a wrong one is refused and changes nothing', async () => {
		const { rows } = await database.pool.query('select * from calendar_accounts');
		expect(JSON.stringify(rows)).not.toContain(PASSWORD);
		const wrong = connectCalendar(database.db, sides.act(), sides.config, {
			login: 'anna',
			password: 'нет',
		});
		await expect(wrong).rejects.toMatchObject({
			fields: { password: { key: 'calendar.refused' } },
		});
		expect((await sides.view()).state).toBe('ok');
	});

	test('a password that the server refuses later stops the rounds and is told; a dead server is tried again', async () => {
		const other = { ...sides.config, SECRET_KEY: 'совсем другой ключ' };
		expect(
			await syncPerson({ ...sides.setting(), config: other }, sides.cast.people.anna.id),
		).toBeNull();
		expect((await sides.view()).state).toBe('refused');
		expect(await dueAccounts(database.db, new Date(Date.now() + 3_600_000))).toEqual([]);
		await connectCalendar(database.db, sides.act(), sides.config, {
			login: 'anna',
			password: PASSWORD,
		});
		const dead = { ...sides.config, CALDAV_URL: 'http://127.0.0.1:9/' };
		await database.pool.query('update calendar_accounts set calendar_url = $1', [
			'http://127.0.0.1:9/x/',
		]);
		expect(
			await syncPerson({ ...sides.setting(), config: dead }, sides.cast.people.anna.id),
		).toBeNull();
		expect(await sides.view()).toMatchObject({ state: 'failing', answered: null });
		await connectCalendar(database.db, sides.act(), sides.config, {
			login: 'anna',
			password: PASSWORD,
		});
	});

	test('disconnecting leaves both sides as they are', async () => {
		const id = await sides.plan('Останется');
		await sides.sync();
		await disconnectCalendar(database.db, sides.act());
		expect(await syncPerson(sides.setting(), sides.cast.people.anna.id)).toBeNull();
		expect((await sides.row(id)).status).toBe('planned');
		expect((await sides.eventOf('Останется')).text).toContain('Останется');
		await connectCalendar(database.db, sides.act(), sides.config, {
			login: 'anna',
			password: PASSWORD,
		});
		await sides.sync();
		expect(await sides.version(id)).toBe(1);
		expect(
			[...(await sides.events()).keys()].filter((title) => title.includes('Останется')),
		).toHaveLength(1);
	});
});
