import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { createDeal } from '#src/features/deals/actions.ts';
import { testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { cookieOf, openStream, serve } from './reader.ts';

const database = await testDatabase();
const { db, pool } = database;
const { app } = await testApp(database);
const origin = await serve(app);

let cast: Cast;
beforeAll(async () => {
	cast = await makeCast(db);
});

test('a deal that comes between the header of a board and its cards is told to the page that was so drawn', async () => {
	const cookie = await cookieOf(database, 'ada');
	const stage = cast.open[0].id;
	const asked = async () => await (await fetch(`${origin}/board`, { headers: { cookie } })).text();
	const drawn = (html: string) => {
		const page = read(html);
		const column = page.byId(`stage-${stage}`) as never;
		const [told] = page.byClass('totals', column).map(textOf);
		const ids = page.byClass('card', column).map((card) => attribute(card, 'id'));
		const [body] = page.byTag('body');
		const since = attribute(body as never, 'data-drawn') as string;
		return { told: Number.parseInt(told as string, 10), ids, since };
	};
	// An instance that nobody listens to hears nothing and says «look again»; here somebody does.
	const listening = await openStream(origin, await cookieOf(database, 'vera'));
	onTestFinished(() => listening.close());
	await expect.poll(() => listening.messages.length).toBeGreaterThan(0);
	const before = drawn(await asked());
	expect(before.told).toBe(before.ids.length);

	// Only the cards tell of a step's kind: they wait, the header does not.
	const holder = await pool.connect();
	let answer: Promise<string>;
	let made: number;
	try {
		await holder.query('begin; lock table interaction_kinds in access exclusive mode');
		const from = (await pool.query('select clock_timestamp() as at')).rows[0].at as Date;
		answer = asked();
		await expect
			.poll(async () => {
				// On a connection of its own: a transaction sees others' statements as they were when it first looked.
				const { rows } = await pool.query(
					`select count(*) filter (where wait_event_type = 'Lock')::int as waiting,
						count(*) filter (where state = 'idle' and query_start >= $1 and query like $2)::int as counted
					from pg_stat_activity where datname = current_database()`,
					[from, '%select t.stage_id as "stageId"%'],
				);
				return rows[0];
			})
			.toEqual({ waiting: 1, counted: 1 });
		made = await createDeal(db, by(cast.people.anna), {
			...{ stageId: stage, title: 'Между чтениями', amount: null, clientId: null },
		});
	} finally {
		await holder.query('rollback');
		holder.release();
	}
	const torn = drawn(await answer);
	expect(torn.told).toBe(before.told);
	expect(torn.ids).toContain(`deal-${made}`);

	const stream = await openStream(origin, cookie, torn.since);
	try {
		await expect.poll(() => stream.changes().flatMap(({ deals }) => deals)).toContain(made);
		expect(stream.missed()).toBe(0);
	} finally {
		stream.close();
	}
	const after = drawn(await asked());
	expect([after.told, after.ids.length]).toEqual([before.told + 1, before.ids.length + 1]);
});
