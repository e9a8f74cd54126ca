import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type Program, startProgram } from '../platform/program.ts';
import { freePort } from '../ports.ts';
import { hireCrew } from './crew.ts';
import { LONG, tell } from './figures.ts';
import { expectKept } from './oracles.ts';
import { openProxy } from './proxy.ts';
import { openBoard, readBoard } from './screens.ts';
import type { Place } from './site.ts';

const ROUNDS = LONG ? 5 : 1;
const DRAIN_SECONDS = '2';
const READERS = 4;

const database = await testDatabase();

const LIMIT = { timeout: LONG ? 1_800_000 : 600_000 };

test(
	'two instances behind a proxy are restarted one after the other: no request fails, no change is missed',
	LIMIT,
	async () => {
		const cast = await makeCast(database.db);
		await database.pool.query(`update people set email = login || '@shop.example'`);
		await makeDeal(database.db, cast, 'anna', { title: 'Ещё одна' });
		const ports = [String(await freePort()), String(await freePort())];
		const start = (port: string) =>
			startProgram('start', {
				env: { ...{ DATABASE_URL: database.url, WORKER: 'off', DRAIN_SECONDS }, PORT: port },
			});
		const programs: Program[] = ports.map(start);
		const origins = await Promise.all(programs.map(({ ready }) => ready));
		const proxy = await openProxy(origins);
		await expect.poll(() => proxy.ready.size).toBe(2);
		const place: Place = {
			address: proxy.address,
			ask: async <T>(sql: string, args?: unknown[]) =>
				(await database.pool.query(sql, args)).rows as T[],
		};
		const crew = await hireCrew(place);
		const screens = [
			await openBoard(proxy.address, crew.anna),
			await openBoard(proxy.address, crew.vera),
		];

		let [read, over] = [0, false];
		const failed: unknown[] = [];
		const reading = Array.from({ length: READERS }, async () => {
			while (!over) {
				await readBoard(proxy.address, crew.anna).then(
					() => (read += 1),
					(error) => failed.push(error),
				);
				await pause(50);
			}
		});
		const work = crew.work();
		await crew.untilWritten(10);
		for (let round = 0; round < ROUNDS; round += 1)
			for (const [at, port] of ports.entries()) {
				const leaving = programs[at] as Program;
				expect(await leaving.kill('SIGTERM')).toEqual({ code: 0, signal: null });
				expect(proxy.ready.has(origins[at] as string)).toBe(false);
				await crew.untilWritten(5);
				programs[at] = start(port);
				await programs[at].ready;
				await expect.poll(() => proxy.ready.size).toBe(2);
				await crew.untilWritten(5);
			}
		await work.stop();
		over = true;
		await Promise.all(reading);

		expect(failed).toEqual([]);
		expect(crew.failed()).toBe(0);
		expect([...crew.answers.keys()]).toEqual([200]);
		const { acknowledged } = await expectKept(place, crew, screens);
		// Each stream was handed over by the instance that ended under it, and nobody else cut it.
		const cuts = screens.reduce((sum, screen) => sum + screen.cuts(), 0);
		expect(cuts).toBeGreaterThan(0);
		expect(cuts).toBeLessThanOrEqual(screens.length * ROUNDS * 2);
		for (const screen of screens) await screen.close();
		await proxy.close();
		tell('two instances restarted in turn', {
			...{ rounds: ROUNDS, written: acknowledged, read, failed: 0, 'streams moved': cuts },
		});
	},
);
