import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { readConfig } from '#src/config.ts';
import { type AccountView, findAccount } from '#src/features/calendar/sync/account-view.ts';
import { connectCalendar, syncPerson } from '#src/features/calendar/sync/accounts.ts';
import { openCalendar } from '#src/features/calendar/sync/caldav.ts';
import type { Report } from '#src/features/calendar/sync/round.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { by, makeCast } from '../cast.ts';
import type { TestDatabase } from '../database.ts';
import { startRadicale } from './radicale.ts';

export const PASSWORD = 'пароль приложения %:@/';

export type BothSides = Awaited<ReturnType<typeof openBothSides>>;

/** Anna here and her calendar on a real server, connected; what another program sees and does there. */
export async function openBothSides(database: TestDatabase) {
	const radicale = await startRadicale({ anna: PASSWORD, boris: 'иной' });
	const config = readConfig({
		CALDAV_URL: radicale.url,
		SECRET_KEY: randomBytes(24).toString('hex'),
	});
	const cast = await makeCast(database.db);
	await database.pool.query("update interactions set status = 'cancelled'");
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

	await connectCalendar(database.db, act(), config, { login: 'anna', password: PASSWORD });
	const elsewhere = await openCalendar(account(), null);
	const stop = async () => await radicale.stop();
	return {
		...{ config, cast, elsewhere, act, setting, sync, quiet, plan, row, version, events, eventOf },
		...{ change, view, stop },
	};
}
