import { beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';

/*
 * F01: every write names the version that it started from. Generated from the route table: a new route
 * that changes a deal or an interaction is held to it without anybody thinking of it.
 */
const database = await testDatabase();
const served = await testApp(database);
const changing = served.routes.filter(
	({ config: { changes } }) => changes === 'deal' || changes === 'interaction',
);

let cast: Cast;
let anna: Browser;
let vera: Browser;

beforeAll(async () => {
	cast = await makeCast(database.db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
	await database.pool.query('update deals set version = 7');
	await database.pool.query('update interactions set version = 7');
});

/** Right in everything but the version; every route takes of it what it knows. */
const bodies = (): Record<string, string | number>[] => [
	{ title: 'Другое имя' },
	{ stageId: cast.open[1].id },
	{ stageId: cast.won.id, amount: '1', closedOn: '2026-11-20' },
	{ ownerId: cast.people.vera.id },
	{ personId: cast.people.gleb.id },
	{ product1: 'Печь подовая' },
	{ outcome: 'Договорились' },
	{ to: 'week' },
	{ until: 'hour' },
	{ reason: 'Передумали' },
];

const urlOf = (url: string, changes: string) =>
	url.replace(':id', String(changes === 'deal' ? cast.deals.late : cast.steps.late));

/** Sends every body by every door; those that the route does not know are 400 and are left out. */
async function statuses(
	url: string,
	person: Browser,
	version?: string | number,
): Promise<number[]> {
	const given = version === undefined ? {} : { version };
	const found: number[] = [];
	for (const body of bodies()) {
		const sent = { ...body, ...given };
		const answers = [
			await person.post(url, sent),
			await person.json(url, sent),
			await person.htmx('/board', url, sent),
		].map(({ statusCode }) => statusCode);
		if (!answers.includes(400)) found.push(...answers);
	}
	return found;
}

test('there are routes that change deals and interactions', () => {
	expect(changing.length).toBeGreaterThanOrEqual(6);
});

for (const { method, url, config } of changing) {
	test(`${method} ${url} without a version is refused with 428`, async () => {
		const before = await ledgerOf(database);
		const found = await statuses(urlOf(url, config.changes as string), vera);
		expect(found.length).toBeGreaterThan(0);
		expect(new Set(found)).toEqual(new Set([428]));
		expect(await ledgerOf(database)).toEqual(before);
	});

	test(`${method} ${url} with a stale or an invented version is refused with 409`, async () => {
		const before = await ledgerOf(database);
		for (const version of [6, 8, 999_999_999_999_999]) {
			const found = await statuses(urlOf(url, config.changes as string), vera, version);
			expect(found.length).toBeGreaterThan(0);
			expect(new Set(found)).toEqual(new Set([409]));
		}
		expect(await ledgerOf(database)).toEqual(before);
	});

	test(`${method} ${url} with a version that is none is refused as a bad form`, async () => {
		const before = await ledgerOf(database);
		for (const version of ['x', '-7', '7.0', '7e0', '0', "7'--"]) {
			const found = await statuses(urlOf(url, config.changes as string), anna, version);
			expect(new Set(found), version).toEqual(new Set([422]));
		}
		expect(await ledgerOf(database)).toEqual(before);
	});
}
