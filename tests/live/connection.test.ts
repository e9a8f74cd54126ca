import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
	endAnySession,
	endSession,
	sessionIdOf,
	signInByName,
} from '#src/features/access/sessions/actions.ts';
import { unlinkPerson } from '#src/features/access/sign-in/identities.ts';
import { noteDeal } from '#src/features/deals/notes/notes.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { stampAt } from '#src/platform/live/hub.ts';
import { testApp } from '../app.ts';
import { by, type Cast, DESK, makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { cookieOf, openStream, type Reader, serve } from './reader.ts';

const database = await testDatabase();
const { db, pool } = database;
const { app } = await testApp(database);
const origin = await serve(app);

let cast: Cast;
let cookie: string;
const open: Reader[] = [];

beforeAll(async () => {
	cast = await makeCast(db);
	cookie = await cookieOf(database, 'anna');
});
afterEach(() => {
	for (const reader of open.splice(0)) reader.close();
});

async function read(since?: string, who = cookie, at = origin): Promise<Reader> {
	const reader = await openStream(at, who, since);
	open.push(reader);
	await expect.poll(() => reader.messages.length).toBeGreaterThan(0);
	return reader;
}

const note = async (text: string) =>
	await noteDeal(db, by(cast.people.anna), cast.deals.anna, text);
describe('the connection that listens', () => {
	test('where it brings nothing, the newest events are asked for', async () => {
		const elsewhere = new URL(database.url);
		elsewhere.pathname = '/postgres';
		const env = { DATABASE_DIRECT_URL: elsewhere.toString() };
		const asking = await testApp(database, { env });
		const reader = await read('', cookie, await serve(asking.app));
		await expect.poll(() => asking.app.live.listener()?.state).toBe('asking');
		await expect.poll(() => reader.missed()).toBeGreaterThan(1);
		reader.messages.splice(0);
		await note('без LISTEN');
		await expect
			.poll(() => reader.changes())
			.toContainEqual(expect.objectContaining({ deals: [cast.deals.anna] }));
	});
});

describe('who comes late', () => {
	test('is told what changed since their page was drawn, and nothing else', async () => {
		await read();
		const before = stampAt(Date.now());
		await note('между страницей и потоком');
		const told = await read(before);
		await expect
			.poll(() => told.changes().flatMap(({ deals }) => deals))
			.toEqual([cast.deals.anna]);
		expect(told.missed()).toBe(0);
		const after = await read(stampAt(Date.now() + 1));
		expect(after.messages[0]).toEqual({ at: expect.any(String) });
		const gleb = await read(before, await cookieOf(database, 'gleb'));
		expect(gleb.messages[0]).toEqual({ at: expect.any(String) });
	});

	test('looks at everything again where nobody knows any more, or the stamp is none', async () => {
		for (const since of ['', 'x', 'x.y', `${stampAt(0)}`, `deadbeef.${Date.now()}`, '.', '1e9']) {
			const [first] = (await read(since)).messages;
			expect(first?.missed, since).toBe(true);
		}
	});

	test('without a stream asks for the same', async () => {
		const before = stampAt(Date.now());
		await note('для вопроса');
		const ask = async () =>
			(await fetch(`${origin}/live?since=${before}`, {
				headers: { cookie, accept: 'application/json' },
			}).then((answer) => answer.json())) as { changes?: { deals?: number[] }[] };
		await expect.poll(async () => (await ask()).changes?.[0]?.deals).toEqual([cast.deals.anna]);
	});
});

describe('streams', () => {
	test('a burst is told in two messages, with everything in them', async () => {
		const reader = await read();
		const made = Array.from({ length: 100 }, (_, n) => n + 1000);
		for (const id of made) app.live.hub.heard({ deals: [[id, [cast.people.anna.id], []]] });
		await expect
			.poll(() => new Set(reader.changes().flatMap(({ deals }) => deals)))
			.toEqual(new Set(made));
		expect(reader.messages.filter(({ changes }) => changes)).toHaveLength(2);
	});

	test('of one person there are ten at most; the oldest goes and is told why', async () => {
		const all: Reader[] = [];
		for (let n = 0; n < 11; n += 1) all.push(await read());
		await expect.poll(() => all[0]?.over()).toBe(true);
		expect(all[0]?.messages.at(-1)?.bye).toBe('many');
		expect(all.slice(1).filter((one) => one.over())).toEqual([]);
	});

	test('who are many and told the same are told over how long to spread, and counted', async () => {
		const readers = await Promise.all([read(), read(), read()]);
		await expect.poll(() => app.live.hub.streams.size).toBe(3);
		const figure = async () =>
			Number(/^live_missed_total (\d+)$/m.exec(await app.metrics.metrics())?.[1]);
		const before = await figure();
		for (const { messages } of readers) messages.splice(0);
		app.live.hub.missed();
		for (const { messages } of readers)
			await expect
				.poll(() => messages)
				.toContainEqual({ at: expect.any(String), missed: true, within: 60 });
		expect(await figure()).toBe(before + 3);
		app.live.hub.heard({ all: true });
		for (const { messages } of readers)
			await expect
				.poll(() => messages.find(({ changes }) => changes?.some(({ all }) => all)))
				.toMatchObject({ within: 60 });
		app.live.hub.heard({ deals: [[1, [cast.people.anna.id], []]] });
		for (const { messages } of readers)
			await expect
				.poll(() => messages.find(({ changes }) => changes?.some(({ deals }) => deals)))
				.not.toHaveProperty('within');
	});

	test('who reads nothing is cut, and the others are told as ever', async () => {
		const { port } = new URL(origin);
		const socket = connect(Number(port), '127.0.0.1');
		socket.on('error', () => {});
		socket.write(`GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n\r\n`);
		await once(socket, 'readable');
		socket.pause();
		const [stream] = [...app.live.hub.streams].filter(
			(one) => one.audience.id === cast.people.anna.id,
		);
		const long = Array.from({ length: 5_000 }, (_, n) => n + 1_000_000);
		// As much as no socket takes: what is over the limit ends it.
		for (let n = 0; n < 2_000 && stream && app.live.hub.streams.has(stream); n += 1) {
			stream.send({ at: stampAt(0), changes: [{ deals: long }] });
			if (n % 50 === 0) await new Promise(setImmediate);
		}
		await expect.poll(() => stream && app.live.hub.streams.has(stream)).toBe(false);
		const reader = await read();
		await note('остальным');
		await expect.poll(() => reader.changes().length).toBeGreaterThan(0);
		socket.destroy();
	});

	test('whoever may not come in any more is out, and what they see is looked at again', async () => {
		const [boris, vera] = [await cookieOf(database, 'boris'), await cookieOf(database, 'vera')];
		const [his, hers] = [await read('', boris), await read('', vera)];
		await pool.query(`update people set active = false where login = 'boris'`);
		await pool.query(`update people set team_id = 2 where login = 'vera'`);
		await app.live.hub.lookAgain();
		await expect.poll(() => his.over()).toBe(true);
		expect(his.messages.at(-1)?.bye).toBe('out');
		await expect.poll(() => hers.missed()).toBe(2);
		hers.messages.splice(0);
		await note('уже не её команды');
		app.live.hub.heard({ all: true });
		await expect.poll(() => hers.changes().some(({ all }) => all)).toBe(true);
		expect(hers.changes().some(({ deals }) => deals)).toBe(false);
		await pool.query(`update people set active = true where login = 'boris'`);
		await pool.query(`update people set team_id = 1 where login = 'vera'`);
	});

	test('a session that ends is out at once, and only that one', async () => {
		const [ended, other] = [await cookieOf(database, 'gleb'), await cookieOf(database, 'gleb')];
		const [gone, stays, hers] = [await read('', ended), await read('', other), await read()];
		await endAnySession(
			database.db,
			by(cast.people.ada),
			sessionIdOf(ended.replace('session=', '')),
		);
		await expect.poll(() => gone.over()).toBe(true);
		expect(gone.messages.at(-1)?.bye).toBe('out');
		await endSession(database.db, other.replace('session=', ''), { now: NOW });
		await expect.poll(() => stays.over()).toBe(true);
		expect(hers.over()).toBe(false);
		const { rows } = await pool.query(
			`select news_of('[{"type": "password.removed", "data": {"personId": 5}}, {"type": "session.started"}]', 7, null) as news`,
		);
		expect(JSON.parse(rows[0].news)).toEqual({ by: 7, ended: [5] });
	});

	test('whoever signs in anew in a browser, or is parted from no account, ends a stream at once', async () => {
		const [before, parted] = [await cookieOf(database, 'gleb'), await cookieOf(database, 'boris')];
		const [his, other, borises] = [await read('', before), await read(), await read('', parted)];
		const entry = { ...DESK, before: before.replace('session=', '') };
		await signInByName(db, 'vera', entry, NOW);
		await expect.poll(() => his.over()).toBe(true);
		expect(his.messages.at(-1)?.bye).toBe('out');
		expect(borises.over()).toBe(false);
		const { boris, gleb } = cast.people;
		await transact(db, (tx) => unlinkPerson(tx, by(cast.people.ada), boris.id));
		await expect.poll(() => borises.over()).toBe(true);
		expect(other.over()).toBe(false);
		const { rows } = await pool.query(
			`select data->>'why' as why, (data->>'personId')::int as whose from events
			where type = 'session.ended' order by id desc limit 2`,
		);
		expect(rows).toEqual([
			{ why: 'administrator', whose: boris.id },
			{ why: 'again', whose: gleb.id },
		]);
		// One that had run out by itself is not told of.
		const spent = (await signInByName(db, 'vera', DESK, NOW)).secret;
		await pool.query(`update sessions set expires_at = $1 where id = $2`, [
			new Date(NOW.getTime() - 1),
			sessionIdOf(spent),
		]);
		await signInByName(db, 'vera', { ...DESK, before: spent }, NOW);
		const told = await pool.query(`select from events where data->>'why' = 'again'`);
		expect(told.rowCount).toBe(1);
	});

	test('what an open page asks for by itself does not keep a session alive', async () => {
		const seen = async () =>
			(await pool.query('select max(seen_at) as at from sessions')).rows[0].at as Date;
		await pool.query(`update sessions set seen_at = seen_at - interval '10 minutes'`);
		const before = await seen();
		const ask = async (headers: Record<string, string>) =>
			await app.inject({ url: '/board', headers: { cookie, ...headers } });
		expect((await ask({ 'x-background': '1' })).statusCode).toBe(200);
		expect(await seen()).toEqual(before);
		await ask({});
		expect(await seen()).not.toEqual(before);
	});

	test('when the instance ends, streams move first and what was asked is answered', async () => {
		const leaving = await testApp(database);
		const at = await serve(leaving.app);
		const reader = await read('', cookie, at);
		// Without keep-alive: an idle connection of its own is closed by commands/start.ts.
		const asked = once(get(`${at}/board`, { headers: { cookie }, agent: false }), 'response');
		await expect.poll(() => leaving.app.live.hub.streams.size).toBe(1);
		const closed = leaving.app.close();
		const [answer] = (await asked) as [IncomingMessage];
		expect(answer.statusCode).toBe(200);
		answer.resume();
		await expect.poll(() => reader.over()).toBe(true);
		expect(reader.messages.at(-1)?.bye).toBe('move');
		await closed;
	});
});
