import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { readConfig } from '#src/config.ts';
import { type AccountView, findAccount } from '#src/features/calendar/sync/account-view.ts';
import { connectCalendar, syncPerson } from '#src/features/calendar/sync/accounts.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { by, makeCast } from '../cast.ts';
import type { TestDatabase } from '../database.ts';
import { startHostile } from './hostile-server.ts';

const KEY = randomBytes(24).toString('hex');

/** Anna here, and her calendar on a server that goes wrong as it is told to. */
export async function openHostileSides(database: TestDatabase) {
	const { db, pool } = database;
	const server = await startHostile();
	const cast = await makeCast(db);
	let clock = new Date();
	const config = readConfig({
		...{ CALDAV_URL: server.url, SECRET_KEY: KEY, PUBLIC_URL: 'https://sales.example' },
	});
	const me = () => cast.people.anna.id;
	const act = () => by(cast.people.anna, clock);
	const setting = () => ({
		...{ connection: database, config, now: () => clock },
		signal: new AbortController().signal,
	});
	const connect = async () =>
		await connectCalendar(db, act(), config, { login: 'anna@example.ru', password: 'пароль' });
	const plan = async (summary: string, at = '2027-03-10T09:00:00Z') =>
		await planInteraction(db, act(), cast.deals.late, {
			...{ kindId: cast.kinds[1]?.id as number, summary, lengthMinutes: 60 },
			plan: { plannedAt: new Date(at) },
		});
	return {
		...{ server, cast, me, act, setting, connect, plan },
		stop: async () => await server.stop(),
		later: () => {
			clock = new Date(clock.getTime() + 60_000);
		},
		round: async () => await syncPerson(setting(), me()),
		view: async () => (await findAccount(db, me(), clock)) as AccountView,
		row: async (id: number) =>
			(await pool.query('select * from interactions where id = $1', [id])).rows[0],
		planMany: async (many: number) => {
			const ids: number[] = [];
			for (let n = 0; n < many; n += 1)
				ids.push(await plan(`Шаг ${n}`, `2027-04-${(n % 20) + 10}T09:00:00Z`));
			return ids;
		},
		/** The one event there that says this: its address and its text. */
		only: (words: string) => {
			const found = [...server.events].filter(([, text]) =>
				text.replace(/\r\n[ \t]/g, '').includes(words),
			);
			expect(found).toHaveLength(1);
			return found[0] as [string, string];
		},
		there: (name: string, text: string) => server.events.set(`${server.OURS}${name}.ics`, text),
		/** Nothing planned here, nothing there, connected. */
		begin: async () => {
			clock = new Date('2026-12-01T06:00:00Z');
			server.answerAs('fine');
			for (const all of [server.events, server.hidden, server.refusing]) all.clear();
			await pool.query('delete from calendar_accounts');
			await pool.query(`update interactions set summary = 'Прежнее', calendar_uid = null,
				status = case when status = 'planned' then 'cancelled' else status end`);
			await connect();
			server.asked.length = 0;
		},
	};
}

/** An event as a phone writes it. */
export const event = (uid: string, ...lines: string[]) =>
	[
		...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//phone//RU', 'BEGIN:VEVENT', `UID:${uid}`],
		...['DTSTAMP:20261124T090000Z', ...lines, 'END:VEVENT', 'END:VCALENDAR', ''],
	].join('\r\n');
