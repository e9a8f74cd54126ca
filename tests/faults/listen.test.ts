import { expect, onTestFinished, test } from 'vitest';
import { noteDeal } from '#src/features/deals/notes/notes.ts';
import { testApp } from '../app.ts';
import { by, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { cookieOf, openStream, type Reader, serve } from '../live/reader.ts';
import { LONG, tell } from './figures.ts';

const ROUNDS = LONG ? 100 : 10;

const database = await testDatabase();
const { db, pool } = database;
const { app } = await testApp(database);

const notes = async () =>
	(await pool.query(`select count(*) as n from events where type = 'deal.noted'`)).rows[0]
		.n as number;
const cutListeners = async () =>
	await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'moi-prodazhi-live' and datname = current_database()`);

/** Looks at the database whenever the stream says so, and waits until that has shown the newest. */
async function seesAll(reader: Reader): Promise<void> {
	let [looked, told] = [-1, 0];
	const newest = await notes();
	await expect
		.poll(
			async () => {
				const now = reader.changes().length + reader.missed();
				if (now > told) {
					told = now;
					looked = await notes();
				}
				return looked;
			},
			{ timeout: 120_000 },
		)
		.toBe(newest);
}

test('the connection that listens is cut again and again while changes happen, and no change is missed', {
	timeout: 600_000,
}, async () => {
	const cast = await makeCast(db);
	const note = async (text: string) =>
		await noteDeal(db, by(cast.people.anna), cast.deals.anna, text);
	const reader = await openStream(await serve(app), await cookieOf(database, 'anna'));
	onTestFinished(reader.close);
	await expect.poll(() => reader.messages.length).toBeGreaterThan(0);
	let cuts = 0;
	for (let round = 0; round < ROUNDS; round += 1) {
		await expect.poll(() => app.live.listener()?.state).toBe('listening');
		reader.messages.splice(0);
		const [cut] = await Promise.all([cutListeners(), note('во время'), note('и ещё')]);
		cuts += cut.rowCount ?? 0;
		await note('сразу после');
		await seesAll(reader);
	}
	// Else nobody was cut, and it would prove nothing.
	expect(cuts).toBeGreaterThanOrEqual(ROUNDS);
	const changes = ROUNDS * 3;
	tell('the connection that listens is cut', { rounds: ROUNDS, cuts, changes, missed: 0 });
});
