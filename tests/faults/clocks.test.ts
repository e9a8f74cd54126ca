import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type Program, startProgram } from '../platform/program.ts';
import { hireCrew, signIn } from './crew.ts';
import { LONG, tell } from './figures.ts';
import { expectKept } from './oracles.ts';
import { openProxy } from './proxy.ts';
import { openBoard, readBoard } from './screens.ts';
import type { Place } from './site.ts';

/*
 * Two instances whose clocks are two minutes apart, on a database whose clock is right.
 */

const MINUTE_MS = 60_000;
const WRITES = LONG ? 600 : 60;
const SHIFTED = `--import=${join(import.meta.dirname, 'other-clock.ts')}`;

const database = await testDatabase(undefined, { clock: 'database' });
const { db, pool } = database;

let cast: Cast;
/** The addresses of the one that is behind and of the one that is ahead. */
let behind: string;
let ahead: string;

const programs: Program[] = [];
afterAll(async () => {
	await Promise.all(programs.map((program) => program.kill('SIGTERM')));
});

beforeAll(async () => {
	cast = await makeCast(db);
	await pool.query(`update people set email = login || '@shop.example'`);
	await makeDeal(db, cast, 'anna', { title: 'Ещё одна' });
	const start = (aheadMs: number) =>
		startProgram('start', {
			lasting: true,
			env: {
				...{ DATABASE_URL: database.url, WORKER: 'off' },
				...{ NODE_OPTIONS: SHIFTED, CLOCK_AHEAD_MS: String(aheadMs) },
			},
		});
	programs.push(start(-MINUTE_MS), start(MINUTE_MS));
	[behind, ahead] = (await Promise.all(programs.map(({ ready }) => ready))) as [string, string];
});

/** Posts a form as a program does. */
async function post(
	address: string,
	cookie: string,
	path: string,
	fields: Record<string, string | number>,
): Promise<void> {
	const body = new URLSearchParams();
	for (const [name, value] of Object.entries(fields)) body.set(name, String(value));
	const headers = { cookie, accept: 'application/json' };
	const answer = await fetch(address + path, { method: 'POST', headers, body });
	expect(answer.status, await answer.text()).toBe(200);
}

test('both clocks are wrong as they are meant to be', async () => {
	const vera = await signIn(behind, 'vera');
	const clockOf = async (address: string) =>
		Number((await readBoard(address, vera)).drawn.split('.').at(-1));
	const apart = (await clockOf(ahead)) - (await clockOf(behind));
	expect(Math.round(apart / MINUTE_MS)).toBe(2);
});

test('what winning wrote over comes back, whichever instance it was won and reopened by', async () => {
	const anna = await signIn(behind, 'anna');
	const { id } = await makeDeal(db, cast, 'anna', { title: 'Дважды выигранная', amount: '1.00' });
	const today = new Date().toISOString().slice(0, 10);
	const change = async (address: string, path: string, fields: Record<string, string | number>) => {
		const { rows } = await pool.query('select version from deals where id = $1', [id]);
		await post(address, anna, `/deals/${id}${path}`, { ...fields, version: rows[0]?.version });
	};
	const priced = async (amount: number) => await change(ahead, '', { amount });
	const moved = async (address: string, stageId: number, ending = {}) =>
		await change(address, '/moves', { stageId, ...ending });
	await priced(1000);
	await moved(ahead, cast.won.id, { amount: 1500, closedOn: today });
	await moved(ahead, cast.open[0].id);
	await priced(2000);
	await moved(behind, cast.won.id, { amount: 2500, closedOn: today });
	await moved(ahead, cast.open[0].id);
	const { rows } = await pool.query('select amount from deals where id = $1', [id]);
	expect(rows).toEqual([{ amount: '2000.00' }]);
});

test('a storm on both: nothing is lost, each history reads forward, and the seconds in a state are those of one clock', {
	timeout: 600_000,
}, async () => {
	const proxy = await openProxy([behind, ahead]);
	await expect.poll(() => proxy.ready.size).toBe(2);
	const place: Place = {
		address: proxy.address,
		ask: async <T>(sql: string, args?: unknown[]) => (await pool.query(sql, args)).rows as T[],
	};
	const [{ id: before }] = (await place.ask<{ id: number }>(
		'select max(id)::int as id from stage_changes',
	)) as [{ id: number }];
	const crew = await hireCrew(place);
	const screens = [await openBoard(behind, crew.anna), await openBoard(ahead, crew.vera)];
	const work = crew.work();
	await crew.untilWritten(WRITES);
	await work.stop();
	expect([...crew.answers.keys()]).toEqual([200]);
	const { acknowledged } = await expectKept(place, crew, screens);
	for (const screen of screens) await screen.close();
	await proxy.close();

	expect(await backward('events')).toEqual([]);
	expect(await backward('stage_changes')).toEqual([]);
	const { rows: stays } = await pool.query<{ told: number; stood: number }>(
		`select told, stood from (
			select id, seconds_in_previous as told,
				floor(extract(epoch from at - lag(at) over (partition by deal_id order by id)))::int as stood
			from stage_changes
		) stays where id > $1 and stood is not null`,
		[before],
	);
	expect(stays.length).toBeGreaterThan(0);
	expect(stays.filter(({ told, stood }) => told !== stood)).toEqual([]);
	const { rows: early } = await pool.query(
		`select id from events where at > clock_timestamp() union all
		select id from stage_changes where at > clock_timestamp()`,
	);
	expect(early).toEqual([]);
	// The move, its event and the deal itself speak of one moment.
	const { rows: apart } = await pool.query(
		`select d.id from deals d join lateral (
			select at from stage_changes where deal_id = d.id order by id desc limit 1
		) c on true join lateral (
			select at from events where deal_id = d.id and type in ('deal.moved', 'deal.won', 'deal.lost', 'deal.reopened')
			order by id desc limit 1
		) e on true where (d.stage_entered_at, e.at) is distinct from (c.at, c.at)`,
	);
	expect(apart).toEqual([]);
	tell('two instances two minutes apart', { written: acknowledged, stays: stays.length });
});

/** Rows about one deal that are earlier than the one written before them. */
async function backward(table: 'events' | 'stage_changes'): Promise<unknown[]> {
	const { rows } = await pool.query(
		`select id, at, before from (
			select id, at, lag(at) over (partition by deal_id order by id) as before from ${table} where deal_id is not null
		) told where at < before`,
	);
	return rows;
}
