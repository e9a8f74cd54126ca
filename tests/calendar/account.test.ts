import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
	connectCalendar,
	disconnectCalendar,
	dueAccounts,
	syncPerson,
} from '#src/features/calendar/sync/accounts.ts';
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

	const roundsWere = async (ago: string) =>
		await database.pool.query('update calendar_accounts set tried_at = tried_at - $1::interval', [
			ago,
		]);

	test('who is due: whose steps changed, and whose round is five minutes old', async () => {
		const anna = sides.cast.people.anna.id;
		expect(await dueAccounts(database.db)).toEqual([]);
		await sides.plan('Новое');
		expect(await dueAccounts(database.db)).toEqual([anna]);
		await sides.sync();
		expect(await dueAccounts(database.db)).toEqual([]);
		await roundsWere('301 seconds');
		expect(await dueAccounts(database.db)).toEqual([anna]);
	});

	test('what changes after a round is seen, though the round’s instance is an hour ahead of the database', async () => {
		const anna = sides.cast.people.anna.id;
		const ahead = () => new Date(Date.now() + 3_600_000);
		await syncPerson({ ...sides.setting(), now: ahead }, anna);
		expect(await dueAccounts(database.db)).toEqual([]);
		await sides.plan('После обхода');
		expect(await dueAccounts(database.db)).toEqual([anna]);
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
		await roundsWere('1 hour');
		expect(await dueAccounts(database.db)).toEqual([]);
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
