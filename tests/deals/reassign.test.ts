import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, type Login, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
const person = {} as Record<'anna' | 'vera' | 'ada' | 'gleb', Browser>;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of ['anna', 'vera', 'ada', 'gleb'] as const)
		person[login] = await signIn(served, login);
});
beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', plan: { plannedOn: '2026-12-01' } })).id;
});

const give = (browser: Browser, to: Login, version = 1) =>
	browser.json(`/deals/${id}/owner`, { ownerId: cast.people[to].id, version });

test('a head gives a deal to a team-mate, its planned steps go along, done ones stay', async () => {
	await pool.query(
		`insert into interactions (deal_id, kind_id, summary, owner_id, status, completed_at)
		values ($1, 1, 'Давно сделано', $2, 'done', now())`,
		[id, cast.people.anna.id],
	);
	expect((await give(person.vera, 'boris')).statusCode).toBe(200);
	const deal = await pool.query('select owner_id, version from deals where id = $1', [id]);
	expect(deal.rows).toEqual([{ owner_id: cast.people.boris.id, version: 2 }]);
	const steps = await pool.query(
		'select owner_id, status from interactions where deal_id = $1 order by id',
		[id],
	);
	expect(steps.rows).toEqual([
		{ owner_id: cast.people.boris.id, status: 'planned' },
		{ owner_id: cast.people.anna.id, status: 'done' },
	]);
	const events = await pool.query(
		`select type, actor_id, data from events where deal_id = $1 order by id desc limit 1`,
		[id],
	);
	expect(events.rows).toEqual([
		{
			...{ type: 'deal.reassigned', actor_id: cast.people.vera.id },
			data: { from: cast.people.anna.id, to: cast.people.boris.id, steps: [expect.any(Number)] },
		},
	]);
	expect((await person.anna.get(`/deals/${id}`)).statusCode).toBe(404);
});

test('a manager gives nothing away, not even to themselves; nobody gives outside their scope', async () => {
	const before = await ledgerOf(database);
	expect((await give(person.anna, 'boris')).statusCode).toBe(403);
	expect((await give(person.anna, 'anna')).statusCode).toBe(403);
	expect((await give(person.vera, 'gleb')).statusCode).toBe(403);
	expect((await give(person.gleb, 'gleb')).statusCode).toBe(404);
	expect(
		(await person.vera.json(`/deals/${id}/owner`, { ownerId: 999_999, version: 1 })).statusCode,
	).toBe(403);
	expect(
		(await person.ada.json(`/deals/${id}/owner`, { ownerId: 999_999, version: 1 })).statusCode,
	).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
	expect((await give(person.ada, 'gleb')).statusCode).toBe(200);
});

test('nobody is given work who does not work here any more', async () => {
	await pool.query(`update people set active = false where login = 'boris'`);
	const before = await ledgerOf(database);
	expect((await give(person.vera, 'boris')).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
	await pool.query(`update people set active = true where login = 'boris'`);
});

test('giving to the owner again changes nothing, a stale version is a conflict', async () => {
	const before = await ledgerOf(database);
	expect((await give(person.vera, 'anna')).statusCode).toBe(200);
	expect((await give(person.vera, 'boris', 5)).statusCode).toBe(409);
	expect(await ledgerOf(database)).toEqual(before);
});

test('of twenty who take the deal over one gets it', async () => {
	const answers = await Promise.all(
		Array.from({ length: 20 }, (_, n) =>
			give(n % 2 ? person.vera : person.ada, n % 2 ? 'vera' : 'boris'),
		),
	);
	const statuses = answers.map(({ statusCode }) => statusCode);
	expect(statuses.filter((status) => status === 200)).toHaveLength(1);
	expect(statuses.filter((status) => status === 409)).toHaveLength(19);
});

test('the menu offers the team to a head and nobody to a manager', async () => {
	const names = async (browser: Browser) => {
		const page = read((await browser.htmx('/board', `/deals/${id}/menu`)).body);
		const select = page.byId('f-ownerId');
		return select
			? page
					.byTag('option', select)
					.map((option) => Number(attribute(option, 'value')))
					.sort()
			: [];
	};
	const { anna, boris, vera } = cast.people;
	expect(await names(person.vera)).toEqual([anna.id, boris.id, vera.id].sort());
	expect(await names(person.anna)).toEqual([]);
});
